"""Interruptions: Ctrl-C, SIGTERM and a closed terminal end a command in the same orderly way."""

import signal
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130

_ALIKE = tuple(
    signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__
)


def end_alike() -> None:
    """Makes SIGTERM and SIGHUP do what Ctrl-C does, unless they are ignored, as under nohup."""
    for number in _ALIKE:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):  # a shell's background job ignores Ctrl-C
        raise KeyboardInterrupt
    handler(number, frame)


@contextmanager
def uninterrupted_import() -> Generator[None]:
    """Holds interruptions back until the imports inside are done.

    A KeyboardInterrupt inside a library's import can come out as another error.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, *_ALIKE))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
