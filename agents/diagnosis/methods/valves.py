"""Control valves, by their position against the signal of their controller."""

from collections.abc import Sequence
from operator import sub

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
        inputs: `signal` of the controller and `position` of the valve.
    """
    apart = list(map(sub, *_both(windows, inputs, _BAND_S)))
    size = int(BLOCK_S / 10.0)
    blocks = [apart[n : n + size] for n in range(0, len(apart) - size + 1, size)]
    if not blocks:
        return None
    return Measured(max(abs(sum(each) / size) for each in blocks))


@diagnoser(
    needs=_NEEDS | {"least": "%"},
    window_s=_FOLLOWS_S,
    source="ANSI/ISA-75.25.01, control valve response; own",
)
def valve_following(windows: Windows, inputs: Inputs) -> Measured | None:
    """Returns the share of its signal's movement that a valve follows, 0 if it stands.

    Args:
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
        inputs: `signal` of the controller and `position` of the valve.
    """
    signals, positions = _both(windows, inputs, _JUMP_S)
    if len(positions) < _STOOD + _JUMPED:
        return None
    return Measured(_largest_jump(signals, positions))


def _both(
    windows: Windows, inputs: Inputs, last_s: float
) -> tuple[Sequence[float], Sequence[float]]:
    """Returns signal and position in the buckets that both have, oldest first."""
    signal, position = (
        windows.bucket_lists(inputs[each], last_s) for each in ("signal", "position")
    )
    if signal.at_s == position.at_s:  # the usual case, without gaps
        return signal.mean, position.mean
    signals = dict(zip(signal.at_s, signal.mean, strict=True))
    positions = dict(zip(position.at_s, position.mean, strict=True))
    shared = [each for each in position.at_s if each in signals]
    return [signals[each] for each in shared], [positions[each] for each in shared]


def _largest_jump(signals: Sequence[float], positions: Sequence[float]) -> float:
    asked, moved = _moves(signals), _moves(positions)
    largest = 0.0
    for n, jump in enumerate(map(sub, moved, asked)):
        if jump > largest:
            before = positions[n : n + _STOOD]
            if max(before) - min(before) <= _STANDS * jump:
                largest = jump
    return largest


def _moves(values: Sequence[float]) -> list[float]:
    """Returns how far a value moves in the time of a jump, from each bucket it may begin in."""
    pairs = zip(values[_STOOD - 1 :], values[_STOOD - 1 + _JUMPED :], strict=False)
    return [abs(after - each) for each, after in pairs]
