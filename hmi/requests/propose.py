"""Submits a request of a person, with current readings and a signature."""

from collections.abc import Callable, Sequence

import typer

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.hints import next_step
from handwheel.tools.guardrails.approval.build_request import (
    BuildContext,
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.propose import Propose
from handwheel.tools.guardrails.interlocks.blocking import check_files
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_exactly
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import meaning_of
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.duration_text import exact_span
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import instant_now
from handwheel.tools.requests.values import check_not_already, parse_value, split_assignment
from handwheel.tools.safe_text import plain, printable

from ..people.signing import Signer, next_approvals, sign_statement
from ..shell.cli.field_lines import print_lines
from ..shell.terminal.cancellable_prompt import ask_in_thread
from ..shell.terminal.wrap import fold


async def propose_writes(
    decision_context: DecisionContext,
    assignments: Sequence[str],
    reason: str,
    open_key: Callable[[], Signer],
    *,
    terms: Terms = NO_TERMS,
) -> RequestRecord:
    """Submits a request of a person for assignments `TAG=VALUE`, prints its id and returns it.

    The passphrase is asked for after the assignments were checked.

    Raises:
        HandwheelError: Nothing was submitted.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: see `survey`.
    """
    site = decision_context.site
    writes = [_proposed_write(decision_context, each) for each in assignments]
    context = BuildContext(
        site, decision_context.policy, cross_limits(site, decision_context.policy)
    )
    tags = tags_to_survey(context, writes, terms)
    if (snapshot := read_snapshot(decision_context.database)) is not None:
        check_files(site, site.hashes, snapshot.hashes, "terminal")
    signer = await ask_in_thread(open_key)
    seen = await survey(site, tags, [write.tag for write in writes])
    check_not_already(((each.tag, each.value) for each in writes), seen.readings)
    now = instant_now()
    request, denial = make_request(
        context,
        writes,
        seen,
        Proposer(kind="person", name=signer.operator.person, key_id=signer.operator.key_id),
        reason,
        lockout_generations(decision_context.database, scopes(site, writes)),
        now,
        terms,
    )
    signed = sign_statement(decision_context.database, signer, _statement(request, signer), now)
    message = Propose(
        site=site.id,
        request=request,
        signed=signed,
        denial=denial.reason if denial else None,
    )
    submit(decision_context, message, now)
    record = load_exactly(decision_context.database, request.request_id)
    if denial:
        typer.echo(fold(f"{request.request_id}  DENIED  {printable(denial.reason)}"))
        for each in assignments:
            typer.echo(next_step("policy", "explain", each))
        return record
    _print(request)
    print_lines(next_approvals(decision_context, record, now))
    return record


def _statement(request: ActionRequest, signer: Signer) -> Statement:
    return Statement(
        verdict="propose",
        meaning=meaning_of("propose", request),
        role=min(signer.operator.roles),
        valid_s=request.within_s,
        digest=request.digest,
    )


def _print(request: ActionRequest) -> None:
    people = "another person" if request.quorum == 1 else f"{request.quorum} other people"
    roles = " and ".join(request.roles)
    typer.echo(f"{request.request_id}  {request.risk_class}, needs approval by {people}: {roles}")
    for each in request.recovery:
        span = exact_span(request.lease.for_s) if request.lease else ""
        back = f"{plain(each.tag)} → {printable(each.shown)} {printable(each.unit)}".rstrip()
        typer.echo(f"for {span}, then the gate writes {back}  (action {each.digest[:16]}…)")


def _proposed_write(decision_context: DecisionContext, assignment: str) -> ProposedWrite:
    name, text = split_assignment(assignment)
    tag = decision_context.site.find_tags([name])[0]
    return ProposedWrite(tag, parse_value(tag, text))
