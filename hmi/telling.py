"""Tells what happens, and never waits for whoever should read it."""

import os
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TextIO


class Teller:
    """Writes lines from a thread of its own, so that a pipe which nobody empties stops nothing.

    When nobody can read any more, the lines are dropped.

    Args:
        stream: Standard output or standard error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._lines: SimpleQueue[str] = SimpleQueue()
        stream.flush()
        # A daemon, and past the stream: a write that hangs must not hold up the end.
        Thread(target=self._write, args=(stream.fileno(),), name="teller", daemon=True).start()

    def tell(self, line: str) -> None:
        """Puts a line in the queue."""
        self._lines.put(f"{line}\n")

    def _write(self, descriptor: int) -> None:
        with suppress(OSError):
            while True:
                rest = self._lines.get().encode()
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
