"""Cooling towers and their fans."""

from ..diagnoser import Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .steadiness import is_steady

_NOW_S = 60.0
_STEADY_S = 600.0
_MOVED_K = 0.5


@diagnoser(
    needs={"signal": "%", "speed": "%"},
    unit="%",
    window_s=_NOW_S,
    source="own",
)
def fan_deviation(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns by how much a fan turns more slowly than its controller asks.

    Args:
        inputs: `signal` of the controller and `speed` of the fan.
    """
    signal = windows.mean(inputs["signal"], _NOW_S)
    speed = windows.mean(inputs["speed"], _NOW_S)
    if signal is None or speed is None:
        return None
    return Measured(signal - speed, signal)


@diagnoser(
    needs={
        "speed": "%",
        "warm": "degC",
        "cold": "degC",
        "still": "",
        "full": "",
        "exponent": "",
    },
    unit="degC",
    window_s=_STEADY_S,
    source="effectiveness of a cooling tower after Merkel, ASHRAE Handbook, Systems, chapter 40",
)
def wet_bulb(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the wet-bulb temperature at which a tower that is as good as new cools like this.

    The effectiveness of the tower rises from `still` without its fan by `full` at full speed.

    Args:
        inputs: `speed` of the fan, `warm` and `cold` water, and the tower's constants.
    """
    warm, cold = inputs["warm"], inputs["cold"]
    means = [windows.mean(each, _STEADY_S) for each in (inputs["speed"], warm, cold)]
    known = [each for each in means if each is not None]
    if len(known) < len(means):
        return None
    if not is_steady(windows, ((warm, _MOVED_K), (cold, _MOVED_K)), _STEADY_S):
        return None
    speed, hot, cooled = known
    share = max(speed, 0.0) / 100.0
    effectiveness = inputs["still"] + inputs["full"] * share ** inputs["exponent"]
    return Measured(hot - (hot - cooled) / effectiveness, speed)
