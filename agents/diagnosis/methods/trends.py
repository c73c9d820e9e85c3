"""Trends and the time that they leave to a limit."""

from math import log

from ..diagnoser import ANY_UNIT, Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows

_WINDOW_S = 3600.0
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
        windows: Of the value.
        inputs: `value`, `limit`, the healthy `floor` above which it grows, and by how many
            standard `errors` the slope is taken larger: 2 for the earliest time, -2 for the
            latest, 0 for the most probable.
    """
    slope = windows.slope(inputs["value"], _WINDOW_S)
    now = windows.mean(inputs["value"], _NOW_S)
    if slope is None or now is None:
        return None
    above, left = now - inputs["floor"], inputs["limit"] - inputs["floor"]
    if above >= left:
        return Measured(0.0, now)
    rate = slope.per_h + inputs["errors"] * slope.error_per_h
    if above <= 0.0 or rate <= 0.0:
        return Measured(_LONGEST_H, now)
    return Measured(min(log(left / above) * above / rate, _LONGEST_H), now)
