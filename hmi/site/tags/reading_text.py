"""Readings as text and JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from handwheel.connectors.model.tags import Tag, as_plain
from handwheel.connectors.model.values import DataValue

from ...shell.terminal.show import Column, table_lines
from ...shell.terminal.truncate import short_value

_WIDTH = 60  # of a text or an array


def reading_lines(
    tags: Sequence[Tag], readings: Mapping[str, DataValue], now_s: float
) -> Iterator[str]:
    """Yields one line for each tag with value, unit, status and age at this monotonic time."""
    return table_lines(
        tags,
        [
            Column("tag", "name"),
            Column("value", lambda tag: short_value(tag, readings[tag.name], _WIDTH), True, gap=1),
            Column("unit", "unit"),
            Column("status", lambda tag: readings[tag.name].status.name),
            Column("age", lambda tag: f"{readings[tag.name].age_s(now_s):.2f} s old", True),
        ],
    )


def reading_fields(reading: DataValue, now_s: float) -> dict[str, Any]:
    """Returns a reading as JSON fields, an array as a list."""
    return {
        "value": as_plain(reading.value),
        "status": reading.status.name,
        "quality": reading.quality.value,
        "source_time": reading.source_time.isoformat() if reading.source_time else None,
        "age_s": round(reading.age_s(now_s), 3),
    }
