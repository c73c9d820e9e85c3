"""Preparation of standard output and standard error."""

import os
import sys
from contextlib import suppress
from io import TextIOWrapper


def make_writable() -> None:
    """Opens closed streams, and replaces characters that the encoding lacks by `?`."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            _open_null(number)
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):  # standard error escapes them by itself
        sys.stdout.reconfigure(errors="replace")


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
