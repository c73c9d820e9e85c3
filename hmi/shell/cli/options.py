"""Options and arguments that several commands share."""

from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.config.durations import format_duration, parse_duration

from .completion import complete_case, complete_connection, complete_equipment
from .exits import fail

SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site",
        metavar="DIR",
        help="The site's folder. Default: HANDWHEEL_SITE, else the nearest site.yaml above.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
EquipmentArgument = Annotated[
    str,
    typer.Argument(
        metavar="EQUIPMENT",
        help="Its name in site.yaml, or site.",
        autocompletion=complete_equipment,
    ),
]
CaseArgument = Annotated[
    str,
    typer.Argument(
        metavar="ID", help="Id of a case, or its beginning.", autocompletion=complete_case
    ),
]
ConnectionArgument = Annotated[
    str,
    typer.Argument(
        metavar="CONNECTION",
        help="A connection of site.yaml.",
        autocompletion=complete_connection,
    ),
]


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
