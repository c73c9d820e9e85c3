"""Twin of the exothermic stirred tank, by its balances of reactant and heat.

The usual operating point is unstable: in manual a deviation grows e-fold within 21 s, so that what
nobody can measure decides whether the tank runs away or goes out. The twin runs from both ends of
what temperature and cooling may be as well, and tells that it knows no course where they end apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.twin import Course, Estimate, Move, TwinError
from handwheel.sim_plant.cstr import reaction as r
from handwheel.sim_plant.cstr.plant import TUNING, ReactorState, StirredTank
from handwheel.sim_plant.cstr.tags import SENSORS, TAGS

from .alarms import read_alarms
from .measured import Measured, NotMeasured
from .residuals import residuals_of
from .run_ahead import restored, run_ahead

_WINDOW_S = 60.0
_STEADY_S = 300.0
_SETTLE_S = 120.0
_STEADY = (("TT-101.pv", 0.5), ("AT-101.pv", 0.01), ("TT-102.pv", 1.0), ("FT-101.pv", 1.0))
_COMPARED = tuple(f"{each.name}.pv" for each in SENSORS)
_SPREADS = 2.0  # standard errors on either side
_LEAST_K = 0.01
_APART_K = 5.0
_MOVING_K = 3.0
_LEAST_FLOW = 1.0  # l/min
_TEMPERATURE, _COOLING = "TT-101.pv", "TIC-101.op"


class StirredTankTwin:
    """The twin. Bad readings give no estimate."""

    tags: Sequence[str] = tuple(each.name for each in TAGS)

    def estimate(self, windows: Windows) -> Estimate | None:
        """Returns the state now, with how well the temperature is known. See `Twin.estimate`."""
        measured = Measured(windows)
        try:
            plant = StirredTank(None)
            assumed = ["Feed and heat transfer stay as they are.", *_set(plant.state, measured)]
            plant.state.alarms = read_alarms(plant.alarms, measured)
            state = {**plant.snapshot(), "error": _errors(windows)}
            found = residuals_of(plant, measured, _STEADY, _STEADY_S, _COMPARED, _SETTLE_S)
        except NotMeasured:
            return None
        return Estimate(windows.now_s, state, found, assumed)

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        """Returns the course from a state on. See `Twin.predict`.

        Raises `TwinError` also where the course depends on less than can be measured.
        """
        course, *others = (
            run_ahead(_shifted(state, share), moves, horizon_s) for share in (0.0, -1.0, 1.0)
        )
        for other in others:
            _check_together(course, other)
        return course


def _errors(windows: Windows) -> dict[str, float]:
    """Returns how well the mean temperature is known, and how far the cooling scatters.

    Whoever takes the loop to manual holds the cooling at any value within its scatter.
    """
    noise_k = windows.noise(_TEMPERATURE, _WINDOW_S) or 0.0
    noise_percent = windows.noise(_COOLING, _WINDOW_S) or 0.0
    return {
        "kelvin": max(_SPREADS * noise_k / sqrt(_WINDOW_S), _LEAST_K),
        "cooling": _SPREADS * noise_percent / 100.0,
    }


def _shifted(state: Mapping[str, Any], share: float) -> StirredTank:
    """Returns the model this share of its errors warmer and less cooled."""
    plant, errors = restored(StirredTank(None), state), state["error"]
    s = plant.state
    s.reactor[1] += share * errors["kelvin"]
    cooling = min(max(s.loop.output - share * errors["cooling"], 0.0), 1.0)
    s.loop.integral += cooling - s.loop.output
    s.loop.output = cooling
    return plant


def _check_together(course: Course, other: Course) -> None:
    ends = [each.series[_TEMPERATURE][-1] for each in (course, other)]
    if abs(ends[0] - ends[1]) > _APART_K or (course.trip is None) != (other.trip is None):
        raise TwinError(
            "the course is not known: the tank is unstable, and less than can be measured decides "
            f"between {min(ends):.0f} K and {max(ends):.0f} K at the end"
        )


def _set(s: ReactorState, m: Measured) -> Iterator[str]:
    s.reactor = [m.value("AT-101.pv"), m.value(_TEMPERATURE), m.value("TT-102.pv")]
    s.feed, s.feed_k = m.now("FIC-101.sp"), m.value("TT-103.pv")
    s.is_tripped = bool(m.now("I-101.active"))
    loop = s.loop
    loop.setpoint, loop.mode = m.now("TIC-101.sp"), int(m.now("TIC-101.mode"))
    loop.output = min(max(m.mean(_COOLING, _WINDOW_S) / 100.0, 0.0), 1.0)
    error = (loop.setpoint - m.mean(_TEMPERATURE, _WINDOW_S)) / TUNING.span
    loop.integral = loop.output + TUNING.gain * error
    for name, value in zip((each.name for each in SENSORS), _shown(s, m), strict=True):
        s.sensors[name].value = value
    yield from _set_balances(s, m)


def _shown(s: ReactorState, m: Measured) -> tuple[float, ...]:
    concentration, temperature, coolant = s.reactor
    return temperature, concentration, coolant, s.feed_k, m.value("FT-101.pv")


def _set_balances(s: ReactorState, m: Measured) -> Iterator[str]:
    """Sets the concentration of the feed and the lost heat transfer."""
    concentration, temperature = m.mean("AT-101.pv", _WINDOW_S), m.mean(_TEMPERATURE, _WINDOW_S)
    flow, coolant = m.mean("FT-101.pv", _WINDOW_S), m.mean("TT-102.pv", _WINDOW_S)
    if s.is_tripped or abs(s.reactor[1] - temperature) > _MOVING_K:
        yield "Feed and heat transfer are usual, since the tank moves too fast to tell."
        return
    reacted = r.rate_constant(temperature) * concentration
    if flow < _LEAST_FLOW:
        yield "The feed has its usual concentration, since none comes."
    else:
        change = m.slope("AT-101.pv", _WINDOW_S) * 60.0
        fed = concentration + r.VOLUME / flow * (change + reacted)
        s.feed_concentration = max(fed, 0.0)
    if temperature - coolant < _APART_K:
        yield "The heat transfer is whole, since no heat flows that would tell."
        return
    warming = r.HEAT_CAPACITY * m.slope(_TEMPERATURE, _WINDOW_S) * 60.0
    per_l = r.HEAT_CAPACITY / r.VOLUME
    fed_heat = flow * per_l * (m.mean("TT-103.pv", _WINDOW_S) - temperature)
    heat = fed_heat + r.HEAT_OF_REACTION * r.VOLUME * reacted - warming
    transfer = heat / (temperature - coolant)
    s.cooling_lost = min(max(1.0 - transfer / r.TRANSFER, 0.0), 1.0)
