"""Methods of centrifugal pumps, by head, power, suction, vibration and temperature.

A pump's own flow comes from its shaft power, because neither water that runs back elsewhere nor a
worn impeller changes it. Heads are metres of the liquid, flows m3/h, speeds fractions of full.
"""

from collections.abc import Callable
from typing import NamedTuple

from ..diagnoser import Diagnoser, Inputs, Measure, diagnoser
from ..evidence import Measured
from ..windows import Windows

_WINDOW_S = 120.0
_BEARING_S = 2700.0  # the bearing's temperature follows the speed by some ten minutes
_STEADIEST = 1.0  # spread of the speed, %, up to which the pump counts as steady
_SLOWEST = 20.0  # %, below which the curve says little
_GRAVITY = 9.81
_DENSITY = 998.0  # kg/m3, water
_SOURCE = "affinity laws and shaft power, White, Fluid Mechanics, 11.3 and 11.5"

_DUTY = {
    "running": "", "speed": "%", "current": "A", "pressure": "kPa", "level": "%", "loss": "kPa",
}  # fmt: skip
_SHEET = {
    "span": "m", "kw_per_a": "kW/A", "rated_flow": "m3/h", "efficiency": "", "idle": "kW",
    "density": "kg/m3",
}  # fmt: skip
_CURVE = {"shutoff": "m", "drop": "m"}


class _Duty(NamedTuple):
    """Mean operating point of a pump that runs steadily."""

    speed: float
    suction: float  # head
    lift: float  # head that the pump adds
    flow: float  # its own, by its shaft power


def _duty(windows: Windows, inputs: Inputs) -> _Duty | None:
    """Returns the duty of a pump, or `None` unless it has run steadily through the window.

    Efficiency is a parabola with its best value at the rated flow, which the affinity laws move
    with the speed, so that the flow follows from power and lift in closed form.
    """
    speed = _steady_speed(windows, inputs)
    current = windows.mean(inputs["current"], _WINDOW_S)
    pressure = windows.mean(inputs["pressure"], _WINDOW_S)
    level = windows.mean(inputs["level"], _WINDOW_S)
    loss = windows.mean(inputs["loss"], _WINDOW_S)
    if speed is None or current is None or pressure is None or level is None or loss is None:
        return None
    kpa_per_m = inputs.get("density", _DENSITY) * _GRAVITY / 1000.0
    suction = level / 100.0 * inputs["span"] - loss / kpa_per_m
    lift = pressure / kpa_per_m - suction
    shaft = inputs["kw_per_a"] * current - inputs["idle"] * speed**3
    if shaft <= 0.0 or lift <= 0.0:
        return None
    best_flow = inputs["rated_flow"] * speed
    at_best = kpa_per_m * lift * best_flow / 3600.0 / inputs["efficiency"]
    return _Duty(speed, suction, lift, max(best_flow * (2.0 - at_best / shaft), 0.0))


def _steady_speed(windows: Windows, inputs: Inputs) -> float | None:
    """Returns the mean speed as a fraction, if the pump has run steadily through the window."""
    if windows.low(inputs["running"], _WINDOW_S) != 1.0:
        return None
    speed = windows.mean(inputs["speed"], _WINDOW_S)
    spread = windows.spread(inputs["speed"], _WINDOW_S)
    if speed is None or spread is None or spread > _STEADIEST or speed < _SLOWEST:
        return None
    return speed / 100.0


def _stands(windows: Windows, tag: str) -> bool:
    """Whether a pump has stood through the window."""
    return windows.high(tag, _WINDOW_S) == 0.0


def _head_lost(duty: _Duty, flow: float, inputs: Inputs) -> Measured:
    """Returns the share of the shut-off head that is missing at a flow."""
    at_shutoff = inputs["shutoff"] * duty.speed**2
    given = duty.lift + inputs["drop"] * (flow / inputs["rated_flow"]) ** 2
    return Measured(1.0 - given / at_shutoff, flow)


def _of_duty(
    needs: dict[str, str], unit: str = "", source: str = _SOURCE
) -> Callable[[Measure], Diagnoser]:
    """Makes a method that needs the duty of a pump, and these inputs with it."""
    return diagnoser(
        needs=_DUTY | _SHEET | needs, unit=unit, window_s=_WINDOW_S, source=source,
        optional=frozenset({"density"}),
    )  # fmt: skip


