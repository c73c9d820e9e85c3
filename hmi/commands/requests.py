"""`handwheel requests`: what is asked for, and a person's word on it."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.site import Site
from handwheel.tools.errors import InvalidArguments, PermitRefused
from handwheel.tools.guardrails.deciding import check_open, decide
from handwheel.tools.guardrails.decisions import RequestVerdict, meaning_of
from handwheel.tools.guardrails.entitlement import check_approver, check_objector
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.records import (
    load_request,
    load_requests,
    load_unfinished,
)
from handwheel.tools.guardrails.ledger.transitions import (
    WAITING_REQUESTS,
    RequestState,
)
from handwheel.tools.guardrails.printable import plain
from handwheel.tools.requests.stamps import instant_now

from ..asking import ask, look, role_for, settled, sign_approval, signers
from ..card_layout import card_width, has_colour
from ..card_text import render_card
from ..exits import CONFIGURATION, NO, WAITING, fail, run
from ..following import follow
from ..open_site import open_site
from ..options import JsonOption, SiteOption
from ..outcome_text import render_request
from ..request_lines import action_line, request_fields, request_line
from ..resolving import resolve_action
from ..signer_options import AsOption, PassphraseOption, ReasonOption
from ..signing import Signer, Statement, find_person, open_bench, open_signer, sign_statement

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

RequestArgument = Annotated[str, typer.Argument(metavar="ID", help="Or the beginning of it.")]


@app.command("list")
def list_requests(
    every: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the requests that wait or are under way."""
    with open_bench(open_site(site)) as bench:
        now = instant_now()
        sweep(bench.database, now)
        load = load_requests if every else load_unfinished
        records = load(bench.database, pass_by=_warn_of_damage)
    if as_json:
        typer.echo(json.dumps([request_fields(each) for each in records]))
        return
    for each in records:
        typer.echo(request_line(each, now))
    if not records:
        typer.echo("no requests" if every else "nothing waits; --all lists those that are over")


def _warn_of_damage(name: str, fault: str) -> None:
    sys.stderr.write(f"handwheel: passed by {plain(name)}: {plain(fault)}\n")


@app.command("show")
def show(name: RequestArgument, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show a request's card as the plant is now, and its actions."""
    with open_bench(open_site(site)) as bench:
        now = instant_now()
        sweep(bench.database, now)
        record = load_request(bench.database, name)
        card = look(bench, record, now) if record.state in WAITING_REQUESTS else None
        if as_json:
            problems = card.problems if card else []
            typer.echo(json.dumps(request_fields(record) | {"problems": problems}))
            return
        width = card_width()
        lines = (
            render_card(card, width, is_coloured=has_colour(), is_whole=True)
            if card
            else render_request(record, signers(bench.database, record), width)
        )
        for line in (*lines, request_line(record, now)):
            typer.echo(line)
        for each in record.actions:
            typer.echo(f"  {action_line(each)}")


@app.command("propose")
def propose(
    assignments: Annotated[
        list[str], typer.Argument(metavar="TAG=VALUE", help="Such as P-101B.run_cmd=true.")
    ],
    reason: ReasonOption,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
) -> None:
    """Ask for writes. Somebody else approves them; nobody approves their own.

    Exit codes: 0 filed, 1 the policy denies it, 3 the plant cannot be read.
    """
    from ..proposing import propose_writes

    opened = open_site(site)
    state: list[RequestState] = []

    async def work() -> None:
        with open_bench(opened) as bench:
            operator = find_person(
                opened, bench.roster, person, instant_now().wall, administrator=False
            )

            def open_key() -> Signer:
                return open_signer(opened, operator, passphrase_file)

            state.append(await propose_writes(bench, assignments, reason, open_key))

    run(work())
    if state != [RequestState.PENDING]:
        raise SystemExit(NO)


@app.command("approve")
def approve(
    name: RequestArgument,
    digest: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="Unattended: the request's digest, from requests show."),
    ] = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
) -> None:
    """Look at a request, approve it, and follow what becomes of it.

    The card is shown, a word must be typed, then the passphrase of your key. Enter, Escape,
    the end of input, a pipe and a timeout all mean no. The form with --digest and
    --passphrase-file asks nothing; it is recorded as unattended and counts only where the
    policy says `unattended: simulated` and every device is our simulator on this machine.

    Exit codes: 0 every command is verified, 1 no, 4 another person must sign.
    """
    if (digest is None) != (passphrase_file is None):
        fail(
            "--digest and --passphrase-file belong together; leave both out to be asked",
            CONFIGURATION,
        )
    opened = open_site(site)
    with open_bench(opened) as bench:
        sweep(bench.database, instant_now())
        record = load_request(bench.database, name)
        operator = find_person(
            opened, bench.roster, person, instant_now().wall, administrator=False
        )
        check_open("approve", record, instant_now())
        check_approver(bench, record, operator, instant_now())
        if digest is None or passphrase_file is None:
            state = ask(bench, record, lambda: open_signer(opened, operator, None))
        else:
            if digest.lower() != record.digest:
                raise PermitRefused("the request has another digest; nothing was approved")
            signer = open_signer(opened, operator, passphrase_file)
            state = sign_approval(bench, record, signer, settled(bench, record))
        if state is None:
            raise SystemExit(NO)
        if state is RequestState.PARTIAL:
            typer.echo("signed; another person must sign as well")
            raise SystemExit(WAITING)
        if not follow(bench.database, record.request.request_id):
            raise SystemExit(NO)


