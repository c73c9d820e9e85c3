"""OPC UA DataValues to ours: value, status and both times, none of them hidden."""

from datetime import UTC, datetime
from math import isfinite

from asyncua import ua

from ..tags import Kind, Tag
from ..values import (
    BAD_SENSOR_FAILURE,
    BAD_TYPE_MISMATCH,
    GOOD,
    DataValue,
    Quality,
    StatusCode,
    Value,
)


def decode(tag: Tag, result: ua.DataValue, server_time: datetime | None, now_s: float) -> DataValue:
    """Translates one result of a Read.

    Args:
        server_time: The server's clock in the same answer.
        now_s: Monotonic time of arrival, seconds.

    Returns:
        The value in the tag's type; one of another type comes as `BadTypeMismatch`, a
        float that is not a number as `BadSensorFailure`.
    """
    raw, status = plain(result)
    value: Value | None = None
    if status.quality is not Quality.BAD:
        value = _coerce(raw, tag.kind)
        if value is None:
            status = BAD_TYPE_MISMATCH
        elif isinstance(value, float) and not isfinite(value):
            value, status = None, BAD_SENSOR_FAILURE
    return DataValue(value, status, _utc(result.SourceTimestamp), _utc(server_time), now_s)


def plain(result: ua.DataValue) -> tuple[object, StatusCode]:
    """Returns what one result of a Read carries, of whatever type, and its status."""
    status = StatusCode(result.StatusCode.value) if result.StatusCode is not None else GOOD
    return (result.Value.Value if result.Value is not None else None), status


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


def _utc(time: datetime | None) -> datetime | None:
    if time is None or time.tzinfo is not None:
        return time
    return time.replace(tzinfo=UTC)
