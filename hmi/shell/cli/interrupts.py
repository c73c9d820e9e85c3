"""Signal handling that treats SIGTERM and SIGHUP like Ctrl-C."""

import signal
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any

INTERRUPTED = 130

_ALIKE = tuple(
    signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__
)


def handle_termination_signals() -> None:
    """Handles SIGTERM and SIGHUP like Ctrl-C, unless they are ignored, as under nohup."""
    for number in _ALIKE:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    if not callable(handler):  # a shell's background job ignores Ctrl-C
        raise KeyboardInterrupt
    handler(number, frame)


async def cancelled_by_signals(main: Coroutine[Any, Any, None]) -> None:
    """Runs a coroutine that SIGTERM and SIGHUP cancel even where Ctrl-C is ignored.

    Where it is not, asyncio sees to that. A KeyboardInterrupt in the middle of any task would
    break off what cleans up.

    Raises:
        KeyboardInterrupt: It was cancelled so, and has ended.
    """
    import asyncio

    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    is_ignored = not callable(signal.getsignal(signal.SIGINT))
    ours = [each for each in _ALIKE if is_ignored and signal.getsignal(each) is _interrupt]
    came: list[signal.Signals] = []

    def cancel(number: signal.Signals) -> None:
        came.append(number)
        if task is not None and len(came) == 1:  # a second one would cut off what is under way
            task.cancel()

    for each in ours:
        loop.add_signal_handler(each, cancel, each)
    try:
        await main
    except asyncio.CancelledError:
        if came:
            raise KeyboardInterrupt from None
        raise
    finally:
        for each in ours:
            loop.remove_signal_handler(each)
            signal.signal(each, _interrupt)


@contextmanager
def uninterrupted_import() -> Generator[None]:
    """Blocks interruptions during the imports inside.

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
