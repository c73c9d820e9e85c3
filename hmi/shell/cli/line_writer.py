"""Output that never blocks on its reader."""

import logging
import os
import sys
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TextIO

from handwheel.tools.safe_text import printable

from ..terminal.wrap import fold
from .stdio import visible


class LineWriter:
    """Writes lines from its own thread, so that a full pipe blocks no other work.

    When nobody can read any more, the lines are dropped.
    """

    def __init__(self, stream: TextIO) -> None:
        self._lines: SimpleQueue[str] = SimpleQueue()
        stream.flush()
        # Its own: the number of a stream that is closed may become that of the ledger's file.
        descriptor = os.dup(stream.fileno())
        # A daemon that bypasses the stream, so that a hanging write does not block the exit.
        Thread(target=self._write, args=(descriptor,), name="line-writer", daemon=True).start()

    def write(self, line: str) -> None:
        """Puts a line in the queue, with escapes for what could steer a terminal."""
        self._lines.put(f"{visible(line)}\n")

    def _write(self, descriptor: int) -> None:
        with suppress(OSError):
            while True:
                rest = self._lines.get().encode()
                while rest:
                    rest = rest[os.write(descriptor, rest) :]


class _Troubles(logging.Handler):
    """Prints log records in the form of the command's messages."""

    def __init__(self) -> None:
        super().__init__()
        self._writer = LineWriter(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        line = f"handwheel: {printable(record.getMessage())}"
        self._writer.write(fold(line, stream=sys.stderr))


def print_log(name: str) -> None:
    """Prints the records of a logger to standard error."""
    logger = logging.getLogger(name)
    logger.addHandler(_Troubles())
    logger.propagate = False