@_of_duty(_CURVE)
def head_lost(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the share of its head that a pump has lost, at its own flow by its power.

    Args:
        inputs: The tags of the pump, of the pressure and level at its two sides and of the loss of
            its suction line, with the data sheet: `shutoff` head, its `drop` to the rated flow, the
            best `efficiency`, shaft power `kw_per_a` and `idle`, and the `span` of the level.
    """
    duty = _duty(windows, inputs)
    return None if duty is None else _head_lost(duty, duty.flow, inputs)


@_of_duty(_CURVE | {"flow": "m3/h", "peer": ""})
def head_below_curve(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the share of its head that is missing at the metered flow, while its peer stands.

    Args:
        inputs: As for `head_lost`, with the metered `flow` and whether the `peer` runs.
    """
    duty, flow = _duty(windows, inputs), windows.mean(inputs["flow"], _WINDOW_S)
    if duty is None or flow is None or not _stands(windows, inputs["peer"]):
        return None
    return _head_lost(duty, flow, inputs)


@_of_duty({"flow": "m3/h", "peer": ""}, unit="m3/h")
def flow_back(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns how much more a pump moves by its power than is metered, while its peer stands.

    Args:
        inputs: As for `head_below_curve`, without the curve.
    """
    duty, flow = _duty(windows, inputs), windows.mean(inputs["flow"], _WINDOW_S)
    if duty is None or flow is None or not _stands(windows, inputs["peer"]):
        return None
    return Measured(duty.flow - flow, flow)


@_of_duty(
    {"atmosphere": "m", "required": "m"}, unit="m", source="net positive suction head, ISO 9906"
)
def suction_margin(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the net positive suction head that is left, below zero while the pump cavitates.

    Args:
        inputs: As for `head_lost`, with `atmosphere` less vapour pressure, and the head that is
            `required` at no flow, which is twice as much at the rated flow.
    """
    duty = _duty(windows, inputs)
    if duty is None:
        return None
    required = inputs["required"] * (1.0 + (duty.flow / inputs["rated_flow"]) ** 2)
    return Measured(inputs["atmosphere"] + duty.suction - required, duty.flow)


@diagnoser(
    needs={"pressure": "kPa", "usual": "kPa"},
    unit="kPa",
    window_s=_WINDOW_S,
    source="vapour that collapses makes the pressure noisy, White, Fluid Mechanics, 11.3",
)
def delivery_noise(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns by how much a sample of the delivery pressure scatters more than usual.

    Args:
        inputs: `pressure`, and the `usual` standard deviation of a sample.
    """
    noise = windows.noise(inputs["pressure"], _WINDOW_S)
    return None if noise is None else Measured(noise - inputs["usual"])


@_of_duty(
    {"vibration": "mm/s", "at_speed": "mm/s", "off_flow": "mm/s"},
    unit="mm/s",
    source="vibration goes with the square of speed and of the distance to the best flow, own",
)
def vibration_excess(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the vibration that neither the speed nor the flow of the pump explains.

    Args:
        inputs: As for `head_lost`, with the `vibration`, the healthy one `at_speed`, at full speed
            and the best flow, and what is added `off_flow`, at no flow.
    """
    duty, vibration = _duty(windows, inputs), windows.mean(inputs["vibration"], _WINDOW_S)
    if duty is None or vibration is None:
        return None
    off = duty.flow / (inputs["rated_flow"] * duty.speed) - 1.0
    usual = inputs["at_speed"] * duty.speed**2 + inputs["off_flow"] * off * off
    return Measured(vibration - usual, duty.flow)


@diagnoser(
    needs={"running": "", "speed": "%", "temperature": "degC", "ambient": "degC", "rise": "K"},
    unit="K",
    window_s=_BEARING_S,
    source="friction heat of a bearing goes with its speed, own",
)
def bearing_heat(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns by how much a bearing is warmer than its speed explains.

    Args:
        inputs: `running`, `speed` and `temperature` of the bearing, the `ambient` temperature, and
            its healthy `rise` at full speed.
    """
    if windows.low(inputs["running"], _BEARING_S) != 1.0:
        return None
    speed = windows.mean(inputs["speed"], _BEARING_S / 3.0)
    temperature = windows.mean(inputs["temperature"], _WINDOW_S)
    if speed is None or temperature is None:
        return None
    usual = inputs["ambient"] + inputs["rise"] * speed / 100.0
    return Measured(temperature - usual, speed)
