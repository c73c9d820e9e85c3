"""Trends and the time that they leave to a limit."""

from math import log

from ..diagnoser import ANY_UNIT, Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .blocks import block_rows

_WINDOW_S = 3600.0
_LONG_S = 10800.0
_SWING_S = 32400.0
_SWING_BLOCK_S = 1080.0
_LONGEST_H = 1000.0  # what is given for a value that does not move towards its limit
_NOW_S = 120.0


@diagnoser(
    needs={"value": ANY_UNIT, "limit": ANY_UNIT, "floor": ANY_UNIT, "errors": ""},
    unit="h",
    window_s=_WINDOW_S,
    source="exponential growth of damage, Gebraeel et al. 2005, eq. 1; least squares",
)
def time_to_limit(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the time in which a value that grows exponentially reaches its limit.

    Args:
        inputs: `value`, `limit`, the healthy `floor` above which it grows, and by how many
            standard `errors` the slope is taken larger: 2 for the earliest time, -2 for the
            latest, 0 for the most probable.
    """
    value, floor = inputs["value"], inputs["floor"]
    slope, mean = windows.slope(value, _WINDOW_S), windows.mean(value, _WINDOW_S)
    now = windows.mean(value, _NOW_S)
    if slope is None or mean is None or now is None:
        return None
    if now >= inputs["limit"]:
        return Measured(0.0, now)
    growth = slope.per_h + inputs["errors"] * slope.error_per_h
    if min(now, mean) <= floor or growth <= 0.0:
        return Measured(_LONGEST_H, now)
    left = log((inputs["limit"] - floor) / (now - floor))
    return Measured(min(left * (mean - floor) / growth, _LONGEST_H), now)


@diagnoser(
    needs={"value": ANY_UNIT, "cause": ANY_UNIT, "gain": ""},
    window_s=_LONG_S,
    source="own",
)
def spread_beyond(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the standard deviation of a value beyond what its cause explains, in its unit.

    Args:
        inputs: `value`, its `cause`, and the largest `gain` from that to the value.
    """
    value = windows.spread(inputs["value"], _LONG_S)
    cause = windows.spread(inputs["cause"], _LONG_S)
    if value is None or cause is None:
        return None
    return Measured(value - inputs["gain"] * cause)


@diagnoser(
    needs={"value": ANY_UNIT, "target": ANY_UNIT},
    window_s=_SWING_S,
    source="own",
)
def swing_about(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns how far a value went to both sides of its target in nine hours, in its unit.

    Args:
        inputs: `value` and `target`.
    """
    rows = block_rows(windows, [inputs["value"], inputs["target"]], _SWING_S, _SWING_BLOCK_S)
    if not rows:
        return None
    apart = [value - target for value, target in rows]
    return Measured(max(min(max(apart), -min(apart)), 0.0))
