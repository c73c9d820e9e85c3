"""Pace at which the demo's plant may run on this machine."""

from collections import deque
from collections.abc import Sequence
from time import monotonic
from typing import Protocol

DECIDING_SPEED = 10.0
"""Plant seconds per second while a run is under way, or something is about to happen."""

_TRIP_MM_S = 8.1  # I-02
_MARGIN_MM_S = 0.05  # margin to the trip at DECIDING_SPEED; the speed grows in proportion to it
_LOOKS = 8  # looks at the scans over which the pace counts
_SLOWEST = 0.05  # a plant that stood still would never end
_STEPS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1, _SLOWEST)


class Scanned(Protocol):
    """A connection, of which the number of scans counts."""

    scans: int


class MachinePace:
    """Measures whether scans come as often as they should, and slows the plant if not.

    The agents need a scan within a few seconds of plant time. On a busy machine scans come later,
    those of the agents as well as those of this process, and the plant must run slower.

    Args:
        scan_s: How far scans are apart on an idle machine, seconds.
    """

    def __init__(self, connections: Sequence[Scanned], scan_s: float) -> None:
        self._connections = connections
        self._scan_s = scan_s
        self._looks: deque[tuple[float, list[int]]] = deque(maxlen=_LOOKS)
        self._most = 1.0

    def look(self) -> None:
        """Notes the scans up to now."""
        self._looks.append((monotonic(), [each.scans for each in self._connections]))

    def halve(self) -> None:
        """Slows the plant for good, because a run reports that its scans are too far apart."""
        self._most = max(self._most / 2.0, _SLOWEST)

    @property
    def factor(self) -> float:
        """Share of the intended speed at which the plant may run, up to 1."""
        share = min(self._share_of_scans(), self._most)
        return next((each for each in _STEPS if each <= share), _SLOWEST)

    def _share_of_scans(self) -> float:
        if len(self._looks) < 2:
            return 1.0
        (begun_s, before), (now_s, after) = self._looks[0], self._looks[-1]
        expected = (now_s - begun_s) / self._scan_s
        fewest = min(now - was for now, was in zip(after, before, strict=True))
        # Two scans of tolerance, because a look falls anywhere between two of them.
        return (fewest + 2) / expected if expected > 0.0 else 1.0


def approach_speed(vibration_mm_s: float | None) -> float:
    """Returns plant seconds per second, fewer the nearer the trip of P-101A.

    What follows the trip is over within 20 plant seconds. What is not known counts as near.
    """
    if vibration_mm_s is None:
        return DECIDING_SPEED
    margin = (_TRIP_MM_S - vibration_mm_s) / _MARGIN_MM_S
    return DECIDING_SPEED * max(1.0, margin // 1.0)
