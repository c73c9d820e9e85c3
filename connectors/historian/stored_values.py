"""Values as they are kept: exactly, as far as SQLite can; in SQLite's own types."""

import math

from ..model.values import Array, Value

Stored = int | float | str | bytes | None

_LONGEST_TEXT = 1000  # beyond it a device's text is not worth the room, and is not known
_INT64 = range(-(2**63), 2**63)
_TRUTHS = (b"\0", b"\1")  # SQLite has no truths, and 1 is not true


def to_stored(value: Value | Array | None) -> Stored:
    """Returns a value as SQLite keeps it; nothing for what cannot be kept as it is.

    An integer beyond 64 bits with a sign is kept as a float, if there is one so large.
    """
    match value:
        case bool():
            return _TRUTHS[value]
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
    """Returns what was kept."""
    return value == _TRUTHS[1] if isinstance(value, bytes) else value


def number_of(value: Stored) -> float | None:
    """Returns what a trend shows of it; nothing for a text and for what is not finite."""
    match value:
        case bytes():
            return float(value == _TRUTHS[1])
        case int() | float():
            return float(value) if math.isfinite(value) else None
        case _:
            return None
