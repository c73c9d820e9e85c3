"""Basins, by the level against what flows in and out."""

from itertools import pairwise

from ..diagnoser import Inputs, diagnoser
from ..evidence import Measured
from ..windows import BUCKET_S, BucketLists, Windows
from .steadiness import is_steady

_LEAK_S = 600.0
_JUMP_S = 7200.0
_MOVED_K = 2.0  # the return line and the basin lag
_BEYOND = 10.0  # multiple of the full make-up that no flow reaches


@diagnoser(
    needs={
        "level": "%",
        "volume": "m3",
        "make_up": "%",
        "full_make_up": "m3/h",
        "flow": "m3/h",
        "warm": "degC",
        "cold": "degC",
        "losses": "1/K",
    },
    unit="m3/h",
    window_s=_LEAK_S,
    source="mass balance of the basin; evaporation 0.00153 of the flow for each K, CTI",
)
def basin_leak(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the flow that leaves a cooling tower's basin without an explanation.

    It is the make-up less evaporation, blow-down and what the level gains.

    Args:
        inputs: `volume` is that of the basin at 100 %, `make_up` the valve's position with
            `full_make_up` at 100 %, `warm` and `cold` the water's temperatures, `losses` the share
            of the flow that evaporates and is blown down for each K.
    """
    level = inputs["level"]
    slope = windows.slope(level, _LEAK_S)
    means = [windows.mean(inputs[each], _LEAK_S) for each in ("make_up", "flow", "warm", "cold")]
    known = [each for each in means if each is not None]
    if slope is None or len(known) < len(means):
        return None
    if _implausible(windows.bucket_lists(level, _LEAK_S), inputs):
        return None
    if windows.low(level, _LEAK_S) == windows.high(level, _LEAK_S):  # frozen, it says nothing
        return None
    if not is_steady(windows, ((inputs["warm"], _MOVED_K), (inputs["cold"], _MOVED_K)), _LEAK_S):
        return None
    make_up, flow, warm, cold = known
    gained = slope.per_h * inputs["volume"] / 100.0
    lost = inputs["losses"] * flow * (warm - cold)
    return Measured(make_up * inputs["full_make_up"] / 100.0 - lost - gained, flow)


@diagnoser(
    needs={"level": "%", "volume": "m3", "full_make_up": "m3/h"},
    unit="%",
    window_s=_JUMP_S,
    source="a level moves no faster than flows can fill or empty the vessel; own",
)
def level_jump(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns by how much a level has jumped for good, where no flow can have moved it.

    It has no sign. A jump back counts against it. One after the signal stood still is not
    counted, since a transmitter that was mended shows at last what happened meanwhile.

    Args:
        inputs: `volume` is that of the vessel at 100 %, `full_make_up` its largest usual inflow.
    """
    found = windows.bucket_lists(inputs["level"], _JUMP_S)
    if len(found.size) < 2 or max(found.size) == 1:  # one sample has no noise
        return None
    return Measured(abs(sum(_implausible(found, inputs))))


def _implausible(found: BucketLists, inputs: Inputs) -> list[float]:
    """Returns the steps of a level that are larger than any flow explains."""
    per_s = _BEYOND * inputs["full_make_up"] / inputs["volume"] * 100.0 / 3600.0
    least = per_s * BUCKET_S
    steps = [after - each for each, after in pairwise(found.mean)]
    return [
        step
        for n, step in enumerate(steps)
        if abs(step) > least
        and abs(step) > per_s * (found.at_s[n + 1] - found.at_s[n])
        and found.noise[n]
    ]
