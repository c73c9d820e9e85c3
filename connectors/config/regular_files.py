"""Reads whole regular files of a bounded size without blocking."""

import os
import stat
from errno import EISDIR
from pathlib import Path

MOST_BYTES = 10_000_000
"""Largest size of a file of a site."""


def read_regular(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Returns the bytes of a regular file. Links are followed.

    Raises:
        OSError: It is missing, not a regular file (a named pipe, a device), too long, or
            unreadable.
        ValueError: The path is not valid.
    """
    # Without O_NONBLOCK, opening a named pipe waits for a writer.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            raise OSError(EISDIR, os.strerror(EISDIR))
        if not stat.S_ISREG(status.st_mode):
            raise OSError("is no regular file")
        # One byte more than its size, so that a file which grows meanwhile is noticed.
        content = os.read(file, min(status.st_size, most_bytes) + 1)
        while len(content) <= most_bytes and (more := os.read(file, most_bytes + 1 - len(content))):
            content += more
        if len(content) > most_bytes:
            raise OSError(f"larger than {most_bytes} bytes")
        return content
    finally:
        os.close(file)
