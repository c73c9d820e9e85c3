"""Counts with a singular or plural noun, and durations for a narrow column."""


def counted(number: int, what: str) -> str:
    """Returns `1 tag`, `2 tags`. More than one have an `s`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def span_text(seconds: float) -> str:
    """Returns a duration, not negative, such as `0.8 ms`, `42 ms`, `1.5 s` or `12 min`."""
    if seconds < 0.00995:
        return f"{seconds * 1000.0:.1f} ms"
    if seconds < 0.9995:
        return f"{seconds * 1000.0:.0f} ms"
    return age_text(seconds)


def age_text(seconds: float) -> str:
    """Returns an age such as `0.3 s`, `12 min` or `3.5 h`."""
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    if seconds < 5940.0:
        return f"{seconds / 60.0:.0f} min"
    if seconds < 172_800.0:
        return f"{seconds / 3600.0:.1f} h"
    return f"{seconds / 86_400.0:.0f} d"
