"""Readings as lines for people and fields for programs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handwheel.connectors.tags import Tag, as_plain
from handwheel.connectors.values import DataValue
from handwheel.tools.guardrails.printable import printable

from .short_value import short_value

_WIDTH = 60  # of a text or an array


def reading_lines(
    tags: Sequence[Tag], readings: Mapping[str, DataValue], now_s: float
) -> Iterator[str]:
    """Yields one line a tag: value, unit, status, age.

    Args:
        now_s: Monotonic time, seconds.
    """
    width = max((len(tag.name) for tag in tags), default=0)
    for tag in tags:
        reading = readings[tag.name]
        yield (
            f"{tag.name:<{width}}  {short_value(tag, reading, _WIDTH):>10} {printable(tag.unit):<6}"
            f"{reading.status.name:<20}{reading.age_s(now_s):6.2f} s old"
        )


def reading_fields(reading: DataValue, now_s: float) -> dict[str, Any]:
    """Returns a reading as JSON fields; an array is a list."""
    return {
        "value": as_plain(reading.value),
        "status": reading.status.name,
        "quality": reading.quality.value,
        "source_time": reading.source_time.isoformat() if reading.source_time else None,
        "age_s": round(reading.age_s(now_s), 3),
    }
