"""Heat exchangers, by their balance of heat and by their fouling resistance."""

from handwheel.connectors.methods.heat_exchanger import FOULING, fouling, heat_duty

from ..diagnoser import Diagnoser, Inputs, Measure, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .steadiness import is_steady

STEADY_S = 300.0
"""Time for which an exchanger must be steady before its balance means anything."""
MOVED_K = 0.8
"""Movement of an outlet in that time which leaves the balance within 1 %."""
_LEAST_KW = 50.0
_FOULING = "Incropera, Fundamentals of Heat and Mass Transfer, eq. 11.1, 11.14 and 11.15"
_SUSPECTS = ("hot_flow", "cold_flow", "hot_in", "hot_out", "cold_in", "cold_out")
_DATA = tuple(each for each in FOULING.inputs if each not in _SUSPECTS)
_MEASURED = {each: FOULING.inputs[each] for each in _SUSPECTS}
_NEEDS = _MEASURED | dict(FOULING.inputs) | {"cold_heat_capacity": "kJ/m3K"}
_LEAST_FLOW = 0.3  # of the data sheet's flows, below which its films say nothing
_SERIAL = "serial elimination of gross errors, Narasimhan and Jordache, Data Reconciliation, 7.4"


@diagnoser(
    needs={"hot": "kW", "cold": "kW", "hot_out": "degC", "cold_out": "degC", "flow": "m3/h"},
    unit="%",
    window_s=STEADY_S,
    source="steady energy balance, Incropera, Fundamentals of Heat and Mass Transfer, eq. 11.6, "
    "11.7",
)
def heat_balance(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns what the hot side of an exchanger gives off beyond what the cold one takes up.

    It is a share of the hot duty. The outlets lag, so it is unknown while they move.

    Args:
        inputs: `hot` and `cold` are the duties, `hot_out` and `cold_out` the outlets, `flow` that
            of the cold side.
    """
    outlets = ((inputs["hot_out"], MOVED_K), (inputs["cold_out"], MOVED_K))
    hot = windows.mean(inputs["hot"], STEADY_S)
    cold = windows.mean(inputs["cold"], STEADY_S)
    flow = windows.mean(inputs["flow"], STEADY_S)
    if hot is None or cold is None or flow is None or hot < _LEAST_KW:
        return None
    if not is_steady(windows, outlets, STEADY_S):
        return None
    return Measured((hot - cold) / hot * 100.0, flow)


@diagnoser(
    needs={"resistance": "m2K/W", "hot_out": "degC", "cold_out": "degC", "flow": "m3/h"},
    unit="m2K/W",
    window_s=STEADY_S,
    source=_FOULING,
)
def fouling_resistance(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the fouling resistance of an exchanger, which is computed in a steady state.

    Args:
        inputs: `resistance` is the computed tag, `hot_out` and `cold_out` are the outlets, `flow`
            that of the cold side.
    """
    outlets = ((inputs["hot_out"], MOVED_K), (inputs["cold_out"], MOVED_K))
    resistance = windows.mean(inputs["resistance"], STEADY_S)
    flow = windows.mean(inputs["flow"], STEADY_S)
    if resistance is None or flow is None or not is_steady(windows, outlets, STEADY_S):
        return None
    return Measured(resistance, flow)


def _closed_by(suspect: str) -> Diagnoser:
    """Makes the method that corrects one transmitter until both sides carry the same heat."""

    def measure(windows: Windows, inputs: Inputs) -> Measured | None:
        known = _steady_state(windows, inputs)
        resistance = None if known is None else _resistance_without(suspect, known, inputs)
        if known is None or resistance is None:
            return None
        return Measured(resistance, known["cold_flow"])

    measure.__name__ = f"resistance_if_{suspect}_is_off"
    side, _, quantity = suspect.partition("_")
    what = {"flow": "flow", "in": "inlet", "out": "outlet"}[quantity]
    measure.__doc__ = f"Returns the fouling resistance if the {side} {what} is read wrongly."
    method: Measure = measure
    return diagnoser(needs=_NEEDS, unit="m2K/W", window_s=STEADY_S, source=_SERIAL)(method)


@diagnoser(needs=_NEEDS, unit="m2K/W", window_s=STEADY_S, source=_SERIAL)
def least_resistance(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the fouling resistance that is left whichever transmitter is wrong, but one only.

    Args:
        inputs: Flows and temperatures, with the data sheet of the exchanger.
    """
    known = _steady_state(windows, inputs)
    if known is None:
        return None
    found = [_resistance_without(each, known, inputs) for each in _SUSPECTS]
    possible = [each for each in found if each is not None]
    return Measured(min(possible), known["cold_flow"]) if possible else None


def _steady_state(windows: Windows, inputs: Inputs) -> dict[str, float] | None:
    """Returns the means of flows and temperatures, `None` unless much heat flows steadily.

    A plant without flow, as after a trip, tells nothing of its exchanger.
    """
    outlets = ((inputs["hot_out"], MOVED_K), (inputs["cold_out"], MOVED_K))
    if not is_steady(windows, outlets, STEADY_S):
        return None
    values = {each: windows.mean(inputs[each], STEADY_S) for each in _SUSPECTS}
    known = {name: each for name, each in values.items() if each is not None}
    if len(known) < len(values):
        return None
    hot, cold = (known[f"{side}_flow"] / inputs[f"{side}_film_flow"] for side in ("hot", "cold"))
    is_flowing = min(hot, cold) >= _LEAST_FLOW and min(_duties(known, inputs)) > 0.0
    return known if is_flowing else None


def _resistance_without(suspect: str, known: dict[str, float], inputs: Inputs) -> float | None:
    """Returns the fouling resistance if one transmitter reads what closes the balance."""
    hot, cold = _duties(known, inputs)
    corrected = known | {suspect: _corrected(known, cold / hot, suspect)}
    return fouling(**corrected, **{name: inputs[name] for name in _DATA})


def _duties(known: dict[str, float], inputs: Inputs) -> tuple[float, float]:
    """Returns the heat of the hot and of the cold side."""
    hot, cold = (
        heat_duty(
            flow=known[f"{side}_flow"],
            warm=known[f"{side}_{warm}"],
            cold=known[f"{side}_{cold}"],
            heat_capacity=inputs[f"{side}_heat_capacity"],
        )
        for side, warm, cold in (("hot", "in", "out"), ("cold", "out", "in"))
    )
    return hot, cold


def _corrected(known: dict[str, float], share: float, suspect: str) -> float:
    """Returns what a transmitter should read if all others are right.

    Args:
        share: Heat of the cold side as a share of that of the hot one.
    """
    hot_range, cold_range = known["hot_in"] - known["hot_out"], known["cold_out"] - known["cold_in"]
    match suspect:
        case "hot_flow":
            return known["hot_flow"] * share
        case "cold_flow":
            return known["cold_flow"] / share
        case "hot_in":
            return known["hot_out"] + hot_range * share
        case "hot_out":
            return known["hot_in"] - hot_range * share
        case "cold_out":
            return known["cold_in"] + cold_range / share
        case _:
            return known["cold_out"] - cold_range / share


resistance_if_hot_flow_is_off = _closed_by("hot_flow")
resistance_if_cold_flow_is_off = _closed_by("cold_flow")
resistance_if_hot_in_is_off = _closed_by("hot_in")
resistance_if_hot_out_is_off = _closed_by("hot_out")
resistance_if_cold_in_is_off = _closed_by("cold_in")
resistance_if_cold_out_is_off = _closed_by("cold_out")
