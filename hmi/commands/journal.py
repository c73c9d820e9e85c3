"""`handwheel journal`: what happened, in a chain that shows where it was touched."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.site import Site
from handwheel.tools.guardrails.ledger.database import Database
from handwheel.tools.guardrails.ledger.journal import FIRST

from ..exits import NO
from ..journal_lines import audit_line, show_row
from ..open_site import open_site
from ..options import JsonOption, SiteOption

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_POLL_S = 0.2


@app.command("tail")
def tail(
    count: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many rows.")] = 20,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for more.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the last rows of the journal."""
    with open_ledger(open_site(site)) as database:
        head = database.head()
        last = max((head.seq if head else 0) - count, 0)
        while True:
            for row in database.journal(after=last):
                last = row.seq
                typer.echo(show_row(row, as_json=as_json))
            if not follow:
                return
            sys.stdout.flush()
            time.sleep(_POLL_S)


@app.command("verify")
def verify(site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Check the whole journal, and what it proves.

    That is: chain, anchors, signatures, transitions, quorum, read-backs.

    Exit codes: 0 nothing is wrong, 1 something is.
    """
    from handwheel.tools.guardrails.audit import audit
    from handwheel.tools.guardrails.operators import load_roster
    from handwheel.tools.guardrails.policy import load_policy

    opened = open_site(site)
    with open_ledger(opened) as database:
        policy = load_policy(opened)
        found = audit(database, opened, load_roster(opened), policy.satisfies)
    if as_json:
        typer.echo(
            json.dumps(
                {
                    "rows": found.rows,
                    "requests": found.requests,
                    "decisions": found.decisions,
                    "intents": found.intents,
                    "faults": list(found.faults),
                }
            )
        )
    else:
        for fault in found.faults:
            typer.echo(f"WRONG  {fault}")
        typer.echo(audit_line(found))
    if found.faults:
        raise SystemExit(NO)


@app.command("export")
def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Else standard output.")
    ] = None,
    site: SiteOption = None,
) -> None:
    """Write the whole journal as JSON lines, for an auditor of your own.

    The first line tells the site, the number of rows, the last hash and the anchors.
    """
    with open_ledger(open_site(site)) as database:
        if output is None:
            _export(database, sys.stdout.write)
            return
        with output.open("x", encoding="utf-8") as file:
            _export(database, file.write)


def _export(database: Database, write: Callable[[str], object]) -> None:
    # Anchors first: they follow the commits, so none can name a row that is not read after it.
    anchors = database.anchors.lines()
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
        # The canonical text itself: numbers keep the form in which they were hashed.
        write(f'{row.text[:-1]},"hash":"{row.hash}"}}\n')


def open_ledger(site: Site) -> Database:
    """Opens a site's ledger.

    Raises:
        LedgerError: It cannot be used.
    """
    return Database(site.state, site.id)
