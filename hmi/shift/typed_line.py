"""Line that a person is typing, which can be drawn again below other output."""

import codecs
import os
import termios
from collections.abc import Generator
from contextlib import contextmanager, suppress

from rich.cells import cell_len

from ..shell.cli.stdio import draw

_LONGEST = 4096
_ERASE, _WORD, _LINE, _END = {"\x7f", "\b"}, "\x17", "\x15", "\x04"
_INPUT, _LOCAL = 0, 3  # of what tcgetattr returns


@contextmanager
def unechoed(terminal: int) -> Generator[None]:
    """Lets this process echo what is typed, key by key. Ctrl-C and Ctrl-Z stay signals."""
    before = termios.tcgetattr(terminal)
    take_keys(terminal)
    try:
        yield
    finally:
        with suppress(termios.error):  # the terminal may be closed
            termios.tcsetattr(terminal, termios.TCSANOW, before)


def take_keys(terminal: int) -> None:
    """Sets the mode of `unechoed`, which a shell changes while the process is stopped."""
    with suppress(termios.error):
        mode = termios.tcgetattr(terminal)
        if mode[_LOCAL] & (termios.ECHO | termios.ICANON):
            mode[_INPUT] |= termios.ICRNL
            mode[_LOCAL] &= ~(termios.ECHO | termios.ICANON)
            termios.tcsetattr(terminal, termios.TCSANOW, mode)


class TypedLine:
    """Text typed since the last Enter, with the keys that correct it.

    Args:
        is_shown: Whether it is echoed.
    """

    def __init__(self, *, is_shown: bool = True) -> None:
        self.text = ""
        self.is_shown = is_shown
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._escape = ""  # beginning of a key that sends several characters

    def take(self, data: bytes) -> str | None:
        """Takes and echoes typed bytes, and returns the line at Enter, else `None`.

        What follows Enter is dropped. Ctrl-D on an empty line raises `EOFError`.
        """
        for character in self._decoder.decode(data):
            if self._escape:
                self._take_escape(character)
            elif character == "\n":
                line, self.text = self.text, ""
                draw("\n")
                return line
            elif character == _END and not self.text:
                raise EOFError
            else:
                self._edit(character)
        return None

    def _take_escape(self, character: str) -> None:
        """Drops arrow keys and the like, which are ESC, [ or O, and what ends with a letter."""
        is_first = self._escape == "\x1b"
        goes_on = character in "[O" if is_first else not ("@" <= character <= "~")
        self._escape = self._escape + character if goes_on else ""

    def _edit(self, character: str) -> None:
        if character == "\x1b":
            self._escape = character
        elif character in _ERASE:
            self._erase(1)
        elif character == _LINE:
            self._erase(len(self.text))
        elif character == _WORD:
            kept = self.text.rstrip().rpartition(" ")
            self._erase(len(self.text) - len(kept[0] + kept[1]))
        elif character.isprintable() and len(self.text) < _LONGEST:
            self.text += character
            self._echo(character)

    def _erase(self, count: int) -> None:
        erased = self.text[len(self.text) - count :] if count else ""
        self.text = self.text[: len(self.text) - len(erased)]
        self._echo("\b \b" * cell_len(erased))

    def _echo(self, text: str) -> None:
        if self.is_shown:
            draw(text)


def clear_row() -> None:
    """Makes room for a line in place of the prompt and of what was typed after it."""
    draw("\n" if os.environ.get("TERM") == "dumb" else "\r\x1b[K")
