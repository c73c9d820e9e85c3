"""`handwheel requests`: what is asked for, and a person's word on it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.site import Site
from handwheel.tools.errors import InvalidArguments, PermitRefused
from handwheel.tools.guardrails.deciding import decide
from handwheel.tools.guardrails.decisions import (
    ActionVerdict,
    RequestVerdict,
    meaning_of,
    meaning_of_subject,
)
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request, load_requests
from handwheel.tools.guardrails.ledger.transitions import (
    OPEN_REQUESTS,
    UNRESOLVED_ACTIONS,
    RequestState,
)
from handwheel.tools.requests.stamps import instant_now

from ..asking import ask, look, role_for, settled, sign_approval
from ..card_text import has_colour, render_card
from ..exits import CONFIGURATION, NO, WAITING, fail, run
from ..following import follow
from ..open_site import open_site
from ..options import JsonOption, SiteOption
from ..prompt import Answer, confirm
from ..request_lines import request_fields, request_line
from ..signing import Signer, Statement, find_person, open_bench, open_signer, sign_statement

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)

_RESOLVE_S = 120.0

RequestArgument = Annotated[str, typer.Argument(metavar="ID", help="Or the beginning of it.")]
AsOption = Annotated[
    str | None,
    typer.Option("--as", metavar="PERSON", help="Who signs; else the one with a key here."),
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="Else it is asked for; mode 600."),
]


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
        records = load_requests(bench.database)
        open_ = [each for each in records if every or _is_of_interest(each)]
    if as_json:
        typer.echo(json.dumps([request_fields(each) for each in open_]))
        return
    for each in open_:
        typer.echo(request_line(each, now))
    if not open_:
        typer.echo("no requests" if every else "nothing waits; --all lists those that are over")


def _is_of_interest(record: RequestRecord) -> bool:
    is_held = any(each.state in UNRESOLVED_ACTIONS for each in record.actions)
    return is_held or record.state in OPEN_REQUESTS


@app.command("show")
def show(name: RequestArgument, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show the card of a request as the plant is now, and where its actions stand."""
    with open_bench(open_site(site)) as bench:
        now = instant_now()
        sweep(bench.database, now)
        record = load_request(bench.database, name)
        card = look(bench, record, now)
        if as_json:
            typer.echo(json.dumps(request_fields(record) | {"problems": card.problems}))
            return
        if record.state in OPEN_REQUESTS:
            for line in render_card(card, is_coloured=has_colour()):
                typer.echo(line)
        typer.echo(request_line(record, now))
        for each in record.actions:
            typer.echo(f"  {each.action_id}  {each.state}  {each.reason}".rstrip())


@app.command("propose")
def propose(
    assignments: Annotated[
        list[str], typer.Argument(metavar="TAG=VALUE…", help="Such as P-101B.run_cmd=true.")
    ],
    reason: Annotated[str, typer.Option(help="Why; whoever approves reads it.")],
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
        if digest is None or passphrase_file is None:
            state = ask(bench, record, lambda: open_signer(opened, operator, None))
        else:
            if digest != record.digest:
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
    reason: Annotated[str, typer.Option(help="Why; the journal keeps it.")],
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
) -> None:
    """Say no to a request that waits."""
    _object(open_site(site), name, "reject", reason, person, passphrase_file)


@app.command("revoke")
def revoke(
    name: RequestArgument,
    reason: Annotated[str, typer.Option(help="Why; the journal keeps it.")],
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
    """Say what became of a write whose outcome is unknown or wrong; its equipment is free then."""
    if applied is None:
        fail("say --applied or --not-applied: look at the plant first", CONFIGURATION)
    opened = open_site(site)
    with open_bench(opened) as bench:
        record = load_request(bench.database, name)
        held = [each for each in record.actions if each.state in UNRESOLVED_ACTIONS]
        wanted = [each for each in held if "/" not in name or each.action_id == name.upper()]
        if not wanted:
            raise InvalidArguments(f"{name} has no action whose outcome is unknown or wrong")
        operator = find_person(
            opened, bench.roster, person, instant_now().wall, administrator=False
        )
        action = wanted[0]
        card = look(bench, record, instant_now())
        for line in render_card(card, is_coloured=has_colour()):
            typer.echo(line)
        typer.echo(f"{action.action_id}  {action.state}  {action.reason}")
        if passphrase_file is None and not _is_meant(applied=applied):
            raise SystemExit(NO)
        signer = open_signer(opened, operator, passphrase_file)
        verdict: ActionVerdict = "resolve-applied" if applied else "resolve-not-applied"
        request, now = record.request, instant_now()
        statement = Statement(
            verdict=verdict,
            meaning=meaning_of_subject(verdict, action.action_id),
            role=role_for(bench, operator, request),
            valid_s=request.within_s,
            digest=request.digest,
            subject=action.action_id,
            card=card.digest,
        )
        signed = sign_statement(bench.database, signer, statement, now)
        state = decide(bench, signed, card.text, now)
        typer.echo(f"{request.request_id}  {state}")


def _is_meant(*, applied: bool) -> bool:
    word = "applied" if applied else "not applied"
    answer = confirm(f'\nType "{word}" if you have seen it at the plant: ', word, _RESOLVE_S)
    if answer is not Answer.YES:
        typer.echo("nothing was recorded")
    return answer is Answer.YES
