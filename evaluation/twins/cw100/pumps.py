"""Pumps of the skid, by head curve, shaft power and suction."""

from collections.abc import Iterator, Mapping, Sequence
from math import exp, sqrt
from typing import NamedTuple

from handwheel.sim_plant.cw100.process import constants as k
from handwheel.sim_plant.cw100.process import pump as model
from handwheel.sim_plant.cw100.process.pump import PumpState
from handwheel.sim_plant.cw100.state import PUMPS, SkidState

from ..measured import Measured
from . import bearing
from .bearing import STEADIEST

LEAST_FLOW = 5.0
"""Flow below which balances and curves say nothing, m3/h."""
_LEAST_BACK = 1.0  # m3/h; less is within what the shaft power can tell
_EQUAL_SPEED = 0.01
_CAVITATES = 0.995  # head factor of the model below which a lack of head is no wear
_ARMED_S = 60.0  # for which I-03 looks back
_STEADY_S = 120.0


class _Duty(NamedTuple):
    """Operating point of the pumps that run, from means over one and the same time."""

    lift: float
    available: float  # net positive suction head
    flow: float
    strainer: float  # its loss, m
    speeds: Mapping[str, float]
    current: float  # of the duty pump


def estimate(s: SkidState, m: Measured) -> Iterator[str]:
    """Sets pumps, flow and strainer from measurements, and yields what is taken for granted."""
    for name, each in s.pumps.items():
        _read(each, name, m)
    running = [name for name in PUMPS if s.pumps[name].is_running]
    duty = _duty(running, m)
    s.flow, s.lift, s.header_m = duty.flow, duty.lift, m.value("PT-102.pv") / k.KPA_PER_M
    if duty.flow < LEAST_FLOW:
        yield "Strainer, pumps and non-return valves are sound, since no water flows."
    else:
        plug = duty.strainer / (k.CLEAN_STRAINER * duty.flow**2)
        s.strainer_plug = min(max(plug, 0.0), k.MOST_PLUG)
    s.passing = _passing(duty) if running == [PUMPS[0]] else 0.0
    own = _own_flow(s, running, duty)
    if own is None and running:
        yield "The pumps that run have the head of new ones, since they are not steady."
    for name in running:
        if own is not None:
            _set_head(s.pumps[name], duty.speeds[name], own, duty)
    for name in PUMPS:
        is_cavitating = s.pumps[name].head_factor < _CAVITATES
        back = s.passing * sqrt(max(duty.lift, 0.0))
        yield from bearing.estimate(s.pumps[name], name, m, back, is_cavitating=is_cavitating)
    if len(running) < len(PUMPS):
        yield "A pump that stands starts when it is commanded, and has the head of a new one."


def _read(each: PumpState, name: str, m: Measured) -> None:
    side = name[-1]
    each.speed = m.position(f"{name}.speed", STEADIEST) / 100.0
    each.run_command = bool(m.now(f"{name}.run_cmd"))
    each.mode = int(m.now(f"{name}.mode"))
    each.trip_cause = int(m.now(f"{name}.trip_cause"))
    each.has_electrical_fault = each.trip_cause == model.ELECTRICAL
    each.is_start_blocked = each.trip_cause == model.START_FAILURE
    each.run_time_s = m.now(f"{name}.run_time")
    each.starts = int(m.now(f"{name}.starts"))
    each.current_a = m.value(f"IT-101{side}.pv")
    each.vibration = m.value(f"VT-101{side}.pv")
    each.bearing_c = m.value(f"TT-111{side}.pv")
    idle_s = m.since(f"{name}.run_cmd", _ARMED_S)
    each.since_command_s = idle_s if 0.0 < idle_s < _ARMED_S else 1e9


def _duty(running: Sequence[str], m: Measured) -> _Duty:
    is_steady = all(_is_steady(name, m) for name in running)

    def now(tag: str) -> float:
        return m.mean(tag, _STEADY_S) if is_steady else m.value(tag)

    level = now("LT-101.pv") / 100.0 * k.BASIN_HEIGHT_M
    strainer = now("PDT-101.pv") / k.KPA_PER_M
    suction = level - strainer
    starved = max(0.0, (0.30 - level) / 0.30)
    return _Duty(
        now("PT-102.pv") / k.KPA_PER_M - suction,
        k.SUCTION_M + suction - 20.0 * starved,
        now("FT-103.pv"),
        strainer,
        {name: now(f"{name}.speed") / 100.0 for name in running},
        now("IT-101A.pv"),
    )


def _is_steady(name: str, m: Measured) -> bool:
    tag = f"{name}.speed"
    low, high = m.windows.low(tag, _STEADY_S), m.windows.high(tag, _STEADY_S)
    return low is not None and high is not None and high - low < STEADIEST


def _passing(duty: _Duty) -> float:
    """Returns the backflow through the standby, by what the duty pump moves beyond the meter.

    Its own flow follows from its shaft power, whose efficiency is a parabola about the best flow.
    """
    speed = duty.speeds[PUMPS[0]]
    shaft_kw = duty.current / k.AMPERE_PER_KW - 0.4 * speed**3
    best = k.RATED_FLOW * speed
    at_best = k.KPA_PER_M * duty.lift * best / 3600.0 / 0.75
    if shaft_kw <= 0.0 or duty.lift <= 0.0 or duty.flow < LEAST_FLOW:
        return 0.0
    back = best * (2.0 - at_best / shaft_kw) - duty.flow
    return back / sqrt(duty.lift) if back > _LEAST_BACK else 0.0


def _own_flow(s: SkidState, running: Sequence[str], duty: _Duty) -> float | None:
    """Returns the flow of each running pump, `None` where it cannot be told."""
    if not running or duty.flow < LEAST_FLOW:
        return None
    speeds = duty.speeds.values()
    if max(speeds) - min(speeds) > _EQUAL_SPEED:
        return None
    return (duty.flow + s.passing * sqrt(max(duty.lift, 0.0))) / len(running)


def _set_head(each: PumpState, speed: float, own: float, duty: _Duty) -> None:
    """Splits the head that the pump lacks between cavitation and wear."""
    given = (duty.lift + k.PUMP_CURVE * own * own) / (k.SHUTOFF_HEAD_M * speed * speed)
    relative = own / k.RATED_FLOW
    margin = duty.available - 1.5 * (1.0 + relative * relative)
    expected = min(max(1.0 - 0.03 * exp(min(-2.2 * margin, 50.0)), 0.3), 1.0)
    if expected < _CAVITATES:
        each.head_factor, each.impeller = min(max(given, 0.3), 1.0), 1.0
    else:
        each.head_factor, each.impeller = expected, min(max(given / expected, 0.1), 1.0)
