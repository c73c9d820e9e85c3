"""Preparation of standard output and standard error.

It imports nothing slow, because `lockout` uses it too.
"""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from io import TextIOWrapper
from typing import TextIO

_OWN_STYLES = ("\x1b[1;31m", "\x1b[0m")  # the only ones that lines of ours contain


def make_writable() -> None:
    r"""Opens closed streams, and makes both safe for text from outside.

    Characters that the encoding lacks become `?`, and invisible ones and those that steer a
    terminal become escapes such as `\x1b`.
    """
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            _open_null(number)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):  # standard error escapes them by itself
        sys.stdout.reconfigure(errors="replace")
    for name in ("stdout", "stderr"):
        stream: TextIO = getattr(sys, name)
        if not isinstance(stream, _VisibleOutput):
            setattr(sys, name, _VisibleOutput(stream))


def visible(text: str) -> str:
    """Returns the text with each invisible character escaped, except line ends and tabs."""
    if text.isprintable():
        return text
    return "\r\n".join("".join(map(_escaped, part)) for part in text.split("\r\n"))


def screen_output(stream: TextIO) -> TextIO:
    """Returns the stream without escapes, for a live screen, which moves the cursor.

    The caller escapes what is not its own.
    """
    return stream.stream if isinstance(stream, _VisibleOutput) else stream


def draw(text: str) -> None:
    """Writes to the screen at once, with the escapes that move the cursor."""
    output = screen_output(sys.stdout)
    output.write(text)
    output.flush()


class _VisibleOutput:
    """A text stream that writes only visible characters, and the styles of cards at a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> object:
        if name == "buffer":  # typer would write past the escapes
            raise AttributeError(name)
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        self.stream.write(self._with_styles(text) if "\x1b" in text else visible(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.write(line)

    def _with_styles(self, text: str) -> str:
        shown = visible(text)
        if self.stream.isatty():
            for style in _OWN_STYLES:
                shown = shown.replace(visible(style), style)
        return shown


def _escaped(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    return character.encode("unicode_escape").decode()


def end_line() -> None:
    """Ends the terminal's line after `^C` or an unanswered question."""
    for stream in (sys.stderr, sys.stdout):
        with suppress(OSError, ValueError):
            if stream.isatty():
                stream.write("\n")
                stream.flush()
                return


def _open_null(number: int) -> None:
    # Else the next file or socket would get the number, and with it what is printed.
    null = os.open(os.devnull, os.O_WRONLY)
    if null != number:
        os.dup2(null, number)
        os.close(null)
