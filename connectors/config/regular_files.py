"""Reads whole files: regular ones, of a bounded size, and nothing that could keep us waiting."""

import os
import stat
from errno import EISDIR
from pathlib import Path

MOST_BYTES = 10_000_000
"""The longest that a file of a site may be."""


def read_regular(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Returns the bytes of a regular file; a link to one is followed.

    Args:
        most_bytes: The longest that it may be.

    Raises:
        OSError: It is missing, no regular file (a named pipe, a device), too long, or cannot
            be read.
        ValueError: No file can have such a path.
    """
    # Without O_NONBLOCK a named pipe would keep us waiting for whoever writes into it.
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        status = os.fstat(file)
        if stat.S_ISDIR(status.st_mode):
            raise OSError(EISDIR, os.strerror(EISDIR))
        if not stat.S_ISREG(status.st_mode):
            raise OSError("is no regular file")
        # One byte more than it is long: a file that grows meanwhile is read to its end, or refused.
        content = os.read(file, min(status.st_size, most_bytes) + 1)
        while len(content) <= most_bytes and (more := os.read(file, most_bytes + 1 - len(content))):
            content += more
        if len(content) > most_bytes:
            raise OSError(f"larger than {most_bytes} bytes")
        return content
    finally:
        os.close(file)
