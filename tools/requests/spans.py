"""Lengths of time as a person signs them: nothing rounded away."""

from handwheel.connectors.model.values import exact_text

_UNITS = (("d", 86400.0), ("h", 3600.0), ("min", 60.0))


def exact_span(seconds: float) -> str:
    """Returns a length of time in the largest unit in which it is a whole number: `2 h`, `90 s`."""
    for unit, length_s in _UNITS:
        if seconds >= length_s and seconds % length_s == 0.0:
            return f"{exact_text(seconds / length_s)} {unit}"
    return f"{exact_text(seconds)} s"
