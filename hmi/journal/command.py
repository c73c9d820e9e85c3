"""Command group `handwheel journal`."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.journal import FIRST
from handwheel.tools.safe_text import printable

from ..people.signing import tell_no_gate
from ..shell.cli.exits import NO
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.ledger_wait import GateWatch, wait_for_change
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption, option_moment
from ..shell.terminal.wrap import fold
from .rows.row_line import audit_line, show_row, verdicts_line
from .shift_command import OutputOption, shift

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_POLL_S = 0.2
Write = Callable[[str], object]


class Format(StrEnum):
    """Format of an export."""

    JSONL = "jsonl"
    CSV = "csv"
    REPORT = "report"


@app.command("tail")
def tail(
    count: Annotated[int, typer.Option("--lines", "-n", min=0, help="Number of rows.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new rows.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the last rows of the journal.

    Exit codes: 0 shown, 2 wrong usage or configuration, 3 no gate runs whose rows could be waited
    for, 130 stopped by Ctrl-C.
    """
    with connect.open_ledger(open_site(site)) as database:
        if not follow:  # else waiting says it
            tell_no_gate(database)
        head = database.head()
        last = max((head.seq if head else 0) - count, 0)
        watch = GateWatch(database, "no row comes")
        while True:
            for row in database.journal(after=last):
                last = row.seq
                typer.echo(show_row(row, as_json=as_json))
            if not follow:
                return
            sys.stdout.flush()
            wait_for_change(database, _POLL_S)
            watch.tell()


@app.command("verify")
def verify(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Verify the whole journal.

    Checks chain, anchors, signatures, transitions, quorum and read-backs.

    Exit codes: 0 no faults, 1 faults, 2 wrong usage or configuration.
    """
    from handwheel.tools.guardrails.audit.audit import audit
    from handwheel.tools.guardrails.identity.roster import load_roster
    from handwheel.tools.guardrails.policy.policy import load_policy

    opened = open_site(site)
    with connect.open_journal(opened) as journal:
        policy = load_policy(opened)
        found = audit(journal, opened, load_roster(opened), policy.satisfied)
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        for fault in found.faults:
            typer.echo(fold(f"WRONG  {printable(fault)}"))
        if found.decisions:
            typer.echo(fold(verdicts_line(found)))
        typer.echo(audit_line(found))
    if found.faults:
        raise SystemExit(NO)


@app.command("export")
def export(
    form: Annotated[
        Format, typer.Option("--format", help="JSON lines, CSV or a report.")
    ] = Format.JSONL,
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="First moment; a date or a time, UTC.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="First moment that is left out.")
    ] = None,
    request: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this request and its run.")
    ] = None,
    output: OutputOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Write the journal as JSON lines, as CSV, or as a report.

    JSON lines always contain the whole journal, so that they can be verified. The first line has
    the site, the number of rows, the last hash and the anchors.

    Exit codes: 0 written, 1 a report was written and the journal has faults, 2 wrong usage
    or configuration.
    """
    if form is Format.JSONL and (since or until or request):
        raise typer.BadParameter("JSON lines are always the whole journal", param_hint="--format")
    if as_json and output is None:
        raise typer.BadParameter("it needs --output, for the export itself", param_hint="--json")
    moments = (option_moment(since, "--since"), option_moment(until, "--until"))
    if moments[0] and moments[1] and moments[0] > moments[1]:
        raise typer.BadParameter("--since is later than --until", param_hint="--since")
    opened = open_site(site)
    with connect.open_ledger(opened) as database:
        if output is None:
            is_sound = _write(form, database, opened, moments, request, sys.stdout.write)
        else:
            # The file has the same bytes on every machine.
            with output.open("x", encoding="utf-8", newline="") as file:
                is_sound = _write(form, database, opened, moments, request, file.write)
    if output is not None:
        tell_result(path=str(output), format=form.value, sound=is_sound)
    if not is_sound:
        raise SystemExit(NO)


app.command("shift")(shift)


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The copy; must not exist.")],
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Copy ledger and anchors while they are in use, and check the copy.

    The anchors are written to FILE.anchors. Nothing is overwritten.

    Exit codes: 0 copied, 2 the file exists, or the ledger cannot be read.
    """
    from handwheel.tools.guardrails.ledger.store.backup import back_up

    with connect.open_ledger(open_site(site)) as database:
        copy = back_up(database.journal(), database.site, file)
    typer.echo(f"{copy.path}: {copy.rows} rows, head {copy.head}")
    typer.echo(f"{copy.path}: SHA-256 {copy.sha256}")
    typer.echo(f"{copy.anchors}: its anchors")
    tell_result(
        path=str(copy.path), rows=copy.rows, head=copy.head, sha256=copy.sha256,
        anchors=str(copy.anchors),
    )  # fmt: skip


def _write(
    form: Format,
    database: Ledger,
    site: Site,
    moments: tuple[datetime | None, datetime | None],
    request: str | None,
    write: Write,
) -> bool:
    """Writes the journal, and returns `False` if a report has faults."""
    if form is Format.JSONL:
        _export(database, write)
        return True
    from .export import export_report, export_table
    from .report.report import Selection
    from .rows.entries import Period

    selection = Selection(Period(*moments), request)
    if form is Format.CSV:
        export_table(database, selection, write)
        return True
    return export_report(database, site, selection, write)


def _export(database: Ledger, write: Write) -> None:
    # Anchors first: they are written after the commits, so each names a row that is read below.
    anchors = database.anchor_lines()
    rows = list(database.journal())
    head = rows[-1].hash if rows else FIRST
    heading = {
        "export": "journal/1",
        "site": database.site,
        "rows": len(rows),
        "head": head,
        "anchors": anchors,
    }
    write(json.dumps(heading) + "\n")
    for row in rows:
        # The canonical text itself, because numbers must keep the form in which they were hashed.
        write(f'{_visible_json(row.text)[:-1]},"hash":"{row.hash}"}}\n')


def _visible_json(text: str) -> str:
    """Returns the same document with JSON escapes for characters that could steer a terminal."""
    return "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)
