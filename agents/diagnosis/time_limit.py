"""Limit of the time that a method may take, by timer signals of the main thread."""

import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType

LIMIT_S = 0.05
"""CPU time that one method may take, seconds."""
_WAIT_S = 2.0  # wall-clock time after which a method that waits is ended
_REASONS: dict[int, str] = {
    signal.SIGVTALRM: f"took more than {LIMIT_S * 1000:g} ms",
    signal.SIGALRM: f"waited for more than {_WAIT_S:g} s",
}


class TookTooLong(BaseException):
    """A method did not return in time. It is no `Exception`, which a method may catch itself."""


class TimeLimit:
    """Limit of one method after the other, each a `with` statement on it."""

    def __init__(self, *, is_kept: bool) -> None:
        self._is_kept, self.is_over = is_kept, True

    def __enter__(self) -> None:
        if self._is_kept:
            signal.setitimer(signal.ITIMER_REAL, _WAIT_S, _WAIT_S)
            signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S, LIMIT_S)
            self.is_over = False

    def __exit__(self, *error: object) -> None:
        self.is_over = True


@contextmanager
def time_limits() -> Generator[TimeLimit]:
    """Ends each method after 50 ms of CPU time or 2 s, by `TookTooLong`.

    Its handlers are set once for many methods, since to set them takes as long as a short method.
    Python drops an exception within a finaliser, so it is raised again until the method's end.
    Outside the main thread there is no limit, since only that one takes signals.
    """
    if current_thread() is not main_thread():
        yield TimeLimit(is_kept=False)
        return
    limit = TimeLimit(is_kept=True)

    def end(number: int, frame: FrameType | None) -> None:
        if not limit.is_over:  # nothing comes between two methods, nor after the last one
            raise TookTooLong(_REASONS[number])

    def drop(dropped: "sys.UnraisableHookArgs") -> None:
        if dropped.exc_type is not TookTooLong:
            hook(dropped)

    before_cpu = signal.signal(signal.SIGVTALRM, end)
    before = signal.signal(signal.SIGALRM, end)
    hook, sys.unraisablehook = sys.unraisablehook, drop
    left_s, interval_s = signal.setitimer(signal.ITIMER_REAL, 0.0)
    try:
        yield limit
    finally:
        limit.is_over = True
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGVTALRM, before_cpu)
        signal.signal(signal.SIGALRM, before)
        sys.unraisablehook = hook
        if left_s:
            signal.setitimer(signal.ITIMER_REAL, left_s, interval_s)
