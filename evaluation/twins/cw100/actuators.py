"""Controllers, valves and the fan of the skid, by outputs and positions."""

from collections.abc import Iterator

from handwheel.sim_plant.cw100.control.loops import MEASURES, TUNING
from handwheel.sim_plant.cw100.state import SkidState

from ..measured import Measured

LOOP_OF = {"TV-202": "TIC-202", "LV-101": "LIC-101"}
_STILL_S = 120.0
_STILL = 0.01  # %, by how much a position that stands may vary
_MOVES = 0.4  # %, by how much an output varies that a valve would follow
_APART = 1.0  # %
_STUCK = 6.0  # %, beyond what a valve that sticks lets pass
_SLIP = 0.02  # usual jump of a valve that sticks
_BAND = 0.05  # its usual stick and dead band
_FAN_STANDS = 0.02


def estimate(s: SkidState, m: Measured) -> Iterator[str]:
    """Sets loops, valves and the fan from measurements, and yields what is taken for granted."""
    s.loops.product_setpoint = m.now("FIC-201.sp")
    for name, loop in s.loops.loops.items():
        tuning = TUNING[name]
        loop.setpoint, loop.mode = m.now(f"{name}.sp"), int(m.now(f"{name}.mode"))
        loop.output = min(max(m.value(f"{name}.op") / 100.0, 0.0), 1.0)
        error = (loop.setpoint - m.value(f"{MEASURES[name]}.pv")) / tuning.span
        loop.integral = loop.output - tuning.gain * (-error if tuning.direct else error)
    for valve in s.valves:
        yield from _valve(s, valve, m)
    yield from _fan(s, m)


def _valve(s: SkidState, name: str, m: Measured) -> Iterator[str]:
    """Sets a valve, which sticks or is stuck where it stands away from a moving output."""
    valve, tag, output = s.valves[name], f"{name}.pos", f"{LOOP_OF[name]}.op"
    valve.repair()
    valve.position = m.value(tag) / 100.0
    moves = _travel(m, output)
    apart = abs(m.value(output) - m.value(tag))
    is_off = moves > _MOVES if name == "LV-101" else apart > _APART  # LIC-101 never rests
    if _travel(m, tag) > _STILL or not (is_off or apart > _STUCK):
        return
    if apart > _STUCK or name == "LV-101":
        valve.is_stuck = True
        yield f"{name} is stuck where it stands."
    else:
        holds = max(_BAND - _SLIP, 2.0 * apart / 100.0 - _SLIP)
        valve.stick(max(_BAND, holds), _SLIP, s.loops.loops[LOOP_OF[name]].output)
        yield f"{name} sticks and will jump; it may as well be stuck."


def _travel(m: Measured, tag: str) -> float:
    found = m.windows.buckets(tag, _STILL_S)
    return max(each.high for each in found) - min(each.low for each in found) if found else 0.0


def _fan(s: SkidState, m: Measured) -> Iterator[str]:
    """Sets the fan's drive to its output, and what its coupling loses."""
    speed = m.value("SC-106.pv") / 100.0
    asked = s.loops.loops["TIC-106"].output
    s.water.fan, s.water.fan_lost = speed, 0.0
    # The drive follows within half a minute, so a fan that lags behind for longer has lost speed.
    behind = m.mean("TIC-106.op", _STILL_S) - m.mean("SC-106.pv", _STILL_S)
    if asked - speed > _FAN_STANDS and behind > 100.0 * _FAN_STANDS:
        s.water.fan, s.water.fan_lost = asked, 1.0 - speed / asked
        yield "The fan loses as much speed as now."
