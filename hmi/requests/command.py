"""Command group `handwheel requests`."""

import json
from functools import cache, partial
from pathlib import Path
from typing import Annotated

import typer

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.approval.decide import check_open
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.session import ApprovalSession, current_card
from handwheel.tools.guardrails.client.request_fields import request_fields
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.ledger.listing import load_listed
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS, RequestState
from handwheel.tools.guardrails.signatures.decisions import RequestVerdict
from handwheel.tools.guardrails.signatures.entitlement import (
    check_approver,
    check_objector,
    check_resolver,
)
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation, parse_lease
from handwheel.tools.requests.timestamps import instant_now

from ..people.lockout_lines import lockout_lines
from ..people.signing import (
    Signer,
    context_of,
    find_operator,
    next_approvals,
    open_context,
    open_signer,
    open_to_list,
)
from ..shell.cli.exits import NO, WAITING, fail, run
from ..shell.cli.field_lines import print_lines
from ..shell.cli.json_result import ResultOption
from ..shell.cli.open_site import open_site
from ..shell.cli.options import JsonOption, SiteOption
from ..shell.cli.signer_options import AskedReasonOption, AsOption, PassphraseOption, ReasonOption
from ..shell.terminal.show import show as show_list
from ..shell.terminal.wrap import folded
from .approve import ask, check_digest, follow, sign_approval
from .arguments import (
    AssignmentArguments,
    ExpectOption,
    HeldArgument,
    LeaseOption,
    OpenArgument,
    RequestArgument,
    WaitingArgument,
)
from .request_text import request_columns, tell_request
from .request_view import whole_fields, whole_request
from .resolve import action_to_resolve, ask_reason, object_to, resolution_lines, resolve_action
from .write_followup import notes_on_requests, open_lines, open_lines_for

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_requests(
    every: Annotated[bool, typer.Option("--all", help="Include ended requests.")] = False,
    site: SiteOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the open requests.

    Exit codes: 0 listed, 2 wrong usage or configuration.
    """
    opened = open_site(site)
    with open_to_list(opened) as database:
        context = context_of(opened, database)
        now = instant_now()
        found = load_listed(context.database, every=every)
        snapshot = read_snapshot(context.database)
        notes = notes_on_requests(context.database, snapshot, now)
        open_ = open_lines(context.database)
        locked = lockout_lines(opened, context.database)
    after = [*open_, *(each.words for each in (snapshot.suspended if snapshot else ())), *locked]
    if not found and not open_:
        after.append("no requests" if every else "no open requests; --all includes ended ones")
    columns = request_columns(now, has_gate=snapshot is not None, notes=notes)
    show_list(found, columns, fields=request_fields, as_json=as_json, after=after)


@app.command("show")
def show(name: RequestArgument, site: SiteOption = None, as_json: JsonOption = False) -> None:
    """Show a request's card with current readings, and its actions.

    Exit codes: 0 shown, 2 no such request or wrong configuration.
    """
    with open_context(open_site(site)) as context:
        now = instant_now()
        record = load_request(context.database, name)
        card = current_card(context, record, now) if record.state in WAITING_REQUESTS else None
        if as_json:
            typer.echo(json.dumps(whole_fields(context, record, card, now)))
            return
        print_lines(whole_request(context, record, card, now))


@app.command("propose")
def propose(
    assignments: AssignmentArguments,
    reason: ReasonOption,
    for_: LeaseOption = None,
    expect: ExpectOption = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Submit a request for writes, which another person must approve.

    Exit codes: 0 submitted, 1 denied by the policy, 2 no passphrase, wrong usage or
    configuration, 3 no gate runs, or the plant cannot be read.
    """
    from .propose import propose_writes

    opened = open_site(site)
    terms = Terms(
        parse_lease(for_) if for_ is not None else None, tuple(map(parse_expectation, expect or ()))
    )
    state: list[RequestState] = []

    async def work() -> None:
        with open_context(opened) as context:
            operator = find_operator(context, person)

            def open_key() -> Signer:
                return open_signer(opened, operator, passphrase_file)

            record = await propose_writes(context, assignments, reason, open_key, terms=terms)
            tell_request(context.database, record)
            state.append(record.state)

    run(work())
    if state != [RequestState.PENDING]:
        raise SystemExit(NO)


@app.command("approve")
def approve(
    name: WaitingArgument,
    digest: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="For an unattended approval, from requests show."),
    ] = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Show a request, approve it, and follow it to its end.

    The command shows the card and asks for an expected text and for your passphrase. Enter,
    Escape, the end of input, a pipe and a time-out do not approve. With --digest and
    --passphrase-file it asks nothing. Such an approval is recorded as unattended and is valid
    only if the policy says `unattended: simulated` and every device is a simulator on this
    machine.

    Exit codes: 0 every command is verified, 1 not approved or not verified, 2 no passphrase, wrong
    usage or configuration, 4 another person must sign.
    """
    if (digest is None) != (passphrase_file is None):
        fail("give both --digest and --passphrase-file, or none of them")
    opened = open_site(site)
    with open_context(opened) as context:
        record = load_request(context.database, name)
        check_open("approve", record, instant_now())

        def check(approver: Operator) -> None:
            check_approver(context, record, approver, instant_now())

        operator = find_operator(context, person, check)
        check(operator)
        if digest is None or passphrase_file is None:
            state = ask(context, record, cache(lambda: open_signer(opened, operator, None)))
        else:
            check_digest(record, digest)
            signer = open_signer(opened, operator, passphrase_file)
            state = sign_approval(ApprovalSession.settled(context, record), signer)
        if state is None:
            tell_request(context.database, record)
            raise SystemExit(NO)
        if state is RequestState.PARTIAL:
            typer.echo("signed; another person must also sign")
            record = tell_request(context.database, record)
            print_lines(next_approvals(context, record, instant_now()))
            raise SystemExit(WAITING)
        is_verified = follow(context.database, record.request.request_id)
        tell_request(context.database, record)
        if not is_verified:
            raise SystemExit(NO)


@app.command("reject")
def reject(
    name: WaitingArgument,
    reason: AskedReasonOption = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Reject a request that waits for approval.

    Exit codes: 0 rejected, 1 refused, 2 no such request, no passphrase or wrong configuration.
    """
    _object(open_site(site), name, "reject", reason, person, passphrase_file)


