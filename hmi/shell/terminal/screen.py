"""Detection of a terminal that can show a screen."""

import sys

from rich.console import Console


def has_screen() -> bool:
    """Returns whether standard output is a terminal that can show a screen."""
    console = Console()  # knows TERM; FORCE_COLOR makes it take a pipe for a terminal
    return sys.stdout.isatty() and console.is_terminal and not console.is_dumb_terminal
