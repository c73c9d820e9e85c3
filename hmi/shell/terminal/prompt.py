"""Prompts that only a word typed after the question can confirm."""

import os
import select
import sys
import termios
from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum, auto

from .cancellable_prompt import PromptCancelled, current_cancellation
from .stdin import open_descriptor

_ESCAPE = b"\x1b"
_LONGEST = 4096  # bytes; a terminal hands over no longer line

NO_TERMINAL = "an answer needs a terminal in the foreground, and there is none"
"""Message for `PromptAnswer.NO_TERMINAL`."""


class PromptAnswer(Enum):
    """Result of a prompt. Only `YES` allows anything; a timeout is nobody's rejection."""

    YES = auto()
    NO = auto()
    TIMEOUT = auto()
    NO_TERMINAL = auto()


def confirm(question: str, expected: str, timeout_s: float) -> PromptAnswer:
    """Asks the operator at a terminal to type a word.

    What was typed before the question appears is dropped, and so is what stands behind the
    answer, as when several lines were pasted.

    Args:
        question: What is shown; without anything that steers a terminal.
        expected: The word, exactly; not empty, so that Enter is no answer.
        timeout_s: How long the person may take, seconds.

    Returns:
        `YES` for the word followed by Enter. `NO` for anything else: another word, Enter
        alone, Escape, Ctrl-D. `NO_TERMINAL`, without asking, if standard input or output is
        no terminal or this is a background job.

    Raises:
        KeyboardInterrupt: Ctrl-C, SIGTERM or SIGHUP.
        PromptCancelled: The same, if a thread asks; see `ask_in_thread`.
        ValueError: Nothing is expected.
    """
    if not expected.strip():
        raise ValueError("an answer must be typed: nothing is expected")
    line = _ask(question, timeout_s)
    if isinstance(line, PromptAnswer):
        return line
    if line != f"{expected}\n".encode():
        return PromptAnswer.NO
    if (cancellation := current_cancellation()) is not None:
        cancellation.check()
    return PromptAnswer.YES


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


def _ask(question: str, timeout_s: float) -> bytes | PromptAnswer:
    """Returns the line typed after the question, or the answer that stands without one."""
    terminal = open_descriptor()
    if terminal is None or not (os.isatty(terminal) and sys.stdout.isatty()):
        return PromptAnswer.NO_TERMINAL
    try:
        with line_by_line(terminal):
            termios.tcflush(terminal, termios.TCIFLUSH)
            sys.stdout.write(question)
            sys.stdout.flush()
            line = typed_line(terminal, timeout_s)
    except (termios.error, OSError):  # the terminal has gone
        return PromptAnswer.NO
    if line is None or not line.endswith(b"\n"):
        sys.stdout.write("\n")  # the line was not ended by Enter
        sys.stdout.flush()
    return PromptAnswer.TIMEOUT if line is None else line


def typed_line(terminal: int, timeout_s: float | None) -> bytes | None:
    """Returns the typed line with its end, or `None` after the time-out, seconds.

    Without `timeout_s` it waits. Raises `PromptCancelled`, as `ask_in_thread` says.
    """
    cancellation = current_cancellation()
    taken_back = [] if cancellation is None else [cancellation.fileno()]
    left_s = None if timeout_s is None else max(timeout_s, 0.0)
    ready, _, _ = select.select([terminal, *taken_back], [], [], left_s)
    if ready and ready != [terminal]:
        raise PromptCancelled
    return os.read(terminal, _LONGEST) if ready else None


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
