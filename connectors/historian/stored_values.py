"""Values in SQLite's own types, as exact as SQLite allows."""

import math

from ..model.values import Array, Value

Stored = int | float | str | bytes | None

_LONGEST_TEXT = 1000  # longer texts are not stored
_INT64 = range(-(2**63), 2**63)
_BOOLEANS = (b"\0", b"\1")  # SQLite has no booleans, and 1 is a number


def to_stored(value: Value | Array | None) -> Stored:
    """Returns a value as it is stored, beyond 64 bits as a float, or `None` if it cannot be."""
    match value:
        case bool():
            return _BOOLEANS[value]
        case int():
            return value if value in _INT64 else _as_float(value)
        case float():
            return None if math.isnan(value) else value
        case str():
            is_text = len(value) <= _LONGEST_TEXT and not _has_surrogates(value)
            return value if is_text else None
        case _:
            return None


def _as_float(value: int) -> float | None:
    try:
        return float(value)
    except OverflowError:
        return None


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= each <= "\udfff" for each in text)


def from_stored(value: Stored) -> Value | None:
    """Returns the value that was stored."""
    return value == _BOOLEANS[1] if isinstance(value, bytes) else value


def number_of(value: Stored) -> float | None:
    """Returns the number that a trend shows, if the value is finite and no text."""
    match value:
        case bytes():
            return float(value == _BOOLEANS[1])
        case int() | float():
            return float(value) if math.isfinite(value) else None
        case _:
            return None
