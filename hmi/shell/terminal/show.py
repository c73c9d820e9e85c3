"""Lists of models as a table or as JSON. A noun adds its columns."""

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from operator import attrgetter
from typing import Generic, TypeVar

import typer
from rich.cells import cell_len

from handwheel.tools.safe_text import printable

from .wrap import fold, folded


def in_columns(
    rows: Sequence[Sequence[str]], gaps: Sequence[str], right: AbstractSet[int]
) -> Iterator[str]:
    """Yields each row as one line, without blanks at its end.

    A gap stands after each column but the last. The columns in `right` are aligned to the right.
    """
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = list[str]()
        for number, (text, width) in enumerate(zip(row, widths, strict=True)):
            blank = " " * (width - cell_len(text))
            cells.append(blank + text if number in right else text + blank)
        yield "".join(a + b for a, b in zip(cells, [*gaps, ""], strict=True)).rstrip()


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """Describes one column of a list.

    Args:
        title: Heading, where the list has one.
        value: Attribute of the model, or a function of the model. A cell is made printable.
        is_right: Whether its texts are aligned to the right.
        width: Least number of characters.
        gap: Blanks after it.
    """

    title: str
    value: str | Callable[[T], object]
    is_right: bool = False
    width: int = 0
    gap: int = 2

    def cell(self, model: T) -> str:
        """Returns the text of a model in this column."""
        value: object
        value = attrgetter(self.value)(model) if isinstance(self.value, str) else self.value(model)
        return f"{printable('' if value is None else str(value)):<{self.width}}"


def show(
    models: Iterable[T],
    columns: Sequence[Column[T]],
    *,
    fields: Callable[[T], object],
    as_json: bool,
    has_head: bool = False,
    after: Iterable[str] = (),
) -> None:
    """Prints a list as JSON, or as a table and the lines after it."""
    if as_json:
        typer.echo(json.dumps([fields(each) for each in models]))
        return
    for line in table_lines(models, columns, has_head=has_head):
        typer.echo(line)
    for line in folded(after):
        typer.echo(line)


def table_lines(
    models: Iterable[T], columns: Sequence[Column[T]], *, has_head: bool = False
) -> Iterator[str]:
    """Yields a line for each model, without the columns that are empty for all of them.

    At a terminal that is too narrow for the table each line is folded, without padding.
    """
    rows = [[each.cell(model) for each in columns] for model in models]
    if not rows:
        return
    used = [at for at in range(len(columns)) if any(row[at].strip() for row in rows)]
    head = [[each.title for each in columns]] if has_head else []
    cells = [[row[at] for at in used] for row in (*head, *rows)]
    gaps = [" " * columns[at].gap for at in used[:-1]]
    right = {number for number, at in enumerate(used) if columns[at].is_right}
    lines = [*in_columns(cells, gaps, right)]
    width = shutil.get_terminal_size().columns
    if sys.stdout.isatty() and max(map(len, lines)) > width:
        lines = [fold(_unpadded(row, [*gaps, ""])) for row in cells]
    yield from lines


def line_of(model: T, columns: Sequence[Column[T]]) -> str:
    """Returns a model as one line, without its empty columns."""
    return _unpadded([each.cell(model) for each in columns], [" " * each.gap for each in columns])


def _unpadded(cells: Sequence[str], gaps: Sequence[str]) -> str:
    return "".join(a + b for a, b in zip(cells, gaps, strict=True) if a.strip()).rstrip()
