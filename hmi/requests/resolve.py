"""Signs decisions of a person other than approvals, and asks for what they need."""

from collections.abc import Callable, Iterator

import typer

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.cards.outcome_card import (
    Outcome,
    found_after,
    make_outcome,
)
from handwheel.tools.guardrails.approval.decide import Decide, check_open
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.session import role_for
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_exactly
from handwheel.tools.guardrails.ledger.store.states import ActionRecord, ActionState, RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    ActionVerdict,
    RequestVerdict,
    meaning_of,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.entitlement import check_objector, check_resolver
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.reasons import reason_fault
from handwheel.tools.requests.timestamps import instant_now

from ..people.signing import Signer, sign_statement
from ..shell.cli.field_lines import print_lines
from ..shell.terminal.panel import card_width
from ..shell.terminal.prompt import NO_TERMINAL, PromptAnswer, ask_text, confirm
from ..shell.terminal.wrap import folded
from .request_view import render_outcome

_REASON_S = 120.0


def ask_reason() -> str:
    """Asks for a reason at the terminal. Raises `InvalidArguments` without a valid one."""
    reason = ask_text("Reason: ", _REASON_S)
    if not reason:
        raise InvalidArguments("no reason was given, so nothing was changed; give --reason")
    if fault := reason_fault(reason):
        raise InvalidArguments(f"nothing was changed: the reason {fault.reason}")
    return reason


def object_to(
    context: DecisionContext,
    record: RequestRecord,
    verdict: RequestVerdict,
    reason: str,
    operator: Operator,
    open_key: Callable[[], Signer],
) -> RequestState:
    """Signs a rejection or a revocation, submits it, and returns the new state.

    Raises:
        GuardrailError: The request cannot be rejected or revoked now, or not by this person.
        HandwheelError: There is no passphrase, or the key cannot be used.
    """
    check_open(verdict, record, instant_now())
    check_objector(context, record.request, operator)
    signer = open_key()
    request, now = record.request, instant_now()
    statement = Statement(
        verdict=verdict,
        meaning=meaning_of(verdict, request),
        role=role_for(context, operator, request.roles, request.written),
        valid_s=request.within_s,
        digest=request.digest,
        comment=reason,
    )
    signed = sign_statement(context.database, signer, statement, now)
    submit(context, Decide(site=context.site.id, signed=signed), now)
    return load_exactly(context.database, request.request_id).state


_ANSWER_S = 120.0


def action_to_resolve(record: RequestRecord, name: str) -> ActionRecord:
    """Returns the first action with an unknown or wrong outcome, or the one of a full id.

    Raises:
        InvalidArguments: There is none.
    """
    for each in record.unresolved:
        if "/" not in name or each.action_id.upper() == name.upper():
            return each
    raise InvalidArguments(f"{name} has no action whose outcome is unknown or wrong")


def resolve_action(
    context: DecisionContext,
    record: RequestRecord,
    action: ActionRecord,
    operator: Operator,
    open_key: Callable[[], Signer],
    *,
    applied: bool | None,
    is_asked: bool,
) -> tuple[RequestState, bool] | None:
    """Shows what is known of a write, asks for confirmation and passphrase, and signs.

    Args:
        action: An action in state UNKNOWN or MISMATCH.
        applied: What the person has found at the plant; `None` asks for it.
        is_asked: Whether the confirmation must be typed.

    Returns:
        The new state of the request, and whether it was applied; `None` without confirmation.

    Raises:
        GuardrailError: The person may not resolve it, or the signature is not valid.
    """
    request = record.request
    check_resolver(context, request, operator)
    outcome = _outcome(context, record, action.action_id)
    print_lines(folded(render_outcome(outcome, card_width())))
    found = _found(applied) if is_asked else applied
    if found is None:
        return None
    signer = open_key()
    verdict: ActionVerdict = "resolve-applied" if found else "resolve-not-applied"
    statement = Statement(
        verdict=verdict,
        meaning=meaning_of_subject(verdict, action.action_id),
        role=role_for(context, operator, request.roles, request.written),
        valid_s=request.within_s,
        digest=request.digest,
        subject=action.action_id,
        card=outcome.digest,
    )
    now = instant_now()
    signed = sign_statement(context.database, signer, statement, now)
    submit(context, Decide(site=context.site.id, signed=signed, card=outcome.text), now)
    return load_exactly(context.database, request.request_id).state, found


def resolution_lines(
    record: RequestRecord, action_id: str, operator: Operator, *, is_applied: bool
) -> Iterator[str]:
    """Yields what was recorded about an action, as its request stands after it."""
    expected = ActionState.RESOLVED_APPLIED if is_applied else ActionState.RESOLVED_NOT_APPLIED
    yield f"{action_id}  {expected}  by {operator.person}"
    yield "  ".join((record.request.request_id, *record.status))


def _outcome(context: DecisionContext, record: RequestRecord, action_id: str) -> Outcome:
    now = instant_now()
    return make_outcome(
        record,
        action_id,
        found=found_after(context.database, action_id),
        tags=context.site.tags,
        snapshot=read_snapshot(context.database),
        now=now,
    )


def _found(applied: bool | None) -> bool | None:
    """Returns what the person types that they found, or `None`."""
    if applied is not None:
        return applied if _is_confirmed("applied" if applied else "not applied") else None
    typed = ask_text('\nType "applied" or "not applied", as you found it: ', _ANSWER_S) or ""
    found = {"applied": True, "not applied": False}.get(" ".join(typed.lower().split()))
    if found is None:
        typer.echo("nothing was recorded; check the plant, then type one of the two")
    return found


def _is_confirmed(word: str) -> bool:
    answer = confirm(f'\nType "{word}" if you have checked it at the plant: ', word, _ANSWER_S)
    if answer is PromptAnswer.NO_TERMINAL:
        typer.echo(f"nothing was recorded: {NO_TERMINAL}")
    elif answer is not PromptAnswer.YES:
        typer.echo("nothing was recorded")
    return answer is PromptAnswer.YES
