"""Beginning and end of a shift from what was typed."""

import re
from datetime import datetime, timedelta

from ...shell.cli.options import parse_moment

_USUAL = timedelta(hours=8)
_DAY = timedelta(days=1)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)


def shift_times(since: str | None, until: str | None, now: datetime) -> tuple[datetime, datetime]:
    """Returns both times, UTC, by default the last 8 h.

    A time of day is the last one before `now`, or before the end of the shift.

    Raises:
        ValueError: One is no time, the end lies in the future, or before the beginning.
    """
    end = _moment(until, now) if until else now
    begin = _moment(since, end) if since else end - _USUAL
    if end > now:
        raise ValueError("a shift that has not ended yet is written until now")
    if begin >= end:
        raise ValueError(f"the shift would begin at {begin:%Y-%m-%d %H:%M}, at its end or later")
    return begin, end


def _moment(text: str, before: datetime) -> datetime:
    found = _TIME.fullmatch(text.strip())
    if not found:
        return _date(text)
    hour, minute = int(found[1]), int(found[2])
    moment = before.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return moment if moment < before else moment - _DAY


def _date(text: str) -> datetime:
    try:
        return parse_moment(text)
    except ValueError as error:
        raise ValueError(f"{error}, or 06:00 for the last such time of day") from None
