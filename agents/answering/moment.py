"""Moment of a plan by the clock on the wall, such as tomorrow at noon."""

from datetime import date, datetime, time, timedelta

from handwheel.tools.errors import InvalidArguments

from .question import Question


def moment_of(question: Question, now: datetime) -> datetime:
    """Returns the moment that a question names, on the day of `now` or the next one if past.

    Nothing else in the question tells a time, since the grammar refuses each word that is left
    over.

    Args:
        now: By the clock on the wall of this machine, with its zone.

    Raises:
        InvalidArguments: The question names no time, a past one, or a date that does not exist.
    """
    if not question.at:
        raise InvalidArguments(
            "the question names no time; write one such as at 14:00, tomorrow at 14:00, or on "
            f"{now:%Y-%m-%d} at 14:00"
        )
    day, clock = _date_of(question.day, now.date()), time.fromisoformat(question.at)
    # A time without its zone follows the wall over a change to summer time.
    at = datetime.combine(day, clock).astimezone()
    if at > now:
        return at
    if question.day:
        raise InvalidArguments(f"{at:%Y-%m-%d %H:%M} is past")
    return datetime.combine(day + timedelta(days=1), clock).astimezone()


def _date_of(day: str, today: date) -> date:
    if day in {"", "today", "tonight"}:
        return today
    if day == "tomorrow":
        return today + timedelta(days=1)
    try:
        return date.fromisoformat(day)
    except ValueError:
        raise InvalidArguments(f"{day} is no date") from None
