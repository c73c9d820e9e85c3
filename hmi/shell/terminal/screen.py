"""Whether there is a terminal to draw on."""

import sys

from rich.console import Console


def has_screen() -> bool:
    """Whether standard output is a terminal that can do more than print lines."""
    console = Console()  # knows TERM; FORCE_COLOR makes it take a pipe for a terminal
    return sys.stdout.isatty() and console.is_terminal and not console.is_dumb_terminal
