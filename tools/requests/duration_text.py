"""Durations as they are shown and signed, not rounded."""

from handwheel.connectors.model.values import exact_text

_UNITS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0))


def exact_span(seconds: float) -> str:
    """Returns a duration in the largest unit that gives a whole number, such as `90 s`."""
    for unit, length_s in _UNITS:
        if seconds >= length_s and seconds % length_s == 0.0:
            return f"{exact_text(seconds / length_s)} {unit}"
    return f"{exact_text(seconds)} s"
