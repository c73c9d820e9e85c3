"""Passphrases from a terminal or from a file that only its owner can read."""

import os
import stat
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from handwheel.connectors.errors import HandwheelError, os_reason
from handwheel.tools.guardrails.identity.keys import PASSPHRASE_LENGTH, WrongPassphrase

from .prompt import line_by_line, typed_line
from .stdin import open_descriptor

_T = TypeVar("_T")

TRIES = 3
"""Number of times that a passphrase can be typed."""

_MAX_BYTES = 4096


class NoPassphrase(HandwheelError):
    """No passphrase was given, so nothing was signed."""


def with_passphrase(whose: str, file: Path | None, open_with: Callable[[str], _T]) -> _T:
    """Returns what a person's passphrase opens, from the first line of a file or typed.

    A typed one that is wrong is asked for again in place, `TRIES` times in all. Enter alone,
    Escape and the end of input give up.

    Raises:
        NoPassphrase: There is neither file nor terminal, or nothing was typed.
        WrongPassphrase: It does not open the key.
    """
    if file is not None:
        return open_with(_from_file(file))
    question = f"passphrase of {whose}: "
    for _ in range(TRIES - 1):
        try:
            return open_with(_typed(question))
        except WrongPassphrase:
            _say(f"the passphrase of {whose} is wrong; again, or Enter to cancel\n")
    return open_with(_typed(question))


def new_passphrase(whose: str, file: Path | None) -> str:
    """Returns a new passphrase, typed twice, or from a file.

    A typed one that is too short or differs is asked for again in place, `TRIES` times in all.

    Raises:
        NoPassphrase: There is neither file nor terminal, nothing was typed, or it is too short.
    """
    if file is not None:
        passphrase = _from_file(file)
        if fault := _fault_of_new(passphrase):
            raise NoPassphrase(fault)
        return passphrase
    fault = ""
    for _ in range(TRIES):
        if fault:
            _say(f"{fault}; again, or Enter to cancel\n")
        passphrase = _typed(f"new passphrase for {whose}, {PASSPHRASE_LENGTH} or more: ")
        fault = _fault_of_new(passphrase)
        if not fault:
            if _typed("the same again: ") == passphrase:
                return passphrase
            fault = "the two passphrases differ"
    raise NoPassphrase(f"{fault}; nothing was done")


def _fault_of_new(passphrase: str) -> str:
    is_short = len(passphrase) < PASSPHRASE_LENGTH
    return f"a passphrase has at least {PASSPHRASE_LENGTH} characters" if is_short else ""


def _typed(question: str) -> str:
    """Returns what a person types without showing it. Raises `NoPassphrase` if they give up."""
    terminal = open_descriptor()  # a pipe could answer without a person at the terminal
    if terminal is None or not os.isatty(terminal):
        raise NoPassphrase("a passphrase is typed at a terminal, or comes from a file of mode 600")
    try:
        with line_by_line(terminal, is_shown=False):
            termios.tcflush(terminal, termios.TCIFLUSH)  # what was typed before the question
            _say(question)
            line = typed_line(terminal, None) or b""
    except (termios.error, OSError):  # the terminal has gone
        raise NoPassphrase("no passphrase was typed") from None
    _say("\n")  # the line's end was not shown
    if line in {b"", b"\n"} or not line.endswith(b"\n"):  # the end of input, Enter, Escape
        raise NoPassphrase("no passphrase was typed")
    try:
        return line[:-1].decode()
    except UnicodeDecodeError:
        raise NoPassphrase("the passphrase is not UTF-8 text") from None


def _say(text: str) -> None:
    """Writes to the terminal itself, so that nothing gets into a redirected output."""
    with suppress(OSError), Path("/dev/tty").open("w", encoding="utf-8") as terminal:
        terminal.write(text)
        return
    with suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


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
