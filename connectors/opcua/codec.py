"""Converts OPC UA DataValues into readings with value, status and both times."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import TypeGuard

from asyncua import ua

from ..model.coercion import scaled
from ..model.tags import Kind, NodeAddress, Tag
from ..model.values import (
    BAD_INDEX_INVALID,
    BAD_SENSOR_FAILURE,
    BAD_TYPE_MISMATCH,
    GOOD,
    Array,
    DataValue,
    Quality,
    StatusCode,
    Value,
)


def decode(tag: Tag, result: ua.DataValue, now_s: float) -> DataValue:
    """Translates one change of a value.

    Args:
        now_s: Monotonic time of arrival, seconds.

    Returns:
        The value in the tag's type and unit. A value of another type comes as `BadTypeMismatch`, a
        float that is not a number as `BadSensorFailure`. In an array, each element counts.
    """
    raw, status = plain(result)
    return reading(tag, raw, status, utc(result.SourceTimestamp), None, now_s)


def reading(
    tag: Tag,
    raw: object,
    status: StatusCode,
    source_time: datetime | None,
    server_time: datetime | None,
    now_s: float,
) -> DataValue:
    """Returns a tag's reading from the parts of a result. See `decode`."""
    value: Value | Array | None = None
    if status.quality is not Quality.BAD:
        value = _array(tag, raw) if tag.is_array else _scalar(tag, _unwrapped(tag, raw))
        if not _fits_index(tag, raw):
            value, status = None, BAD_INDEX_INVALID
        elif value is None:
            status = BAD_TYPE_MISMATCH
        elif not _is_finite(value):
            value, status = None, BAD_SENSOR_FAILURE
    return DataValue(value, status, source_time, server_time, now_s)


def plain(result: ua.DataValue) -> tuple[object, StatusCode]:
    """Returns the value, of any type, and the status in one result of a Read."""
    status = StatusCode(result.StatusCode.value) if result.StatusCode is not None else GOOD
    return (result.Value.Value if result.Value is not None else None), status


def utc(time: datetime | None) -> datetime | None:
    """Returns a time of the library as UTC."""
    if time is None or time.tzinfo is not None:
        return time
    return time.replace(tzinfo=UTC)


def _array(tag: Tag, raw: object) -> Array | None:
    if not _is_array(raw):
        return None
    elements = tuple(_scalar(tag, each) for each in _flat(raw))
    found = tuple(each for each in elements if each is not None)
    return found if len(found) == len(elements) else None


def _fits_index(tag: Tag, raw: object) -> bool:
    """Whether there are at most as many elements as requested. Otherwise they are others."""
    assert isinstance(tag.address, NodeAddress)
    if not tag.address.index or not _is_array(raw):
        return True
    most = 1
    for each in tag.address.index.split(","):
        low, _, high = each.partition(":")
        most *= int(high or low) - int(low) + 1
    return sum(1 for _ in _flat(raw)) <= most


def _unwrapped(tag: Tag, raw: object) -> object:
    """Returns the single element of an index, which a server sends as an array."""
    if _is_array(raw) and isinstance(tag.address, NodeAddress) and tag.address.index:
        elements = list(_flat(raw))
        return elements[0] if len(elements) == 1 else raw
    return raw


def _is_array(raw: object) -> TypeGuard[Sequence[object]]:
    return isinstance(raw, list | tuple)


def _flat(raw: Sequence[object]) -> Iterator[object]:
    for each in raw:
        if _is_array(each):
            yield from _flat(each)
        else:
            yield each


def _scalar(tag: Tag, raw: object) -> Value | None:
    value = _coerce(raw, tag.kind)
    if isinstance(value, float) and tag.is_scaled:
        return scaled(tag, value)
    return value


def _coerce(raw: object, kind: Kind) -> Value | None:
    if kind == "bool":
        return raw if isinstance(raw, bool) else None
    if kind == "string":
        return raw if isinstance(raw, str) else None
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    if kind == "float":
        return float(raw)
    return raw if isinstance(raw, int) else None


def _is_finite(value: Value | Array) -> bool:
    if isinstance(value, tuple):
        return all(_is_finite(each) for each in value)
    return not isinstance(value, float) or isfinite(value)
