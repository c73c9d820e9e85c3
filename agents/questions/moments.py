"""Moments of the record at which a tag changed or began to move, in process time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from statistics import median

from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.tags import Tag

from .sources import Sources
from .trends import points_of, recorded

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


@dataclass(frozen=True, slots=True)
class Crossing:
    """Moment since which a value has been beyond a limit.

    Attributes:
        before_s: Process time from it to now.
        within_s: How exactly that is known.
        is_whole: It has been so in all that was recorded, so it began before.
        has_breaks: It was on the other side since then, each time for less than a slot.
    """

    before_s: float
    within_s: float
    is_whole: bool
    has_breaks: bool


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


def last_crossing(sources: Sources, tag: Tag, limit: float, sign: float) -> Crossing | None:
    """Returns since when a value has been above (sign 1) or below (-1) a limit.

    It is `None` where nothing was recorded.
    """
    slots: list[RecordedSlot] = []
    for last_s in LOOKED_S:
        slots = recorded(sources.window(tag.name, last_s, _SLOTS))
        if (inside := _last_inside(slots, limit, sign)) is not None:
            return _refined(sources, tag, slots, inside, limit, sign)
    if not slots:
        return None
    has_breaks = any(map(partial(_has_inside, limit, sign), slots))
    return Crossing(slots[0].before_s, slots[0].span_s, is_whole=True, has_breaks=has_breaks)


def _refined(
    sources: Sources,
    tag: Tag,
    slots: Sequence[RecordedSlot],
    inside: int,
    limit: float,
    sign: float,
) -> Crossing:
    """Returns the crossing after a slot, placed by the record of its time in shorter slots."""
    reach_s, until_s = slots[inside].before_s, _ends_s(slots[inside + 1 : inside + 2])
    has_breaks = any(map(partial(_has_inside, limit, sign), slots[inside + 2 :]))
    count = min(max(round(reach_s / _STEP_S), 1), _MOST_SLOTS)
    fine = recorded(sources.window(tag.name, reach_s, count))
    near = [each for each in fine if each.before_s > until_s]
    n = _last_inside(near, limit, sign)
    found, n = (fine, n) if n is not None else (slots, inside)
    last_s = _ends_s(found[n : n + 1])
    first_s = found[n + 1].before_s if n + 1 < len(found) else 0.0
    within_s = found[n].span_s + last_s - first_s
    return Crossing((last_s + first_s) / 2, within_s, is_whole=False, has_breaks=has_breaks)


def _ends_s(slots: Sequence[RecordedSlot]) -> float:
    """Returns the process time from the end of a slot to now, 0 without one."""
    return slots[0].before_s - slots[0].span_s if slots else 0.0


def _last_inside(slots: Sequence[RecordedSlot], limit: float, sign: float) -> int | None:
    """Returns the number of the last slot whose mean is not beyond a limit."""
    found = (n for n in reversed(range(len(slots)))
             if ((slots[n].mean or 0.0) - limit) * sign <= 0.0)  # fmt: skip
    return next(found, None)


def _has_inside(limit: float, sign: float, slot: RecordedSlot) -> bool:
    edge = slot.low if sign > 0.0 else slot.high
    return edge is not None and (edge - limit) * sign <= 0.0


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
