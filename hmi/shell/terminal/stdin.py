"""State of standard input before it is read."""

import asyncio
import os
import select
import stat
import sys
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager, suppress
from io import UnsupportedOperation
from threading import Event, Thread

_POLL_MS = 100


@contextmanager
def end_with_pipe() -> Generator[Callable[[], None]]:
    """Ends the process when its input pipe closes, until the yielded function is called.

    For a start that takes seconds, has nothing to lose and reads no lines yet. A pipe
    that was closed before, or still holds lines, is left to `stdin_lines`.
    """
    is_over = Event()
    descriptor = open_descriptor()
    if descriptor is not None and not _events(descriptor, 0, 0):
        Thread(target=_await_end, args=(descriptor, is_over), name="pipe", daemon=True).start()
    try:
        yield is_over.set
    finally:
        is_over.set()  # a start that failed leaves no thread behind that could end its process


def _await_end(descriptor: int, is_over: Event) -> None:
    while not is_over.is_set():
        if _events(descriptor, 0, _POLL_MS):
            if _events(descriptor, select.POLLIN, 0) == select.POLLHUP and not is_over.is_set():
                os._exit(0)
            return


def _events(descriptor: int, wanted: int, wait_ms: int) -> int:
    """Returns the events of `poll`, which include a hang-up unasked."""
    poll = select.poll()
    poll.register(descriptor, wanted)
    return sum(events for _, events in poll.poll(wait_ms))


def is_in_background() -> bool:
    """Returns whether this process is a background job of its terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and open_descriptor() is None


def open_descriptor() -> int | None:
    """Returns standard input unless it is closed, no file, or another job's terminal."""
    if sys.stdin is None:
        return None
    try:
        descriptor = sys.stdin.fileno()
    except UnsupportedOperation:  # whoever runs us in process has put something else there
        return None
    with suppress(OSError):  # it is no terminal, or not the one that controls us
        if os.tcgetpgrp(descriptor) != os.getpgrp():
            return None  # a background job: reading would stop it
    return descriptor


async def stdin_lines() -> AsyncIterator[str]:
    """Yields lines without their line ends. Bytes that are not UTF-8 are replaced.

    It ends when standard input is a pipe, a socket or a terminal and closes: a pipe's end means
    that the parent is gone. With anything else, such as `/dev/null`, it waits for ever.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()
    descriptor = open_descriptor()

    def pump(source: int) -> None:
        # Not sys.stdin: at the interpreter's end its lock must be free.
        with suppress(RuntimeError, OSError), open(source, "rb", closefd=False) as lines:
            for line in lines:
                text = line.decode(errors="replace").rstrip("\r\n")
                loop.call_soon_threadsafe(queue.put_nowait, text)
        with suppress(RuntimeError):  # the loop has closed while the thread was waiting
            loop.call_soon_threadsafe(queue.put_nowait, None)

    if descriptor is not None:
        # A daemon thread, for a read from a terminal cannot be interrupted.
        Thread(target=pump, args=(descriptor,), name="stdin", daemon=True).start()
        while (line := await queue.get()) is not None:
            yield line
    if descriptor is None or not _ends(descriptor):
        await asyncio.Event().wait()


def _ends(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(descriptor)
