"""Deviation of a plant, with its time, its rate and its time to a limit."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

from handwheel.connectors.model.tags import Tag

from ..diagnosis.windows import Windows

ALARM = "alarm "
"""What stands before the name of an alarm in the id of its deviation."""
HYPOTHESIS = "hypothesis "
"""What stands before the id of a hypothesis in that of its deviation."""
SLOPE_WINDOW_S = 1800.0
"""Window of a slope, process time. A shorter one is too noisy for a time to a limit."""
STEADY_S = 10.0
"""Process time for which a change must last to count."""
_SURE = 2.0  # standard errors by which a slope must differ from none
_LONGEST_H = 24.0  # a limit that is further away is not told


@dataclass(frozen=True, slots=True)
class Deviation:
    """Alarm that is active, or hypothesis that continuous diagnosis has confirmed."""

    id: str  # such as `alarm VAH-101A` or `hypothesis bearing-worn P-101A`
    text: str
    equipment: frozenset[str]  # that it is about
    reach: frozenset[str]  # that, and the equipment where it shows
    since_s: float  # process time
    is_named: bool = False  # whether it is a hypothesis that no other one rivals


class Motion(NamedTuple):
    """Motion of a tag, and when it reaches the next limit."""

    tag: str
    unit: str
    value: float
    per_h: float
    limit: float | None = None
    kind: str = ""  # `alarm` or `trip`; empty if no limit comes
    in_min: tuple[float, float, float] = (0.0, 0.0, 0.0)  # expected, earliest and latest
    trip_min: float = inf  # when it trips; infinite if it does not move towards that
    label: str = ""  # description of the tag in the site's files

    @property
    def fields(self) -> dict[str, Any]:
        """Its fields as plain JSON."""
        moved = {
            "tag": self.tag, "unit": self.unit, "value": round(self.value, 4),
            "per_h": round(self.per_h, 4), **({"label": self.label} if self.label else {}),
        }  # fmt: skip
        if self.limit is None:
            return moved
        expected, earliest, latest = (round(each, 1) for each in self.in_min)
        return {
            **moved, "limit": self.limit, "kind": self.kind, "in_min": expected,
            "earliest_min": earliest, "latest_min": latest,
        }  # fmt: skip


def motions(names: Iterable[str], tags: Mapping[str, Tag], windows: Windows) -> list[Motion]:
    """Returns the tags that move for certain, the one that reaches a limit first before others."""
    found = [each for name in names if (each := _motion(tags[name], windows))]
    return sorted(found, key=lambda each: (each.limit is None, each.in_min[0], each.tag))


def _motion(tag: Tag, windows: Windows) -> Motion | None:
    slope, value = windows.slope(tag.name, SLOPE_WINDOW_S), windows.mean(tag.name, 60.0)
    if slope is None or value is None or abs(slope.per_h) <= _SURE * slope.error_per_h:
        return None
    moved = Motion(tag.name, tag.unit, value, slope.per_h, label=tag.label)
    error = _SURE * slope.error_per_h
    ahead = list(_ahead(tag, value, slope.per_h))
    trips = (abs(limit - value) for limit, kind in ahead if kind == "trip")
    if (trip_h := next(trips, inf) / abs(slope.per_h)) <= _LONGEST_H:
        moved = moved._replace(trip_min=trip_h * 60.0)
    for limit, kind in ahead:
        away = abs(limit - value)
        hours = away / abs(slope.per_h)
        if hours > _LONGEST_H:
            break
        earliest, latest = away / (abs(slope.per_h) + error), away / (abs(slope.per_h) - error)
        minutes = (hours * 60.0, earliest * 60.0, latest * 60.0)
        return moved._replace(limit=limit, kind=kind, in_min=minutes)
    return moved


def _ahead(tag: Tag, value: float, per_h: float) -> Iterator[tuple[float, str]]:
    """Yields the limits towards which a tag moves, the nearest first."""
    side = 1 if per_h > 0.0 else 0
    both = (tag.alarm[side], "alarm"), (tag.trip[side], "trip")
    limits = [(limit, kind) for limit, kind in both if limit is not None]
    yield from sorted(
        (each for each in limits if (each[0] > value) == (per_h > 0.0)),
        key=lambda each: abs(each[0] - value),
    )
