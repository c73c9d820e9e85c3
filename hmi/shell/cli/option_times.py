"""Durations and moments that options are given as text."""

from datetime import UTC, datetime
from math import inf

import typer

from handwheel.connectors.config.durations import format_duration, parse_duration

from .exits import fail


def option_s(text: str, option: str, least_s: float = 0.0, most_s: float = inf) -> float:
    """Returns the duration that an option names, in seconds, or ends the command."""
    try:
        seconds = parse_duration(text)
    except ValueError as error:
        fail(f"{option}: {error}")
    if seconds < least_s:
        fail(f"{option}: {text!r} must be at least {format_duration(least_s)}")
    if seconds > most_s:
        fail(f"{option}: {text!r} must be at most {format_duration(most_s)}")
    return seconds


def option_moment(text: str | None, option: str) -> datetime | None:
    """Returns the moment that an option names, or refuses the option."""
    try:
        return None if text is None else parse_moment(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def parse_moment(text: str) -> datetime:
    """Returns the moment of a date or time, by default in UTC. Raises `ValueError` for neither."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(
            f"{text!r} is no date and no time; write 2026-11-25 or 2026-11-25T08:50Z"
        ) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
