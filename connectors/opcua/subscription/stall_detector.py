"""Detects standstills of this process, after which waiting messages are old."""

import asyncio
import time
from collections.abc import Callable

from asyncua.ua.uaerrors import UaError

_CHECKS = 4  # within the limit


def _elapsed_s() -> float:
    """Returns the time of a clock that includes suspend."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


_CLOCK: Callable[[], float] = _elapsed_s if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic


class StallDetector:
    """Notes when this process was stopped, suspended or busy for longer than `limit_s`."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._checked_s = _CLOCK()
        self._stalled_s = 0.0

    def check(self) -> None:
        """Checks for a standstill. Call it before taking anything that has arrived.

        Raises:
            UaError: The process stood still for longer. Once this is so, it stays so.
        """
        now_s = _CLOCK()
        stalled_s, self._checked_s = now_s - self._checked_s, now_s
        if stalled_s > self._limit_s:
            self._stalled_s = stalled_s
        if self._stalled_s:
            raise UaError(f"this process stood still for {self._stalled_s:.0f} s")

    async def run(self) -> None:
        """Checks again and again. Raises as `check`."""
        while True:
            self.check()
            await asyncio.sleep(self._limit_s / _CHECKS)
