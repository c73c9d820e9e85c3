"""The commands `handwheel cases`."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from handwheel.agents.deviations.case import SHADOW, Case, case_ids, load_case
from handwheel.agents.memory.alike_cases import alike_to_case
from handwheel.connectors.hints import NEXT, next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.runs import RunEntry
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.safe_text import plain

from ..people.signing import open_to_list
from ..runs.run_view import view_run
from ..shell.cli.open_site import open_site
from ..shell.cli.options import CaseArgument, JsonOption, SiteOption
from ..shell.terminal.wrap import fold
from .case_answer import answer, find_case, list_all, why_of
from .case_view import case_fields, case_line, case_lines, commands_of
from .case_why import Deliberated, why_lines, why_steps

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

ShadowOption = Annotated[
    bool, typer.Option("--shadow", help="Of the shadow, which files nothing: run --shadow.")
]
_INDENT = 12


@app.command("list")
def list_cases(
    every: Annotated[bool, typer.Option("--all", help="Also list closed cases.")] = False,
    shadow: ShadowOption = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open cases and the run that answers each.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = _opened(site, shadow)
    found: list[tuple[Case, str]] = []
    # A shadow has no gate.
    with (connect.open_ledger if shadow else open_to_list)(opened) as database:
        for each in case_ids(database, only_open=not every):
            try:
                case = load_case(database, each)
                found.append((case, _run_state(database, case)))
            except LedgerError as error:
                sys.stderr.write(f"handwheel: skipped: {plain(str(error), 300)}\n")
    if as_json:
        typer.echo(json.dumps([case_fields(each) for each, _ in found]))
        return
    for case, run_state in found:
        typer.echo(fold(case_line(case, run_state), _INDENT))
    if not found:
        typer.echo("no cases" if every else f"no open case; {list_all(shadow=shadow)}")


@app.command("show")
def show(
    name: CaseArgument,
    why: Annotated[
        bool, typer.Option("--why", help="Show step by step how it was judged.")
    ] = False,
    shadow: ShadowOption = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a case, its candidates and what would decide.

    Exit codes: 0 shown, 2 no such case or wrong configuration.
    """
    opened = _opened(site, shadow)
    with connect.open_ledger(opened) as database:
        case = load_case(database, find_case(database, name, shadow=shadow))
        rows, run_state = database.find_rows(case.case_id), _run_state(database, case)
        is_short = not (why or as_json)
        alike = alike_to_case(database, opened, case.case_id) if is_short else None
    steps = why_steps(rows, _deliberated(opened.state, case.case_id)) if why else []
    if as_json and why:
        typer.echo(json.dumps({"case_id": case.case_id, "steps": steps}))
        return
    if as_json:
        fields = [{**row.fields, "hash": row.hash} for row in rows]
        typer.echo(json.dumps(case_fields(case) | {"events": fields}))
        return
    for line in (
        why_lines(steps) if why else case_lines(case, rows, run_state, alike.lines if alike else ())
    ):
        typer.echo(fold(line, len(line) - len(line.lstrip()) + 2))
    if not why:
        typer.echo(f"  {why_of(case.case_id, shadow=shadow)}")
        for each in commands_of(case):
            typer.echo(f"  {NEXT}{each}")
    if run_state and not why:
        typer.echo(f"  {next_step('runs', 'show', case.run_id)}")


def _opened(site: Path | None, shadow: bool) -> Site:
    found = open_site(site)
    return replace(found, state=found.state / SHADOW) if shadow else found


def _run_state(database: Ledger, case: Case) -> str:
    """Returns the state of the run that answers a case, and that nobody works on it."""
    if not case.run_id or case.is_closed:
        return ""
    entry = RunEntry(case.run_id, "", True)
    view = view_run(database, entry, instant_now())
    left = ", the agents have stopped" if view.is_left else ""
    return f"{view.run.state}{left}"


app.command("answer")(answer)


def _deliberated(state: Path, case_id: str) -> Deliberated:
    from handwheel.agents.checkpoints import read_deliberations  # slow to import

    return read_deliberations(state, case_id)
