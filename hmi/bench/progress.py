"""Bar of the progress of a benchmark at a terminal."""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..shell.cli.stdio import screen_output


@contextmanager
def bar_of(episodes: int) -> Generator[Callable[[str], None]]:
    """Shows a bar, which the function that it gives moves on by one episode, with its name."""
    console = Console(file=screen_output(sys.stderr))
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("rest"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task("episodes", total=episodes)
        yield lambda name: bars.update(bar, advance=1, description=name)
