"""Limit of the time that a method may take, by timer signals of the main thread."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

LIMIT_S = 0.05
"""CPU time that one method may take, seconds."""
_WAIT_S = 2.0  # wall-clock time after which a method that waits is ended


class TookTooLong(Exception):
    """A method did not return in time."""


@contextmanager
def time_limit() -> Generator[None]:
    """Ends what runs inside after 50 ms of CPU time or 2 s, by `TookTooLong`.

    Outside the main thread there is no limit, since only that one takes signals.
    """
    if current_thread() is not main_thread():
        yield
        return
    before_cpu = signal.signal(signal.SIGVTALRM, _end)
    before = signal.signal(signal.SIGALRM, _end)
    left_s, interval_s = signal.setitimer(signal.ITIMER_REAL, _WAIT_S)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGVTALRM, before_cpu)
        signal.signal(signal.SIGALRM, before)
        if left_s:
            signal.setitimer(signal.ITIMER_REAL, left_s, interval_s)


def _end(number: int, frame: FrameType | None) -> None:
    raise TookTooLong(f"took more than {LIMIT_S * 1000:g} ms")
