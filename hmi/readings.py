"""Readings as lines for people and fields for programs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue


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
            f"{tag.name:<{width}}  {tag.show(reading):>10} {tag.unit:<6}"
            f"{reading.status.name:<20}{reading.age_s(now_s):6.2f} s old"
        )


def reading_fields(reading: DataValue, now_s: float) -> dict[str, Any]:
    """Returns a reading as JSON fields."""
    return {
        "value": reading.value,
        "status": reading.status.name,
        "quality": reading.quality.value,
        "source_time": reading.source_time.isoformat() if reading.source_time else None,
        "age_s": round(reading.age_s(now_s), 3),
    }
