"""Command `handwheel journal shift`, which writes the report of a shift."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.database import Ledger

from ..shell.cli.exits import NO
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import SiteOption


class ReportFormat(StrEnum):
    """Format of the report of a shift."""

    MD = "md"
    HTML = "html"


OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Standard output by default."),
]


def shift(
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Such as 06:00, UTC. Default: 8 h before the end."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Such as 14:00, UTC. Default: now.")
    ] = None,
    form: Annotated[
        ReportFormat, typer.Option("--format", help="Markdown or one HTML file.")
    ] = ReportFormat.MD,
    output: OutputOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Write the report of a shift, as Markdown or as one HTML file.

    It tells cases with what was asked, decided, written and kept, work orders, alarms, notices,
    lockouts and what stands open at its end. A time is the last such time of day, or a date.

    Exit codes: 0 written, 1 written and the journal has faults, 2 wrong usage or configuration.
    """
    if as_json and output is None:
        raise typer.BadParameter("it needs --output, for the report itself", param_hint="--json")
    opened = open_site(site)
    with connect.open_ledger(opened) as database:
        text, is_sound = _shift_text(database, opened, (since, until), form)
    if output is None:
        sys.stdout.write(text)
    else:
        with output.open("x", encoding="utf-8", newline="") as file:
            file.write(text)
        tell_result(path=str(output), format=form.value, sound=is_sound)
    if not is_sound:
        raise SystemExit(NO)


def _shift_text(
    database: Ledger, site: Site, times: tuple[str | None, str | None], form: ReportFormat
) -> tuple[str, bool]:
    from handwheel.tools.requests.timestamps import instant_now

    from .shift_report.build_report import build_report, written_report
    from .shift_report.shift_times import shift_times

    now = instant_now().wall
    try:
        since, until = shift_times(*times, now)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--since or --until") from None
    report, is_sound = build_report(database, site, since, until, now)
    return written_report(report, form.value), is_sound
