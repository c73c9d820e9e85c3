"""Steps 1 to 6 check gate, request, signatures, age, policy and files."""

from collections.abc import Sequence

from handwheel.connectors.model.values import GOOD, DataValue

from ....errors import PermitRefused, PolicyViolation
from ....requests.timestamps import Instant, parse_stamp
from ...approval.decide import check_card
from ...approval.tag_description import check_description
from ...interlocks.action_order import approval_holds_s, check_order, states_of
from ...interlocks.blocking import check_request_files
from ...ledger.decisions import DecisionRecord, load_decisions
from ...ledger.intents import start_of_epoch
from ...ledger.records import RequestRecord
from ...signatures.context import DecisionContext
from ...signatures.decisions import Decision, verify
from ...signatures.entitlement import is_unattended_allowed
from ...signatures.quorum import QuorumResult, check_quorum
from ...signatures.request_class import RequestClass, class_of
from ..state.execution import Execution, GateContext
from .lease_expiry import check_time_has_come
from .recovery_rules import check_recovery


async def check_gate(execution: Execution) -> None:
    """Step 1 checks that the file of its ledger is in its place, else another gate could start."""
    check_is_current(execution.context)


def check_is_current(context: GateContext) -> None:
    """Raises `LedgerError` if the file of the ledger was removed or replaced."""
    context.database.check_file()


async def check_request(execution: Execution) -> None:
    """Step 2 checks that it is the site's request, and that the turn of the action has come."""
    if execution.record.request.site != execution.context.site.id:
        raise PermitRefused("the request is another site's")
    check_order(execution.record, execution.action.action_id)
    check_recovery(execution)


async def check_signatures(execution: Execution) -> None:
    """Step 3 checks that enough persons have signed exactly this request, and none objects."""
    context, record = execution.context, execution.record
    decision_context = DecisionContext(
        context.site, context.database, context.policy, context.people()
    )
    decisions = load_decisions(context.database, record.request.request_id)
    now = context.clock()
    found = _class_of(execution, now)
    verdict = _verdict(execution, decision_context, decisions, found.quorum, now)
    if not verdict.is_met:
        why = [f"the plan is not released: {found.unreleased}"] if found.unreleased else []
        raise PermitRefused("; ".join([*map(str, verdict.findings), *why]))
    context.memory.note_class(record.digest, found)
    _check_proposer(decision_context, record, decisions)
    cards = {each.text: each.card for each in decisions}
    for approval in verdict.approvals:
        check_card(approval.decision, record, cards[approval.decision.text])
        decision_context.check_head(approval.decision)
    _check_signed_since_start(context, [each.decision for each in verdict.approvals])
    if not verdict.is_attended and not is_unattended_allowed(context.policy, record.request):
        raise PermitRefused("a script approved it, and the policy or the device does not allow it")


def _check_signed_since_start(context: GateContext, approvals: Sequence[Decision]) -> None:
    """Refuses what was signed before this gate was started, whenever it came to the ledger.

    By the row that each saw as the last one, not by a clock: a ledger that was put back whole
    would take the same signatures a second time.
    """
    begun = start_of_epoch(context.database, context.epoch)
    if not all((context.database.seq_of(each.head) or 0) >= begun for each in approvals):
        raise PermitRefused("the gate was started after the approval")


def _check_proposer(
    decision_context: DecisionContext, record: RequestRecord, decisions: Sequence[DecisionRecord]
) -> None:
    proposer = record.request.proposer
    if proposer.kind != "person":
        return
    for each in decisions:
        if each.verdict != "propose":
            continue
        signed = each.signed
        decision, operator = verify(
            signed,
            decision_context.roster,
            decision_context.revoked_keys(),
            decision_context.site.id,
            parse_stamp(record.request.filed_at),
        )
        is_proposal = (decision.verdict, decision.digest) == ("propose", record.digest)
        if is_proposal and operator.key_id == proposer.key_id:
            return
    raise PermitRefused(f"{proposer.name} has not signed the request that names them")


def _class_of(execution: Execution, now: Instant) -> RequestClass:
    """Returns the class of the request, as it was when its first action passed this step.

    Else a release meanwhile would keep an undo from being sent.
    """
    context, record = execution.context, execution.record
    return context.memory.class_of(record.digest) or class_of(
        context.site, context.database, record.request, now.wall
    )


def _verdict(
    execution: Execution,
    decision_context: DecisionContext,
    decisions: Sequence[DecisionRecord],
    quorum: int,
    now: Instant,
) -> QuorumResult:
    record = execution.record
    # A later command is judged by what was valid when its request was approved; keys and
    # objections count as they are now.
    at = now if execution.is_first or record.approved is None else record.approved
    return check_quorum(
        record.request,
        [each.signed for each in decisions if each.verdict != "propose"],
        decision_context.roster,
        decision_context.policy.satisfies,
        decision_context.revoked_keys(),
        at,
        quorum,
    )


async def check_validity(execution: Execution) -> None:
    """Step 4 checks that the approval has not expired on either clock.

    An undo of a lease waits until the time of the lease is over.
    """
    record, now = execution.record, execution.context.clock()
    since_s = now.since_s(record.approved) if record.approved else None
    if since_s is None:
        raise PermitRefused("a restart or a clock step came after the approval")
    limit_s = approval_holds_s(record.request, states_of(record), execution.action)
    if not 0.0 <= since_s <= limit_s:
        raise PermitRefused(f"the approval is {since_s:.0f} s old; it holds for {limit_s:.0f} s")
    check_time_has_come(execution)


async def check_policy(execution: Execution) -> None:
    """Step 5 checks that the policy still allows the action, with the signatures it has."""
    context, action, request = execution.context, execution.action, execution.record.request
    tag = context.site.tags.get(action.tag)
    if tag is None:
        raise PolicyViolation(f"{action.tag} is no tag of this site")
    # Judged from what was expected; the ninth check sees to it that the plant still reads so.
    expected = next((each for each in action.expected if each.tag == tag.name), None)
    present = DataValue(expected.value, GOOD, None, None, 0.0) if expected else None
    ruling = context.policy.judge(
        tag, action.value, present, from_anywhere=execution.is_into_a_safe_state
    )
    if not ruling.is_allowed or request.risk_class == "R4":
        raise PolicyViolation("; ".join(ruling.reasons) or "the class is R4")
    if (
        ruling.risk_class > request.risk_class
        or ruling.quorum > request.quorum
        or not set(ruling.roles) <= set(request.roles)
    ):
        raise PolicyViolation(f"it is {ruling.risk_class} by now, and more must sign")
    if request.within_s > context.policy.ttl_max_s:
        raise PolicyViolation("the request waits longer than the policy allows")


async def check_configuration(execution: Execution) -> None:
    """Step 6 checks that site, tags and policy are the files of the request, and still on disk."""
    context, action = execution.context, execution.action
    check_request_files(context.site, execution.record.request, context.site.hashes)
    check_description(context.site, context.site.tags[action.tag], action)