@app.command("reject")
def reject(
    name: RequestArgument,
    reason: ReasonOption,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
) -> None:
    """Say no to a request that waits."""
    _object(open_site(site), name, "reject", reason, person, passphrase_file)


@app.command("revoke")
def revoke(
    name: RequestArgument,
    reason: ReasonOption,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
) -> None:
    """Take an approval back. A frame that is under way goes on."""
    _object(open_site(site), name, "revoke", reason, person, passphrase_file)


def _object(
    site: Site,
    name: str,
    verdict: RequestVerdict,
    reason: str,
    person: str | None,
    file: Path | None,
) -> None:
    with open_bench(site) as bench:
        sweep(bench.database, instant_now())
        record = load_request(bench.database, name)
        operator = find_person(site, bench.roster, person, instant_now().wall, administrator=False)
        check_open(verdict, record, instant_now())
        check_objector(bench, record.request, operator)
        signer = open_signer(site, operator, file)
        request, now = record.request, instant_now()
        statement = Statement(
            verdict=verdict,
            meaning=meaning_of(verdict, request),
            role=role_for(bench, operator, request),
            valid_s=request.within_s,
            digest=request.digest,
            comment=reason,
        )
        state = decide(bench, sign_statement(bench.database, signer, statement, now), None, now)
        typer.echo(f"{request.request_id}  {state}")


@app.command("resolve")
def resolve(
    name: Annotated[str, typer.Argument(metavar="ID", help="Of the request or the action.")],
    applied: Annotated[
        bool | None,
        typer.Option("--applied/--not-applied", help="What you found at the plant."),
    ] = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
) -> None:
    """Say what became of a write that is unknown or wrong.

    Look at the plant first. Sends nothing; its equipment is free then.
    """
    if applied is None:
        fail("say --applied or --not-applied: look at the plant first", CONFIGURATION)
    opened = open_site(site)
    with open_bench(opened) as bench:
        record = load_request(bench.database, name)
        wanted = [
            each
            for each in record.unresolved
            if "/" not in name or each.action_id.upper() == name.upper()
        ]
        if not wanted:
            raise InvalidArguments(f"{name} has no action whose outcome is unknown or wrong")
        operator = find_person(
            opened, bench.roster, person, instant_now().wall, administrator=False
        )
        state = resolve_action(
            bench,
            record,
            wanted[0],
            operator,
            lambda: open_signer(opened, operator, passphrase_file),
            applied=applied,
            is_asked=passphrase_file is None,
        )
        if state is None:
            raise SystemExit(NO)
        typer.echo(f"{record.request.request_id}  {state}")
