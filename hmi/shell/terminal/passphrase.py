"""Passphrases from a terminal or from a file that only its owner can read."""

import os
import stat
import sys
import termios
from getpass import getpass
from pathlib import Path

from handwheel.connectors.errors import HandwheelError, os_reason
from handwheel.tools.guardrails.identity.keys import PASSPHRASE_LENGTH

_MAX_BYTES = 4096


class NoPassphrase(HandwheelError):
    """No passphrase was given, so nothing was signed."""


def read_passphrase(whose: str, file: Path | None) -> str:
    """Returns a person's passphrase from the first line of a file, or from the terminal.

    Raises:
        NoPassphrase: There is neither file nor terminal, or nothing was typed.
    """
    return _from_file(file) if file is not None else _typed(f"passphrase of {whose}: ")


def new_passphrase(whose: str, file: Path | None) -> str:
    """Returns a new passphrase, typed twice. Raises `NoPassphrase`, also for a short one."""
    if file is not None:
        passphrase = _from_file(file)
    else:
        passphrase = _typed(f"new passphrase for {whose}, {PASSPHRASE_LENGTH} or more: ")
    if len(passphrase) < PASSPHRASE_LENGTH:
        raise NoPassphrase(f"a passphrase has at least {PASSPHRASE_LENGTH} characters")
    if file is None and _typed("the same again: ") != passphrase:
        raise NoPassphrase("the two passphrases differ; nothing was done")
    return passphrase


def _typed(prompt: str) -> str:
    # A pipe could answer without a person at the terminal.
    if sys.stdin is None or not sys.stdin.isatty():
        raise NoPassphrase("a passphrase is typed at a terminal, or comes from a file of mode 600")
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)  # drop what was typed before the question
    try:
        passphrase = getpass(prompt)
        passphrase.encode()
    except EOFError:
        raise NoPassphrase("no passphrase was typed") from None
    except ValueError:
        raise NoPassphrase("the passphrase is not UTF-8 text") from None
    if not passphrase:
        raise NoPassphrase("no passphrase was typed")
    return passphrase


def _from_file(file: Path) -> str:
    try:
        passphrase = _content(file).decode().partition("\n")[0].removesuffix("\r")
    except OSError as error:
        raise NoPassphrase(f"{file}: cannot be read: {os_reason(error)}") from None
    except UnicodeDecodeError:
        raise NoPassphrase(f"{file}: is not UTF-8") from None
    if not passphrase:
        raise NoPassphrase(f"{file}: is empty")
    return passphrase


def _content(file: Path) -> bytes:
    # Without O_NONBLOCK a named pipe would keep us waiting.
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NoPassphrase(f"{file}: is not a regular file")
        if mode & 0o077:
            raise NoPassphrase(f"{file}: is open to others: chmod 600 it")
        return os.read(descriptor, _MAX_BYTES)
    finally:
        os.close(descriptor)
