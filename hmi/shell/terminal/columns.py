"""Text in columns of minimal width."""

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet

from rich.cells import cell_len


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
