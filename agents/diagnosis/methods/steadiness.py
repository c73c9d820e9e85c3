"""Movement of a signal, by which methods tell a steady plant from a moving one."""

from collections.abc import Iterable

from ..windows import Windows

BLOCK_S = 60.0
"""Length of a block whose means are compared."""


def block_means(windows: Windows, tag: str, last_s: float, block_s: float = BLOCK_S) -> list[float]:
    """Returns the means of the blocks of a window, oldest first, without those with gaps."""
    means = [
        windows.mean(tag, block_s, until_s=n * block_s)
        for n in range(int(last_s / block_s) - 1, -1, -1)
    ]
    return [each for each in means if each is not None]


def moved(windows: Windows, tag: str, last_s: float) -> float | None:
    """Returns by how much the minute means of a window differ at most, `None` for gaps."""
    means = block_means(windows, tag, last_s)
    if len(means) < int(last_s / BLOCK_S):
        return None
    return max(means) - min(means)


def is_steady(windows: Windows, limits: Iterable[tuple[str, float]], last_s: float) -> bool:
    """Whether each tag has moved by no more than its limit, and none has gaps."""
    found = ((moved(windows, tag, last_s), limit) for tag, limit in limits)
    return all(each is not None and each <= limit for each, limit in found)
