"""Prompts that only a word typed after the question can confirm."""

import os
import select
import sys
import termios
from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import Enum, auto
from math import inf
from time import monotonic
from typing import Protocol

from handwheel.tools.safe_text import printable

from .cancellable_prompt import PromptCancelled, current_cancellation
from .stdin import open_descriptor

_ESCAPE = b"\x1b"
_LONGEST = 4096  # bytes; a terminal hands over no longer line
_SHOWN = 40
_REFRESH_S = 1.0
_SIGNALS_S = 1.0  # longest time for which a signal can go unnoticed

NO_TERMINAL = "an answer needs a terminal in the foreground, and there is none"
"""Message for `PromptAnswer.NO_TERMINAL`."""


class PromptAnswer(Enum):
    """Result of a prompt. Only `YES` allows anything, and a timeout rejects nothing."""

    YES = auto()
    NO = auto()
    REJECT = auto()
    CHANGED = auto()
    TIMEOUT = auto()
    NO_TERMINAL = auto()


class PromptScreen(Protocol):
    """Screen above a question, which lives while the person types."""

    def open(self, key: str) -> PromptAnswer | None:
        """Takes a line that is not the word. Returns an answer, or `None` to ask again."""
        ...

    def refresh(self) -> bool:
        """Draws the screen again, each second. Returns whether the question still stands."""
        ...


def confirm(
    question: str, expected: str, timeout_s: float, screen: PromptScreen | None = None
) -> PromptAnswer:
    """Asks the operator at a terminal to type a word. Case and spaces do not matter.

    A wrong word is explained and asked for again, within the time. What was typed before the
    question appears is dropped, and so is what stands behind the answer, as when several lines
    were pasted.

    Args:
        question: What is shown; without anything that steers a terminal.
        expected: The word; not empty, so that Enter is no answer.
        timeout_s: How long the person may take, seconds.
        screen: What stands above the question, and explains a wrong word.

    Returns:
        `YES` for the word followed by Enter. `NO` for Enter alone, Escape, Ctrl-D, and a line that
        is no text. Spaces alone are a wrong word. `REJECT` and `CHANGED` only from the screen.
        `NO_TERMINAL`, without asking, if standard input or output is no terminal or this is a
        background job.

    Raises:
        KeyboardInterrupt: Ctrl-C, SIGTERM or SIGHUP.
        PromptCancelled: The same, if a thread asks; see `ask_in_thread`.
        ValueError: Nothing is expected.
    """
    if not expected.strip():
        raise ValueError("an answer must be typed: nothing is expected")
    until_s, each_second = monotonic() + timeout_s, screen.refresh if screen else None
    while True:
        line = _ask(question, until_s - monotonic(), each_second)
        if isinstance(line, PromptAnswer):
            return line
        typed = _typed(line) or _spaces(line)
        if not typed:
            return PromptAnswer.NO
        if typed.casefold() == _single_spaced(expected).casefold():
            if (cancellation := current_cancellation()) is not None:
                cancellation.check()
            return PromptAnswer.YES
        if screen is None:
            sys.stdout.write(f"{wrong_word_text(typed, expected)}\n")
        elif (answer := screen.open(typed)) is not None:
            return answer


def wrong_word_text(typed: str, expected: str) -> str:
    """Returns a sentence about a line that is not the expected word."""
    return f"“{printable(typed, _SHOWN)}” is not the word; the word is  {expected}"


def ask_text(question: str, timeout_s: float) -> str | None:
    """Asks a person at a terminal for a line of text, under the same rules as `confirm`.

    Returns:
        What was typed before Enter, without spaces around it; `None` if nobody answered: in
        time, at a terminal, with Enter, in UTF-8.

    Raises:
        KeyboardInterrupt: Ctrl-C, SIGTERM or SIGHUP.
    """
    line = _ask(question, timeout_s)
    if isinstance(line, PromptAnswer) or not line.endswith(b"\n"):
        return None
    try:
        return line.decode().strip()
    except UnicodeDecodeError:
        return None


def _typed(line: bytes) -> str:
    """Returns a line that ended with Enter, with single spaces, or an empty text."""
    try:
        return _single_spaced(line.decode()) if line.endswith(b"\n") else ""
    except UnicodeDecodeError:
        return ""


def _spaces(line: bytes) -> str:
    """Returns the spaces of a line that has nothing else before Enter."""
    return line[:-1].decode() if line.endswith(b"\n") and not line.strip(b" \n") else ""


def _single_spaced(text: str) -> str:
    return " ".join(text.split())


def _ask(
    question: str, timeout_s: float, each_second: Callable[[], bool] | None = None
) -> bytes | PromptAnswer:
    """Returns the line typed after the question, or the answer that stands without one."""
    terminal = open_descriptor()
    if terminal is None or not (os.isatty(terminal) and sys.stdout.isatty()):
        return PromptAnswer.NO_TERMINAL
    try:
        with line_by_line(terminal):
            termios.tcflush(terminal, termios.TCIFLUSH)
            sys.stdout.write(question)
            sys.stdout.flush()
            line = _next_line(terminal, timeout_s, each_second)
    except (termios.error, OSError):  # the terminal has gone
        return PromptAnswer.NO
    if isinstance(line, PromptAnswer) or not line.endswith(b"\n"):
        sys.stdout.write("\n")  # the line was not ended by Enter
        sys.stdout.flush()
    return line


def _next_line(
    terminal: int, timeout_s: float, each_second: Callable[[], bool] | None
) -> bytes | PromptAnswer:
    until_s = monotonic() + timeout_s
    while True:
        left_s = until_s - monotonic()
        line = typed_line(terminal, min(left_s, _REFRESH_S) if each_second else left_s)
        if line is not None:
            return line
        if monotonic() >= until_s:
            return PromptAnswer.TIMEOUT
        if each_second is not None and not each_second():
            return PromptAnswer.CHANGED


def typed_line(terminal: int, timeout_s: float | None) -> bytes | None:
    """Returns the typed line with its end, or `None` after the time-out, seconds.

    Without `timeout_s` it waits. Raises `PromptCancelled`, as `ask_in_thread` says.
    """
    cancellation = current_cancellation()
    taken_back = [] if cancellation is None else [cancellation.fileno()]
    until_s = inf if timeout_s is None else monotonic() + timeout_s
    ready: list[int] = []
    while not ready:
        left_s = until_s - monotonic()
        # A signal that comes just before the wait is handled only after it.
        wait_s = max(min(left_s, _SIGNALS_S), 0.0)
        ready, _, _ = select.select([terminal, *taken_back], [], [], wait_s)
        if not ready and left_s <= _SIGNALS_S:
            return None
    if ready != [terminal]:
        raise PromptCancelled
    return os.read(terminal, _LONGEST)


@contextmanager
def line_by_line(terminal: int, *, is_shown: bool = True) -> Generator[None]:
    """Sets the terminal to edit a line as usual, shown or not, and lets Escape end it."""
    before = termios.tcgetattr(terminal)
    during = termios.tcgetattr(terminal)
    during[0] |= termios.ICRNL
    during[3] |= termios.ICANON | termios.ECHO | termios.ISIG
    if not is_shown:
        during[3] &= ~termios.ECHO
    during[6] = [*during[6]]
    during[6][termios.VEOL] = _ESCAPE
    try:
        termios.tcsetattr(terminal, termios.TCSANOW, during)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
        termios.tcflush(terminal, termios.TCIFLUSH)
