"""Single keys of the terminal, without Enter and without echo."""

import os
import signal
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType

from ...shell.terminal.stdin import open_descriptor

_LONGEST = 4096  # bytes; more than anybody types between two looks


def has_keys() -> bool:
    """Returns whether there is a terminal in the foreground, so that a person can type."""
    terminal = open_descriptor()
    return terminal is not None and os.isatty(terminal) and sys.stdout.isatty()


class Keys:
    """Keys that are typed while a `single_keys` context is open.

    Attributes:
        is_stopped: Whether Ctrl-Z was typed. The end of the context then stops this process.
    """

    def __init__(self, terminal: int | None) -> None:
        self.is_stopped = False
        self._terminal = terminal

    def typed(self) -> str:
        """Returns what was typed since the last call, without waiting."""
        if self._terminal is None:
            return ""
        try:
            return os.read(self._terminal, _LONGEST).decode(errors="replace")
        except OSError:  # the terminal has gone
            return ""

    def note_stop(self, number: int, frame: FrameType | None) -> None:
        """Notes Ctrl-Z, as a handler of its signal."""
        self.is_stopped = True


@contextmanager
def single_keys() -> Generator[Keys]:
    """Takes keys one by one until the context ends, and then restores the terminal.

    What was typed before is dropped, and so is what is left at the end. Without a terminal in the
    foreground nothing is typed. After Ctrl-Z the process stops when the terminal is restored, and
    the context ends when it is continued.
    """
    terminal = open_descriptor() if has_keys() else None
    keys = Keys(terminal)
    if terminal is None:
        yield keys
        return
    before = termios.tcgetattr(terminal)
    during = termios.tcgetattr(terminal)
    during[3] &= ~(termios.ICANON | termios.ECHO)  # Ctrl-C still interrupts
    during[6] = [*during[6]]
    during[6][termios.VMIN] = during[6][termios.VTIME] = 0
    handler = signal.signal(signal.SIGTSTP, keys.note_stop)
    try:
        termios.tcsetattr(terminal, termios.TCSAFLUSH, during)
        yield keys
    finally:
        with suppress(termios.error):  # the terminal may have gone
            termios.tcsetattr(terminal, termios.TCSANOW, before)
            termios.tcflush(terminal, termios.TCIFLUSH)
        signal.signal(signal.SIGTSTP, handler)
    if keys.is_stopped:
        os.kill(os.getpid(), signal.SIGTSTP)
