"""Lines from standard input, whatever it is, without blocking the event loop."""

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from threading import Thread


async def stdin_lines() -> AsyncIterator[str]:
    """Yields lines without their line ends.

    It ends when standard input is a pipe, a socket or a terminal and closes: a
    pipe's end means that the parent is gone. With anything else, such as
    `/dev/null`, it yields nothing more and waits for ever.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[str | None] = asyncio.Queue()

    def pump() -> None:
        try:
            for line in sys.stdin:
                loop.call_soon_threadsafe(queue.put_nowait, line.rstrip("\n"))
            loop.call_soon_threadsafe(queue.put_nowait, None)
        except (RuntimeError, ValueError):
            pass  # the loop or the stream closed while the thread was waiting

    # A daemon thread, for a read from a terminal cannot be interrupted.
    Thread(target=pump, name="stdin", daemon=True).start()
    while (line := await queue.get()) is not None:
        yield line
    if not _ends():
        await asyncio.Event().wait()


def _ends() -> bool:
    mode = os.fstat(sys.stdin.fileno()).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or sys.stdin.isatty()
