"""Whether this process has run all the time: what waited in the socket meanwhile is old."""

import asyncio
import time
from collections.abc import Callable

from asyncua.ua.uaerrors import UaError

_LOOKS = 4  # in the time that it may be away


def _elapsed_s() -> float:
    """Returns the time of a clock that does not stand still while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


_CLOCK: Callable[[], float] = _elapsed_s if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic


class StallDetector:
    """Notes when this process was stopped, suspended or busy with something else.

    Args:
        limit_s: How long it may be away, seconds.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._looked_s = _CLOCK()
        self._away_s = 0.0

    def check(self) -> None:
        """Looks; to be called before anything that has come is taken.

        Raises:
            UaError: It was away for longer; once this is so, it stays so.
        """
        now_s = _CLOCK()
        away_s, self._looked_s = now_s - self._looked_s, now_s
        if away_s > self._limit_s:
            self._away_s = away_s
        if self._away_s:
            raise UaError(f"this process did not look for {self._away_s:.0f} s")

    async def keep(self) -> None:
        """Looks again and again.

        Raises:
            UaError: As `check`.
        """
        while True:
            self.check()
            await asyncio.sleep(self._limit_s / _LOOKS)