@app.command("revoke")
def revoke(
    name: OpenArgument,
    reason: AskedReasonOption = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Revoke an approval. A frame that is already being sent is not recalled.

    Exit codes: 0 revoked, 1 refused, 2 no such request, no passphrase or wrong configuration.
    """
    _object(open_site(site), name, "revoke", reason, person, passphrase_file)


def _object(
    site: Site,
    name: str,
    verdict: RequestVerdict,
    reason: str | None,
    person: str | None,
    file: Path | None,
) -> None:
    with open_context(site) as context:
        record = load_request(context.database, name)
        check_open(verdict, record, instant_now())
        operator = find_operator(context, person, partial(check_objector, context, record.request))
        why = reason or ask_reason()
        state = object_to(
            context, record, verdict, why, operator, lambda: open_signer(site, operator, file)
        )
        tell_request(context.database, record)
        typer.echo(f"{record.request.request_id}  {state}")
        print_lines(folded(open_lines_for(context.database, record.request.request_id)))


@app.command("resolve")
def resolve(
    name: HeldArgument,
    applied: Annotated[
        bool | None, typer.Option("--applied/--not-applied", help="What you found at the plant.")
    ] = None,
    person: AsOption = None,
    passphrase_file: PassphraseOption = None,
    site: SiteOption = None,
    as_json: ResultOption = False,
) -> None:
    """Record the outcome of a write that is UNKNOWN or MISMATCH.

    Check the plant first. The command sends nothing and releases the equipment. Without
    --applied and --not-applied it asks.

    Exit codes: 0 recorded, 1 not confirmed or refused, 2 nothing to resolve, no passphrase or wrong
    configuration.
    """
    if applied is None and passphrase_file is not None:
        fail("give --applied or --not-applied; check the plant first")
    opened = open_site(site)
    with open_context(opened) as context:
        record = load_request(context.database, name)
        action = action_to_resolve(record, name)
        operator = find_operator(context, person, partial(check_resolver, context, record.request))
        resolved = resolve_action(
            context,
            record,
            action,
            operator,
            lambda: open_signer(opened, operator, passphrase_file),
            applied=applied,
            is_asked=passphrase_file is None,
        )
        if resolved is None:
            raise SystemExit(NO)
        after = tell_request(context.database, record)
        print_lines(
            folded(resolution_lines(after, action.action_id, operator, is_applied=resolved[1]))
        )
