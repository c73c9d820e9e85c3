"""Bar of the progress of a benchmark at a terminal."""

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from ..shell.cli.stdio import screen_output


class _SinceColumn(ProgressColumn):
    """Seconds since the bar was moved on."""

    def render(self, task: Task) -> Text:
        return Text(f"for {monotonic() - task.fields['since_s']:.0f} s")


@contextmanager
def bar_of(names: Sequence[str]) -> Generator[Callable[[], None]]:
    """Shows the name that is awaited. The function that it gives moves on to the next one."""
    console = Console(file=screen_output(sys.stderr))
    columns = (
        TextColumn("{task.description}"), _SinceColumn(), BarColumn(10),
        TextColumn("rest"), TimeRemainingColumn(),
    )  # fmt: skip
    awaited = iter([*names, ""])
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bars:
        bar = bars.add_task(next(awaited), total=len(names), since_s=monotonic())

        def advance() -> None:
            bars.update(bar, advance=1, description=next(awaited), since_s=monotonic())

        yield advance
