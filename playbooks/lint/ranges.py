"""Truth of a condition for all values within the ranges of its tags.

A range that leaves the truth open is split where a comparison with a constant turns, so that
`x > 0 or x < 500` is found to be always true.
"""

import re
from collections.abc import Iterator, Mapping
from math import inf, nextafter

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.tools.conditions import Condition, Truth
from handwheel.tools.conditions.operands import LARGEST_NUMBER

from ..language.intervals import Interval

_MOST_BOXES = 300
_PARTS = 1000
# Their value does not follow from the ranges, or not as an interval.
_LEFT_OPEN = re.compile(r"\b(?:good|age|min|max)\s*\(")
_WHOLE = (-LARGEST_NUMBER, LARGEST_NUMBER)

_Box = Mapping[str, tuple[float, float] | Value]  # by tag, the ends of a number, or another's value


def truth_within_ranges(condition: Condition, tags: Mapping[str, Tag]) -> Truth:
    """Returns the truth that a condition has for all values of its tags, else `UNKNOWN`.

    A tag without a range may have any value. `UNKNOWN` as well if the condition asks for quality
    or age, or is too complex.
    """
    read = [tags[name] for name in condition.tags]
    if not read or _LEFT_OPEN.search(condition.bound):
        return Truth.UNKNOWN
    boxes: list[_Box] = [{tag.name: tag.span or _WHOLE for tag in read if tag.kind == "float"}]
    found = Truth.UNKNOWN
    for _ in range(_MOST_BOXES):
        if not boxes:
            return found
        box = boxes.pop()
        cuts: dict[str, float] = {}
        truth = condition.evaluate(dict(_readings(box, cuts)))
        if truth is Truth.UNKNOWN:
            parts = list(_parts(box, cuts, read))
            if not parts:
                return Truth.UNKNOWN
            boxes += parts
        elif found not in {Truth.UNKNOWN, truth}:
            return Truth.UNKNOWN
        else:
            found = truth
    return Truth.UNKNOWN


def true_ranges(condition: Condition, tag: Tag) -> list[tuple[float, float]]:
    """Returns the parts of a tag's range in which a condition on this tag alone is true.

    A part of which it is not known is left out if it is narrower than a thousandth of the range.
    None if the condition asks for quality or age, or the tag is no float.
    """
    if tag.kind != "float" or _LEFT_OPEN.search(condition.bound):
        return []
    low, high = tag.span or _WHOLE
    least = (high - low) / _PARTS
    open_, found = [(low, high)], list[tuple[float, float]]()
    while open_:
        low, high = open_.pop()
        cuts: dict[str, float] = {}
        truth = condition.evaluate(dict(_readings({tag.name: (low, high)}, cuts)))
        if truth is Truth.TRUE:
            found.append((low, high))
        elif truth is Truth.UNKNOWN and tag.name in cuts:
            open_ += _around(low, high, cuts[tag.name])
        elif truth is Truth.UNKNOWN and high - low > least:
            open_ += [(low, (low + high) / 2), ((low + high) / 2, high)]
    return found


def _around(low: float, high: float, at: float) -> list[tuple[float, float]]:
    parts = [(low, nextafter(at, -inf)), (at, at), (nextafter(at, inf), high)]
    return [each for each in parts if each[0] <= each[1]]


def _readings(box: _Box, cuts: dict[str, float]) -> Iterator[tuple[str, DataValue]]:
    for name, held in box.items():
        value = Interval.of(*held, name, cuts) if isinstance(held, tuple) else held
        yield name, DataValue(value, GOOD, None, None, 0.0)


def _parts(box: _Box, cuts: Mapping[str, float], tags: list[Tag]) -> Iterator[_Box]:
    for name, at in cuts.items():
        ends = box[name]
        assert isinstance(ends, tuple)
        yield from ({**box, name: each} for each in _around(*ends, at))
        return
    for tag in tags:
        values: list[Value] = [True, False] if tag.kind == "bool" else list(tag.members.values())
        if tag.name not in box and values:
            yield from ({**box, tag.name: value} for value in values)
            return
