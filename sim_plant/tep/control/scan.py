"""Scan of the seventeen control loops, in the order of their dependencies.

Velocity form throughout: `du = Kc (e_k - e_(k-1) + Ts/Ti e_k)`, with e = set point - measurement
and the actual scan interval as Ts. A loop in manual updates its last error, so that the change
to auto is bumpless. A slave in manual takes its measurement as set point, and a ratio station
that does not lead its flow loop follows it, so that the change to cascade is bumpless too.

Source: Ricker, J. Process Control 6 (1996) 205.
"""

from collections.abc import Sequence

from ..process.physics.constants import STEP_S
from .controllers import ControlState, TepLoopState, feed_forward, gas_shares
from .loops import (
    AUTO,
    CASCADE,
    FLOW_LOOPS,
    FULL_PRODUCTION,
    LEADERS,
    MANUAL,
    OVERRIDE,
    OVERRIDE_TUNING,
    SLAVES,
    TUNING,
)

_SCAN_H = STEP_S / 3600.0
_ANALYSIS_STEPS = 360  # the loops on the analysers run every 0.1 h
_ANALYSIS_H = 0.1


def scan(c: ControlState, xmeas: Sequence[float], xmv: list[float], step: int) -> None:
    """Runs all loops once and writes their valves' commands, percent. Other commands stay."""
    loops = c.loops
    _lead_production(c, xmeas[16], _pressure_cut(c, xmeas[6]))
    for name, pv, ratio, law in _LEADERS:
        _lead_ratio(c, loops[name], ratio, xmeas[pv], law)
    _lead_separator(loops, xmeas[7])
    _lead_grade(c, xmeas[39])
    if step % _ANALYSIS_STEPS == 0 and step:
        _lead_gas(c, xmeas, is_first=step == _ANALYSIS_STEPS)
    _feed_forward(c)
    _move_flows(c, xmeas, xmv)
    for name, pv, valve, law in _TEMPERATURES:
        xmv[valve] = _regulate(loops[name], xmeas[pv], law, is_slave=name in SLAVES)


# Gain, Ts/Ti, lower and upper limit of the output
_Law = tuple[float, float, float, float]


def _law(name: str, scan_h: float = _SCAN_H) -> _Law:
    tuning = OVERRIDE_TUNING if name == OVERRIDE else TUNING[name]
    return tuning.gain, scan_h / tuning.reset_h, tuning.low, tuning.high


_PRODUCTION, _LEVEL, _GRADE = _law("PRODUCTION"), _law("LIC-1101"), _law("AIC-G")
_OVERRIDE = _law(OVERRIDE)
_ANALYSED = {name: _law(name, _ANALYSIS_H) for name in ("AIC-A", "AIC-AC")}
_LEADERS = tuple((name, pv - 1, ratio, _law(name)) for name, (pv, ratio) in LEADERS.items())
_FLOWS = tuple(
    (name, flow.xmeas - 1, flow.xmv - 1, flow.ratio, _law(name))
    for name, flow in FLOW_LOOPS.items()
)
_FLOW_OF = {flow.ratio: name for name, flow in FLOW_LOOPS.items()}
_TEMPERATURES = (("TIC-1101", 8, 9, _law("TIC-1101")), ("TIC-1301", 10, 10, _law("TIC-1301")))


def is_led(c: ControlState, ratio: str) -> bool:
    """Returns whether a ratio station passes its master's value on to its flow loop."""
    return c.ratios[ratio].mode == CASCADE and c.loops[_FLOW_OF[ratio]].mode == CASCADE


def _moved(last: float, error: float, before: float, law: _Law) -> float:
    """Returns an output one scan later, within its limits."""
    gain, share, low, high = law
    moved = last + gain * (error - before + share * error)
    if moved < low:
        return low
    if moved > high:
        return high
    return moved


def _regulate(loop: TepLoopState, pv: float, law: _Law, *, is_slave: bool = False) -> float:
    if loop.mode == MANUAL:
        if is_slave:
            loop.setpoint = pv
        loop.error = loop.setpoint - pv
        return loop.output
    error = loop.setpoint - pv
    loop.output = output = _moved(loop.output, error, loop.error, law)
    loop.error = error
    return output


def _ramped(present: float, target: float, rate: float) -> float:
    most = rate * _SCAN_H
    return min(max(target, present - most), present + most)


