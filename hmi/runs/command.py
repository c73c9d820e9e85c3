"""The commands `handwheel runs`."""

import json
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.run_orders import AskRun, FreeOrder, SignedOrder, order_in
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.runs import RunEntry, load_runs, newest_event
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.requests.timestamps import Instant, instant_now
from handwheel.tools.safe_text import plain

from ..people.lockout import system_user
from ..people.signing import find_operator, open_context, open_signer, open_to_list, submit_unsigned
from ..shell.cli.completion import complete_open_run, complete_run
from ..shell.cli.exits import WAITING
from ..shell.cli.field_lines import print_lines
from ..shell.cli.json_result import ResultOption, tell_result
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.cli.signer_options import AsOption, PassphraseOption
from ..shell.terminal.panel import card_width, has_colour
from ..shell.terminal.wrap import fold, folded
from .orders import (
    check_order_signer,
    check_state,
    follow_order,
    meaning_lines,
    roles_of,
    sign_order,
)
from .planned_command import planned, withdraw
from .run_screen import render_run, run_line
from .run_view import RunView, all_fields, find_run, run_fields, view_run
from .start_command import start

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_RUN = "Id of a run, or its beginning."
RunArgument = Annotated[str, typer.Argument(metavar="ID", help=_RUN, autocompletion=complete_run)]
OpenRunArgument = Annotated[
    str, typer.Argument(metavar="ID", help=_RUN, autocompletion=complete_open_run)
]
_INDENT = 12


@app.command("list")
def list_runs(
    every: Annotated[bool, typer.Option("--all", help="Also list finished runs.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open runs, their states and what they are waiting for.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    with open_to_list(opened) as database:
        now = instant_now()
        found = _views(database, now, every=every)
    if as_json:
        typer.echo(json.dumps([run_fields(each, now) for each in found]))
        return
    for each in found:
        words = filter(None, (run_line(each, now), each.next_order()))
        typer.echo(fold("; ".join(words), _INDENT))
    if not found:
        typer.echo("no runs" if every else f"no open run; {next_step('runs', 'list', '--all')}")


def _views(database: Ledger, now: Instant, *, every: bool) -> list[RunView]:
    """Returns the runs. A damaged run is reported and skipped."""
    found: list[RunView] = []
    for entry in load_runs(database, only_open=not every):
        try:
            found.append(view_run(database, entry, now))
        except LedgerError as error:
            sys.stderr.write(f"handwheel: skipped: {plain(str(error), 300)}\n")
    return found


@app.command("show")
def show(name: RunArgument, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show a run, its trigger, its evidence and its progress.

    Also its requests and the orders to it.

    Exit codes: 0 shown, 2 no such run or wrong configuration.
    """
    from .run_playbook import titles_of

    opened = open_site(site)
    with connect.open_ledger(opened) as database:
        now = instant_now()
        view = view_run(database, find_run(database, name), now)
    titles = titles_of(opened, view)
    if as_json:
        typer.echo(json.dumps(all_fields(view, titles, now)))
        return
    print_lines(render_run(view, titles, opened.id, now, card_width(), is_coloured=has_colour()))
    if step := view.next_order():
        typer.echo(step)


@app.command("hold")
def hold(name: OpenRunArgument, site: SiteOption = None, as_json: ResultOption = False) -> None:
    """Hold a run at the end of its step. This needs no key.

    Written values stay. A request that is not approved yet ends.

    Exit codes: 0 held, 1 refused, 2 no passphrase, wrong usage or configuration, 4
    recorded, but no agents have followed it yet.
    """
    _ask(open_site(site), name, "hold")


@app.command("stop")
def stop(name: OpenRunArgument, site: SiteOption = None, as_json: ResultOption = False) -> None:
    """Stop a run for good at the end of its step. This needs no key.

    Written values stay. To roll them back, abort the run.

    Exit codes: 0 stopped, 1 refused, 2 no passphrase, wrong usage or configuration, 4
    recorded, but no agents have followed it yet.
    """
    _ask(open_site(site), name, "stop")


def _add_signed(order: SignedOrder, help_text: str) -> None:
    """Adds the command by which a person signs an order to a run."""

    @app.command(order, help=help_text)
    def give(
        name: OpenRunArgument,
        person: AsOption = None,
        passphrase_file: PassphraseOption = None,
        site: SiteOption = None,
        as_json: ResultOption = False,
    ) -> None:
        _sign(open_site(site), name, order, person, passphrase_file)


_add_signed(
    "resume",
    """Resume a held run, signed. It requests the remaining steps again.

    Exit codes: 0 resumed, 1 refused, 2 no passphrase, wrong usage or configuration, 4
    recorded, but no agents have followed it yet.
    """,
)
_add_signed(
    "abort",
    """Roll a run back by the approved undo, signed.

    Exit codes: 0 rolled back, 1 refused, 2 no passphrase, wrong usage or configuration, 4
    recorded, but no agents have followed it yet.
    """,
)
_add_signed(
    "clear",
    """Release the equipment of an aborted run, signed.

    Check the plant first. Exit codes: 0 over, 1 refused, 2 no passphrase, wrong usage or
    configuration, 4 recorded, but no agents have followed it yet.
    """,
)
_add_signed(
    "signoff",
    """Sign off the step of a run that waits for a person.

    Do what it asks for first. Exit codes: 0 signed off, 1 refused, 2 no passphrase, wrong usage
    or configuration, 4 recorded, but no agents have followed it yet.
    """,
)


def _ask(site: Site, name: str, order: FreeOrder) -> None:
    with connect.open_ledger(site) as database:
        now = instant_now()
        entry = find_run(database, name)
        damage = _damage(database, entry, order, now)
        message = AskRun(site=site.id, run_id=entry.run_id, order=order, person=system_user())
        given = order_in(submit_unsigned(site, database, message, now))
        if damage:
            tell_result(run_id=entry.run_id, order=order, followed=False)
            words = f"handwheel: {damage}; the order was recorded nevertheless"
            sys.stderr.write(fold(words, _INDENT, sys.stderr) + "\n")
        if damage or not follow_order(database, given, entry.run_id):
            raise SystemExit(WAITING)


def _damage(database: Ledger, entry: RunEntry, order: FreeOrder, now: Instant) -> str:
    """Returns why the state of a run cannot be read, or an empty string.

    Whoever works on it may have it in memory and go on: no damage keeps people from stopping it.
    """
    try:
        check_state(view_run(database, entry, now), order)
    except LedgerError as error:
        return plain(str(error), 300)
    return ""


def _sign(site: Site, name: str, order: SignedOrder, person: str | None, file: Path | None) -> None:
    from .run_playbook import plan_of

    with open_context(site) as context:
        now = instant_now()
        entry = find_run(context.database, name)
        seen = newest_event(context.database, entry.run_id)
        view = view_run(context.database, entry, now)
        check_state(view, order)
        plan = plan_of(site, view)
        roles = roles_of(view, plan, order)
        operator = find_operator(
            context, person, partial(check_order_signer, context, view, order, roles)
        )
        print_lines(folded(meaning_lines(context.database, view, plan, order)))
        given = sign_order(
            context, view, order, seen, roles, operator, lambda: open_signer(site, operator, file)
        )
        if not follow_order(context.database, given, entry.run_id):
            raise SystemExit(WAITING)


app.command("start")(start)
app.command("planned")(planned)
app.command("withdraw")(withdraw)
