"""Moments of the record at which a tag changed or began to move, in process time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.tags import Tag

from ..sources import Sources
from .trends import points_of

LOOKED_S = (3600.0, 21600.0, 86400.0)
"""Lengths of the record that are looked through, the shortest first."""
_SLOTS = 288
_STEP_S = 2.0  # of slots in which changes are looked for; a pulse is placed as exactly as that
_MOST_SLOTS = 2000
_LEAST_SHARE = 0.02  # of its range by which a value moves at least
_NOISE = 8.0  # usual differences of neighbouring means that are no move
_STILL = 2.0  # usual differences within which it has not begun to move
_ONSET = 0.03  # share of a move that is done where it begins


@dataclass(frozen=True, slots=True)
class Change:
    """Change of a tag, or a move of its value.

    Attributes:
        before_s: Process time from it to now.
        within_s: How exactly that is known.
        looked_s: Length of the record in which it was found.
    """

    tag: Tag
    before_s: float
    within_s: float
    before: float
    after: float
    looked_s: float


def changes(sources: Sources, tag: Tag, last_s: float) -> list[Change]:
    """Returns the changes of a switch, mode or set point in the last while, oldest first."""
    count = max(_SLOTS, min(round(last_s / _STEP_S), _MOST_SLOTS))
    return list(_steps(tag, sources.window(tag.name, last_s, count), last_s))


def _steps(tag: Tag, slots: Sequence[RecordedSlot], last_s: float) -> Iterator[Change]:
    held: float | None = None
    for each in slots:
        if each.mean is None or each.low is None or each.high is None:
            continue
        if held is None:
            held = each.low if each.low == each.high else None
            continue
        after = each.low if abs(each.low - held) > abs(each.high - held) else each.high
        if after == held:
            continue
        share = min(max((each.mean - held) / (after - held), 0.0), 1.0)  # of the time after it
        begun_s = each.before_s - each.span_s * (1.0 - share)
        yield Change(tag, begun_s, each.span_s, held, after, last_s)
        held = after


def last_change(
    sources: Sources, tag: Tag, after: float, lengths_s: Sequence[float] = LOOKED_S
) -> Change | None:
    """Returns the last change of a switch to a value, `None` where the record has none.

    Args:
        lengths_s: Of the record that is looked through, one after the other. Moments of one length
            are in their true order, even where the pace of the plant's clock has changed.
    """
    for last_s in lengths_s:
        found = [each for each in changes(sources, tag, last_s) if each.after == after]
        if found:
            return found[-1]
    return None


def last_move(
    sources: Sources, tag: Tag, sign: float, lengths_s: Sequence[float] = LOOKED_S
) -> Change | None:
    """Returns the last fall (sign -1) or rise (1) of a value, from its beginning to its end.

    See `last_change`.
    """
    low, high = tag.span or (0.0, 100.0)
    for last_s in lengths_s:
        slots = sources.window(tag.name, last_s, _SLOTS)
        points = points_of(slots)
        if len(points) < 3:
            continue
        usual = median(abs(b[1] - a[1]) for a, b in pairwise(points))
        least = max(_LEAST_SHARE * (high - low), _NOISE * usual)
        legs = [leg for leg in _legs([value for _, value in points], least) if leg[0] == sign]
        if legs:
            return _move(tag, points, legs[-1][1:], usual, last_s)
    return None


def _move(
    tag: Tag,
    points: Sequence[tuple[float, float]],
    ends: tuple[int, int],
    usual: float,
    last_s: float,
) -> Change:
    begin, end = ends
    size = abs(points[end][1] - points[begin][1])
    onset = max(n for n in range(begin, end) if abs(points[n][1] - points[begin][1])
                <= max(_ONSET * size, _STILL * usual))  # fmt: skip
    onset_s, before = points[onset][0], points[begin][1]
    return Change(tag, onset_s, last_s / _SLOTS, before, points[end][1], last_s)


def _legs(values: Sequence[float], least: float) -> Iterator[tuple[float, int, int]]:
    """Yields the moves by at least some size, each with its sign and its ends."""
    top = bottom = end = 0
    sign = 0.0
    for n, value in enumerate(values):
        top = n if value > values[top] else top
        bottom = n if value < values[bottom] else bottom
        if sign >= 0.0 and values[top] - value >= least:
            if sign:
                yield sign, end, top
            sign, end, bottom = -1.0, top, n
        elif sign <= 0.0 and value - values[bottom] >= least:
            if sign:
                yield sign, end, bottom
            sign, end, top = 1.0, bottom, n
    if sign:
        yield sign, end, top if sign > 0.0 else bottom


def recorded_s(sources: Sources, tag: Tag) -> float:
    """Returns how far back the record of a tag reaches, at most a day, in process time."""
    points = points_of(sources.window(tag.name, LOOKED_S[-1], _SLOTS))
    return points[0][0] if points else 0.0
