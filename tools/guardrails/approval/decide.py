"""Records signed decisions on requests in the ledger, after all checks."""

from functools import lru_cache
from typing import ClassVar, cast

from ...errors import PermitRefused
from ...requests.canonical import digest, parse_canonical
from ...requests.request import ActionRequest
from ...requests.timestamps import Instant
from ..identity.roster import Operator
from ..interlocks.suspension import applying
from ..ledger.decisions import Signed, load_decisions
from ..ledger.lifecycle import move_action, move_request, set_next_due
from ..ledger.records import RequestRecord, load_request_of
from ..ledger.store.database import Transaction, WaitsFor
from ..ledger.store.states import OPEN_REQUESTS, WAITING_REQUESTS, ActionRecord, RequestState
from ..ledger.write_leases import check_may_have_lease
from ..policy.policy import Policy
from ..signatures.administrators import chain_of
from ..signatures.context import DecisionContext, insert_decision
from ..signatures.decisions import Decision, DecisionRefused, Reason, VerdictName
from ..signatures.entitlement import check_resolver, is_unattended_allowed, refusal
from ..signatures.message import Message
from ..signatures.quorum import QuorumResult, check_quorum
from ..signatures.request_class import class_of
from ..signatures.resolutions import RESOLUTIONS, meaning_of_resolution
from .messages.run_requests import load_superseded
from .plant_snapshot import read_snapshot

_MARKS = ("schema", "request_digest", "action_id")


