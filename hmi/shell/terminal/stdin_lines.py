"""Lines from standard input without blocking the event loop."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from contextlib import suppress
from threading import Thread

from .stdin import open_descriptor


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
