"""Reads a public key from an argument, a file or standard input."""

import os
import stat
import sys
from pathlib import Path

from handwheel.connectors.errors import os_reason
from handwheel.tools.guardrails.identity.keys import KeyFault, PublicKey, parse_given_line

_LONGEST = 4096
_KIND = "ssh-"


def read_given_key(given: str) -> PublicKey:
    """Returns the public key of a line `ssh-ed25519 …`, a file, or `-` for standard input.

    Raises:
        KeyFault: It is no public Ed25519 key, or cannot be read.
    """
    if given.startswith(_KIND):
        return parse_given_line(given)
    try:
        text = _first_line() if given == "-" else _content(Path(given))
    except OSError as error:
        raise KeyFault(f"{given}: cannot be read: {os_reason(error)}") from None
    except UnicodeDecodeError:
        raise KeyFault(f"{given}: is not UTF-8") from None
    try:
        return parse_given_line(text.partition("\n")[0])
    except KeyFault as fault:
        raise KeyFault(f"{given}: {fault}") from None


def _first_line() -> str:
    return "" if sys.stdin is None else sys.stdin.readline(_LONGEST)


def _content(path: Path) -> str:
    # Without O_NONBLOCK, opening a named pipe would block.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise KeyFault(f"{path}: is no file")
        return os.read(descriptor, _LONGEST).decode()
    finally:
        os.close(descriptor)
