"""Trends as text with two by four Braille dots to a character."""

from collections.abc import Sequence
from dataclasses import dataclass

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # rows from the top
_LIMIT = "┄"
_MARK = "×"
_APART = 3  # columns of dots from one to the next of a dotted series


@dataclass(frozen=True, slots=True)
class TrendScale:
    """The vertical axis of a trend, in the tag's unit, with limits to draw."""

    low: float
    high: float
    limit: float | None = None
    others: Sequence[float] = ()  # further limits

    @property
    def limits(self) -> Sequence[float]:
        """Every limit."""
        return self.others if self.limit is None else (self.limit, *self.others)


def trend(
    values: Sequence[float | None],
    width: int,
    height: int,
    scale: TrendScale,
    dotted: Sequence[float | None] = (),
    marks: Sequence[tuple[int, float]] = (),
) -> list[str]:
    """Returns `height` lines of `width` characters.

    Args:
        values: Equally spaced, oldest first; the last one stands at the right edge, `None`
            leaves a gap. Each column of dots shows the extremes of what falls into it.
        scale: Values outside are drawn at the edge.
        dotted: Another series over the same time, drawn with dots that stand apart.
        marks: Points that are marked, each by its index in `values` and its own value.
    """
    rows, columns = height * 4, width * 2
    cells = [[0] * width for _ in range(height)]
    previous: int | None = None
    for column, bucket in enumerate(_buckets(values, columns)):
        dots = [_row(value, scale, rows) for value in bucket]
        if not dots:
            previous = None
            continue
        joined = dots if previous is None else [*dots, previous]
        for row in range(min(joined), max(joined) + 1):
            cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
        previous = dots[-1]
    for column, bucket in enumerate(_buckets(dotted, columns)):
        if bucket and column % _APART == 0:
            row = _row(bucket[-1], scale, rows)
            cells[row // 4][column // 2] |= _DOTS[row % 4][column % 2]
    limits = {_row(each, scale, rows) // 4 for each in scale.limits}
    lines = [
        [_character(cell, is_limit=n in limits) for cell in line] for n, line in enumerate(cells)
    ]
    for n, value in marks:
        column = max(columns - len(values), 0) + n * min(columns, len(values)) // len(values)
        lines[_row(value, scale, rows) // 4][column // 2] = _MARK
    return ["".join(each) for each in lines]


def _buckets(values: Sequence[float | None], columns: int) -> list[list[float]]:
    if len(values) <= columns:
        padding: list[list[float]] = [[] for _ in range(columns - len(values))]
        return padding + [[] if value is None else [value] for value in values]
    buckets: list[list[float]] = [[] for _ in range(columns)]
    for n, value in enumerate(values):
        if value is not None:
            buckets[n * columns // len(values)].append(value)
    return buckets


def _row(value: float, scale: TrendScale, rows: int) -> int:
    share = (value - scale.low) / (scale.high - scale.low)
    return round((1.0 - min(max(share, 0.0), 1.0)) * (rows - 1))


def _character(cell: int, *, is_limit: bool) -> str:
    if cell:
        return chr(0x2800 + cell)
    return _LIMIT if is_limit else " "


def labelled(
    title: str,
    values: Sequence[float | None],
    width: int,
    height: int,
    scale: TrendScale,
    gutter: int = 0,
    dotted: Sequence[float | None] = (),
    marks: Sequence[tuple[int, float]] = (),
) -> list[str]:
    """Returns a trend under its title, `width` columns wide with the ends of its scale.

    Args:
        gutter: Least width of the scale, so that several trends stand under each other.
        dotted: Another series, see `trend`.
        marks: Points that are marked, each by its index in `values` and its own value.
    """
    labels = [""] * height
    labels[0], labels[-1] = f"{scale.high:g}", f"{scale.low:g}"
    for limit in scale.limits:
        row = _row(limit, scale, height * 4) // 4
        labels[row] = labels[row] or f"{limit:g}"
    gutter = max(gutter, *map(len, labels))
    lines = trend(values, width - gutter - 1, height, scale, dotted, marks)
    return [
        title,
        *(f"{label:>{gutter}}│{line}" for label, line in zip(labels, lines, strict=True)),
    ]
