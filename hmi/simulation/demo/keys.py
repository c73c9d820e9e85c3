"""Single keys of the terminal, without Enter and without echo."""

import os
import sys
import termios
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial

from ...shell.terminal.stdin import open_descriptor

_LONGEST = 4096  # bytes; more than anybody types between two looks


def has_keys() -> bool:
    """Returns whether there is a terminal in the foreground, so that a person can type."""
    terminal = open_descriptor()
    return terminal is not None and os.isatty(terminal) and sys.stdout.isatty()


@contextmanager
def single_keys() -> Generator[Callable[[], str]]:
    """Takes keys one by one until the context ends, and then restores the terminal.

    What was typed before is dropped, and so is what is left at the end.

    Yields:
        A function that returns what was typed since its last call, without waiting. Without a
        terminal in the foreground nothing is typed.
    """
    terminal = open_descriptor() if has_keys() else None
    if terminal is None:
        yield str
        return
    before = termios.tcgetattr(terminal)
    during = termios.tcgetattr(terminal)
    during[3] &= ~(termios.ICANON | termios.ECHO)  # Ctrl-C still interrupts
    during[6] = [*during[6]]
    during[6][termios.VMIN] = during[6][termios.VTIME] = 0
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, during)
        yield partial(_typed, terminal)
    finally:
        with suppress(termios.error):  # the terminal may have gone
            termios.tcsetattr(terminal, termios.TCSANOW, before)
            termios.tcflush(terminal, termios.TCIFLUSH)


def _typed(terminal: int) -> str:
    try:
        return os.read(terminal, _LONGEST).decode(errors="replace")
    except OSError:  # the terminal has gone
        return ""