class Decide(Message):
    """Decision of a person on a request, or on an outcome of it."""

    path: ClassVar[str] = "decisions"
    signed: Signed
    card: str | None = None  # text that the person was shown; the decision has its digest

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it. One that is not valid changes nothing; the journal records it with why.

        Raises:
            GuardrailError: The decision is not valid.
        """
        signed, card = self.signed, self.card
        with context.verified(signed, now) as (decision, operator):
            # No approval outlasts a start of the gate, so that nothing hangs on a lost one.
            waits_for: WaitsFor = "nothing" if decision.verdict == "approve" else "anchor"
            with context.database.transaction(now, waits_for=waits_for) as transaction:
                record = _concerned(context, decision)
                name = record.request.request_id
                check_card(decision, record, card)
                if decision.verdict in RESOLUTIONS:
                    check_resolver(context, record.request, operator)
                    _check_attended(context.policy, decision, record)
                    action = _unresolved(record, decision)
                    insert_decision(transaction, name, decision, signed, card, chain_of(operator))
                    _resolve(transaction, record, decision, action)
                    return
                check_open(decision.verdict, record, now)
                verdict = _judged(context, record, signed, now)
                insert_decision(transaction, name, decision, signed, card)
                if decision.verdict == "approve":
                    _approve(context, transaction, record, decision, operator, verdict)
                else:
                    _check_objection(context.policy, record, operator, verdict)
                    _object(transaction, record, decision)


def _concerned(context: DecisionContext, decision: Decision) -> RequestRecord:
    record = load_request_of(context.database, decision.digest) if decision.digest else None
    if record is None:
        raise DecisionRefused(Reason.OTHER_DIGEST)
    return record


def check_card(decision: Decision, record: RequestRecord, card: str | None) -> None:
    """Refuses a decision without its card, or with a card of something else.

    A resolution needs an outcome card of its action, any other decision a card of the request.

    Raises:
        DecisionRefused: The decision names another card, or the card is of another kind, request
            or action.
    """
    if card is None:
        if decision.card is not None or decision.verdict not in {"reject", "revoke"}:
            raise DecisionRefused(Reason.NO_CARD)
        return
    if decision.card != digest("card", card):
        raise DecisionRefused(Reason.NO_CARD)
    expected = {"schema": "card/1", "request_digest": record.digest}
    if decision.verdict in RESOLUTIONS:
        expected |= {"schema": "outcome/1", "action_id": decision.subject or ""}
    if not expected.items() <= dict(_marks_of(card)).items():
        raise DecisionRefused(Reason.NO_CARD)


@lru_cache(maxsize=64)
def _marks_of(card: str) -> tuple[tuple[str, str], ...]:
    """Returns the identifying fields of a card, none if the text is no card."""
    try:
        shown: object = parse_canonical(card)
    except ValueError:
        return ()
    table = cast("dict[str, object]", shown) if isinstance(shown, dict) else {}
    return tuple((name, mark) for name in _MARKS if isinstance(mark := table.get(name), str))


def check_open(verdict: VerdictName, record: RequestRecord, now: Instant) -> None:
    """Raises `PermitRefused` if the state of the request does not allow the decision."""
    is_open = record.state in WAITING_REQUESTS or (
        record.state is RequestState.APPROVED and verdict in {"reject", "revoke"}
    )
    if not is_open:
        raise PermitRefused(f"{record.request.request_id} is {': '.join(record.status)}")
    if verdict == "approve" and record.waits_since_s(now) is None:
        raise PermitRefused("a restart or a clock step came after the request was submitted")


def _judged(
    context: DecisionContext, record: RequestRecord, signed: Signed, now: Instant
) -> QuorumResult:
    earlier = load_decisions(context.database, record.request.request_id)
    return check_quorum(
        record.request,
        [*(each.signed for each in earlier), signed],
        context.roster,
        context.policy.satisfies,
        context.revoked_keys(),
        now,
        class_of(context.site, context.database, record.request, now.wall).quorum,
    )


def _approve(
    context: DecisionContext,
    transaction: Transaction,
    record: RequestRecord,
    decision: Decision,
    operator: Operator,
    verdict: QuorumResult,
) -> None:
    name = record.request.request_id
    _check_not_suspended(context, record.request)
    if decision not in [each.decision for each in verdict.approvals]:
        raise _refused(context.policy, record, operator, verdict)
    _check_attended(context.policy, decision, record)
    if not verdict.is_met:
        if record.state is RequestState.PENDING:
            move_request(transaction, name, RequestState.PARTIAL, "another person must sign")
        return
    check_may_have_lease(transaction, record.request)
    move_request(transaction, name, RequestState.APPROVED, "enough people have signed")
    if record.request.run is None:
        set_next_due(transaction, name)
    else:
        _supersede(transaction, record.request)


def _check_not_suspended(context: DecisionContext, request: ActionRequest) -> None:
    snapshot = read_snapshot(context.database)
    found = applying(snapshot.suspended, request, context.site.tags) if snapshot else []
    if found:
        raise PermitRefused("; ".join(each.words for each in found))


def _supersede(transaction: Transaction, request: ActionRequest) -> None:
    """Ends the earlier request of the run whose open recovery this one takes over."""
    earlier = load_superseded(transaction, request)
    if earlier is not None and earlier.state in OPEN_REQUESTS:
        reason = f"{request.request_id} has taken its place"
        name = earlier.request.request_id
        move_request(transaction, name, RequestState.SUPERSEDED, reason)


def _check_attended(policy: Policy, decision: Decision, record: RequestRecord) -> None:
    if not decision.attended and not is_unattended_allowed(policy, record.request):
        raise DecisionRefused(Reason.UNATTENDED)


def _refused(
    policy: Policy, record: RequestRecord, operator: Operator, verdict: QuorumResult
) -> PermitRefused:
    own = [each for each in verdict.findings if each.person == operator.person]
    found = (own or verdict.findings)[-1]
    return PermitRefused(refusal(found.reason, record.request, operator, policy))


def _check_objection(
    policy: Policy, record: RequestRecord, operator: Operator, verdict: QuorumResult
) -> None:
    if not verdict.reasons & {Reason.REJECTED, Reason.REVOKED}:
        raise _refused(policy, record, operator, verdict)


def _object(transaction: Transaction, record: RequestRecord, decision: Decision) -> None:
    is_approved = record.state is RequestState.APPROVED
    to = RequestState.REVOKED if is_approved else RequestState.REJECTED
    word = "revoked" if decision.verdict == "revoke" else "rejected"
    comment = f": {decision.comment}" if decision.comment else ""
    move_request(
        transaction, record.request.request_id, to, f"{word} by {decision.person}{comment}"
    )


def _unresolved(record: RequestRecord, decision: Decision) -> ActionRecord:
    """Returns the action to resolve."""
    action_id = decision.subject or ""
    for each in record.unresolved:
        if each.action_id == action_id:
            if decision.meaning != meaning_of_resolution(decision.verdict, action_id):
                raise DecisionRefused(Reason.OTHER_MEANING)
            return each
    action = next((each for each in record.actions if each.action_id == action_id), None)
    state = action.state if action else "no action of this request"
    raise PermitRefused(f"{action_id} is {state}; there is nothing to resolve")


def _resolve(
    transaction: Transaction, record: RequestRecord, decision: Decision, action: ActionRecord
) -> None:
    reason = f"resolved by {decision.person}"
    to = RESOLUTIONS[decision.verdict][1]
    move_action(transaction, action.action_id, action.state, to, reason)
    if record.state is RequestState.APPROVED and record.request.run is None:  # a run ends its own
        move_request(transaction, record.request.request_id, RequestState.CLOSED, reason)