def _pressure_cut(c: ControlState, pressure: float) -> float:
    """Returns the override's cut of the production set point, m3/h, ramped to 0 when off."""
    loop = c.override
    error = loop.setpoint - pressure
    if loop.mode == AUTO:
        loop.output = _moved(loop.output, error, loop.error, _OVERRIDE)
    elif loop.output > 0.0:
        loop.output = _ramped(loop.output, 0.0, c.production_rate)
    loop.error = error
    return loop.output


def _lead_production(c: ControlState, pv: float, cut: float) -> None:
    loop = c.loops["PRODUCTION"]
    if loop.mode == MANUAL:
        c.production = pv + cut  # so that auto starts from `pv` with any cut
        c.production_trim = loop.output - 100.0 / FULL_PRODUCTION * pv
        loop.error = 0.0
        return
    if c.production != loop.setpoint:
        c.production = _ramped(c.production, loop.setpoint, c.production_rate)
    working = c.production - cut
    error = working - pv
    c.production_trim = _moved(c.production_trim, error, loop.error, _PRODUCTION)
    loop.error = error
    loop.output = 100.0 / FULL_PRODUCTION * working + c.production_trim


def _lead_ratio(c: ControlState, loop: TepLoopState, ratio: str, pv: float, law: _Law) -> None:
    station = c.ratios[ratio]
    error = loop.setpoint - pv
    if loop.mode == AUTO and is_led(c, ratio):
        station.value = _moved(station.value, error, loop.error, law)
    loop.error = error
    loop.output = station.value


def _lead_separator(loops: dict[str, TepLoopState], level: float) -> None:
    loop, slave = loops["LIC-1101"], loops["TIC-1301"]
    if slave.mode == CASCADE:
        slave.setpoint = _regulate(loop, level, _LEVEL)
    else:
        loop.output = slave.setpoint
        loop.error = loop.setpoint - level


def _lead_grade(c: ControlState, pv: float) -> None:
    loop = c.loops["AIC-G"]
    if loop.mode == MANUAL:
        loop.error = c.grade - pv
        return
    if c.grade != loop.setpoint:
        c.grade = _ramped(c.grade, loop.setpoint, c.grade_rate)
    error = c.grade - pv
    loop.output = _moved(loop.output, error, loop.error, _GRADE)
    loop.error = error


def _lead_gas(c: ControlState, xmeas: Sequence[float], *, is_first: bool) -> None:
    share, both = gas_shares(xmeas)
    r1, r4 = c.ratios["RATIO-1"], c.ratios["RATIO-4"]
    total = _analysed(c, "AIC-AC", "RATIO-4", both, r1.value + r4.value, is_first)
    r1.value = _analysed(c, "AIC-A", "RATIO-1", share, r1.value, is_first)
    if is_led(c, "RATIO-4"):
        r4.value = max(0.0, total - r1.value)


def _analysed(
    c: ControlState, name: str, ratio: str, pv: float, last: float, is_first: bool
) -> float:
    loop = c.loops[name]
    error = loop.setpoint - pv
    if is_first:
        loop.error = error
    if loop.mode == AUTO and is_led(c, ratio):
        last = _moved(last, error, loop.error, _ANALYSED[name])
    loop.error = error
    return last


def _feed_forward(c: ControlState) -> None:
    d, e = feed_forward(c.grade)
    index = c.loops["PRODUCTION"].output
    share = c.loops["AIC-G"].output / index if index > 0.0 else 0.0
    for ratio, wanted in (("RATIO-2", d - 32.0 * share), ("RATIO-3", e + 46.0 * share)):
        station = c.ratios[ratio]
        if is_led(c, ratio):
            station.value = wanted + station.bias
        else:
            station.bias = station.value - wanted


def _move_flows(c: ControlState, xmeas: Sequence[float], xmv: list[float]) -> None:
    loops, ratios = c.loops, c.ratios
    index = loops["PRODUCTION"].output
    for name, pv, valve, ratio, law in _FLOWS:
        loop = loops[name]
        if loop.mode == CASCADE:
            loop.setpoint = ratios[ratio].value * index
            xmv[valve] = _regulate(loop, xmeas[pv], law)
        else:
            xmv[valve] = _regulate(loop, xmeas[pv], law, is_slave=True)
            ratios[ratio].value = loop.setpoint / index if index > 0.0 else 0.0
