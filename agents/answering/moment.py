"""Moment that a question names by the clock on the wall, such as tomorrow at noon."""

import re
from datetime import date, datetime, time, timedelta

from handwheel.tools.errors import InvalidArguments

_CLOCK = re.compile(r"(?<![\d:.])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?![\d:])")
_WHEN = re.compile(
    rf"(?:\bon\s+)?(?P<day>\b\d{{4}}-\d{{2}}-\d{{2}}\b|\btoday\b|\btonight\b|\btomorrow\b)?\s*"
    rf"(?:,\s*)?\bat\s+{_CLOCK.pattern}(?:\s+(?:on\s+)?"
    r"(?P<after>\d{4}-\d{2}-\d{2}\b|today\b|tonight\b|tomorrow\b))?",
    re.IGNORECASE,
)  # the only form that is read, so that nothing else of a question is taken for a time
_OTHER = re.compile(
    r"\b(not|never|no|until|till|before|after|by|every|daily|each|yesterday|next|last|week\w*"
    r"|mon|tue|wed|thu|fri|sat|sun|\w+day|jan\w*|feb\w*|mar|march|apr\w*|may|jun\w*|jul\w*|aug\w*"
    r"|sep\w*|oct\w*|nov\w*|dec\w*|morning|afternoon|evening|noon|midnight|a\.?m\.?|p\.?m\.?|utc"
    r"|gmt|in|within|hours?|minutes?)\b|o'?clock|(?<![\w-])\d",
    re.IGNORECASE,
)  # words and numbers beside it that change when it is, or whether


def moment_of(text: str, now: datetime) -> datetime:
    """Returns the moment that a question names, on the day of `now` or the next one if past.

    Args:
        now: By the clock on the wall of this machine, with its zone.

    Raises:
        InvalidArguments: The question names no time, several, or an unclear or past one.
    """
    found = list(_WHEN.finditer(text))
    rest = _WHEN.sub(" ", text)
    days = [each for each in (found[0]["day"], found[0]["after"]) if each] if found else []
    if len(found) != 1 or len(days) > 1 or _OTHER.search(rest):
        raise InvalidArguments(
            "the time is not clear; write one such as at 14:00, tomorrow at 14:00, or on "
            f"{now:%Y-%m-%d} at 14:00"
        )
    hour, minute = int(found[0]["hour"]), int(found[0]["minute"])
    day = days[0].lower() if days else ""
    # A time without its zone follows the wall over a change to summer time.
    at = datetime.combine(_date_of(day, now.date()), time(hour, minute)).astimezone()
    if at <= now and day:
        raise InvalidArguments(f"{at:%Y-%m-%d %H:%M} is past")
    return at if at > now else moment_of(f"tomorrow at {hour:02d}:{minute:02d}", now)


def _date_of(day: str, today: date) -> date:
    if day in {"", "today", "tonight"}:
        return today
    if day == "tomorrow":
        return today + timedelta(days=1)
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise InvalidArguments(f"{day} is no date") from None
