"""Durations such as `500 ms`, `30s`, `10 min`, `1h` and `7 d`."""

import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

_SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_PATTERN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)", re.ASCII)


def parse_duration(text: object) -> float:
    """Returns a duration in seconds of a number and ms, s, min, h or d, such as `500 ms`.

    Raises:
        ValueError: The text is anything else, also a number without a unit.
    """
    match = _PATTERN.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        raise ValueError(f"{text!r} is no duration; write a number and ms, s, min, h or d: 500 ms")
    return float(match[1]) * _SECONDS[match[2]]


def between(low_s: float, high_s: float, words: str) -> AfterValidator:
    """Returns the check that a duration lies between two, which the words name."""

    def check(seconds: float) -> float:
        if not low_s <= seconds <= high_s:
            raise ValueError(f"must lie between {words}")
        return seconds

    return AfterValidator(check)


def format_duration(seconds: float) -> str:
    """Returns a duration such as `0.5 s`, `12 s`, `3 min 20 s` or `2 h 05 min`."""
    if seconds < 10.0:
        return f"{seconds:.3g} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"


_Written = Annotated[str, Field(pattern=rf"^\s*{_PATTERN.pattern}\s*$")]
Duration = Annotated[float, BeforeValidator(parse_duration, json_schema_input_type=_Written)]
"""A pydantic field in seconds, written as text with a unit."""
