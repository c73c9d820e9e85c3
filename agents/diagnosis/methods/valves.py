"""Control valves, by their position against the signal of their controller."""

from ..diagnoser import Inputs, diagnoser
from ..evidence import Measured
from ..windows import Windows
from .steadiness import BLOCK_S

_NOW_S = 120.0
_FOLLOWS_S = 600.0
_BAND_S = 3600.0
_JUMP_S = 7200.0
_STOOD = 6  # buckets for which a position stands before a jump
_JUMPED = 2  # buckets in which the jump is over
_STANDS = 0.1  # share of a jump within which a position counts as standing
_NEEDS = {"signal": "%", "position": "%"}


@diagnoser(
    needs=_NEEDS,
    unit="%",
    window_s=_NOW_S,
    source="ANSI/ISA-75.25.01, control valve response; own",
)
def valve_deviation(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the distance of a valve from the signal of its controller, without its sign.

    Args:
        windows: Of both.
        inputs: `signal` of the controller and `position` of the valve.
    """
    signal = windows.mean(inputs["signal"], _NOW_S)
    position = windows.mean(inputs["position"], _NOW_S)
    if signal is None or position is None:
        return None
    return Measured(abs(signal - position), position)


@diagnoser(
    needs=_NEEDS,
    unit="%",
    window_s=_BAND_S,
    source="stick band plus dead band, He, Wang, Pottmann and Qin, Ind. Eng. Chem. Res. 46 (2007)",
)
def valve_band(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the largest distance of a valve from its signal in the last hour.

    Args:
        windows: Of both.
        inputs: `signal` of the controller and `position` of the valve.
    """
    signals = {each.at_s: each.mean for each in windows.buckets(inputs["signal"], _BAND_S)}
    apart = [
        signals[each.at_s] - each.mean
        for each in windows.buckets(inputs["position"], _BAND_S)
        if each.at_s in signals
    ]
    size = int(BLOCK_S / 10.0)
    blocks = [apart[n : n + size] for n in range(0, len(apart) - size + 1, size)]
    if not blocks:
        return None
    return Measured(max(abs(sum(each) / size) for each in blocks))


@diagnoser(
    needs=_NEEDS | {"least": "%"},
    unit="",
    window_s=_FOLLOWS_S,
    source="ANSI/ISA-75.25.01, control valve response; own",
)
def valve_following(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the share of its signal's movement that a valve follows, 0 if it stands.

    Args:
        windows: Of both.
        inputs: `signal` of the controller, `position` of the valve, and `least`, the standard
            deviation of the signal from which it is asked to move.
    """
    signal = windows.spread(inputs["signal"], _FOLLOWS_S)
    position = windows.spread(inputs["position"], _FOLLOWS_S)
    if signal is None or position is None or signal < inputs["least"]:
        return None
    return Measured(position / signal)


@diagnoser(
    needs=_NEEDS,
    unit="%",
    window_s=_JUMP_S,
    source="slip jump, He, Wang, Pottmann and Qin, Ind. Eng. Chem. Res. 46 (2007)",
)
def valve_jump(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the largest jump of a valve that stood before it, beyond that of its signal.

    Args:
        windows: Of both.
        inputs: `signal` of the controller and `position` of the valve.
    """
    signals = {each.at_s: each.mean for each in windows.buckets(inputs["signal"], _JUMP_S)}
    found = [
        (each.mean, signals[each.at_s])
        for each in windows.buckets(inputs["position"], _JUMP_S)
        if each.at_s in signals
    ]
    if len(found) < _STOOD + _JUMPED:
        return None
    return Measured(_largest_jump(found))


def _largest_jump(found: list[tuple[float, float]]) -> float:
    largest = 0.0
    pairs = zip(found[_STOOD - 1 :], found[_STOOD - 1 + _JUMPED :], strict=False)
    for n, ((position, signal), (after, signal_after)) in enumerate(pairs):
        jump = abs(after - position) - abs(signal_after - signal)
        if jump > largest:
            before = [each for each, _ in found[n : n + _STOOD]]
            if max(before) - min(before) <= _STANDS * jump:
                largest = jump
    return largest
