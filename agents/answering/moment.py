"""Moment that a question names by the clock on the wall, such as tomorrow at noon."""

import re
from datetime import date, datetime, time, timedelta

from handwheel.tools.errors import InvalidArguments

_CLOCK = re.compile(r"(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?![\d:])")
_DATE = re.compile(r"(?<![\d-])(\d{4}-\d{2}-\d{2})(?![\d-])")
_DAY = re.compile(r"\b(today|tonight|tomorrow)\b", re.IGNORECASE)
_UNCLEAR = re.compile(
    r"\b((mon|tues|wednes|thurs|fri|satur|sun)day|next|week|after|morning|afternoon|evening|noon"
    r"|midnight|a\.?m\.?|p\.?m\.?|utc|gmt|(in|within)\s+(\d+|an?|half))\b|o'?clock|\d\s*[ap]m\b",
    re.IGNORECASE,
)


def moment_of(text: str, now: datetime) -> datetime:
    """Returns the moment that a question names, on the day of `now` or the next one if past.

    Args:
        now: By the clock on the wall of this machine, with its zone.

    Raises:
        InvalidArguments: The question names no time, several, or an unclear or past one.
    """
    clocks = {(int(each[1]), int(each[2])) for each in _CLOCK.finditer(text)}
    days = {each[0].lower() for each in (*_DATE.finditer(text), *_DAY.finditer(text))}
    if len(clocks) != 1 or len(days) > 1 or _UNCLEAR.search(text):
        raise InvalidArguments(
            "the time is not clear; write one such as at 14:00, tomorrow at 14:00, or on "
            f"{now:%Y-%m-%d} at 14:00"
        )
    hour, minute = clocks.pop()
    day = days.pop() if days else ""
    # A time without its zone follows the wall over a change to summer time.
    at = datetime.combine(_date_of(day, now.date()), time(hour, minute)).astimezone()
    if at <= now and day:
        raise InvalidArguments(f"{at:%Y-%m-%d %H:%M} is past")
    return at if at > now else moment_of(f"tomorrow {hour:02d}:{minute:02d}", now)


def _date_of(day: str, today: date) -> date:
    if day in {"", "today", "tonight"}:
        return today
    if day == "tomorrow":
        return today + timedelta(days=1)
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise InvalidArguments(f"{day} is no date") from None
