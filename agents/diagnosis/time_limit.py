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


@contextmanager
def time_limit() -> Generator[None]:
    """Ends what runs inside after 50 ms of CPU time or 2 s, by `TookTooLong`.

    Python drops an exception within a finaliser, so it is raised again until the end. Outside the
    main thread there is no limit, since only that one takes signals.
    """
    is_over = False

    def end(number: int, frame: FrameType | None) -> None:
        if not is_over:  # nothing comes between the timers and their end
            raise TookTooLong(_REASONS[number])

    def drop(dropped: "sys.UnraisableHookArgs") -> None:
        if dropped.exc_type is not TookTooLong:
            hook(dropped)

    if current_thread() is not main_thread():
        yield
        return
    before_cpu = signal.signal(signal.SIGVTALRM, end)
    before = signal.signal(signal.SIGALRM, end)
    hook, sys.unraisablehook = sys.unraisablehook, drop
    left_s, interval_s = signal.setitimer(signal.ITIMER_REAL, _WAIT_S, _WAIT_S)
    signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S, LIMIT_S)
    try:
        try:
            yield
        finally:
            is_over = True
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGVTALRM, before_cpu)
        signal.signal(signal.SIGALRM, before)
        sys.unraisablehook = hook
        if left_s:
            signal.setitimer(signal.ITIMER_REAL, left_s, interval_s)
