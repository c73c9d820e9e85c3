"""Comparison of the ledger's rows with what this gate did and what persons have signed."""

from handwheel.connectors.errors import ConfigError

from ....errors import GuardrailError, PermitRefused
from ....requests.timestamps import Instant
from ...ledger.decisions import DecisionRecord, load_decisions
from ...ledger.records import ActionRecord, RequestRecord
from ...ledger.store.states import UNRESOLVED_ACTIONS, ActionState
from ...ledger.write_leases import APPLIED
from ...signatures.context import DecisionContext
from ...signatures.decisions import Signed, verify
from ...signatures.entitlement import check_resolver
from ...signatures.resolutions import VERDICT_OF
from ..state.execution import GateContext

# Whatever says that a frame has left, or may have.
_SENT = frozenset(
    {
        ActionState.SENDING, ActionState.VERIFIED, ActionState.REFUSED, *UNRESOLVED_ACTIONS,
        *VERDICT_OF,
    }
)  # fmt: skip
_FAILED = frozenset(
    {
        ActionState.REFUSED, ActionState.INVALIDATED, ActionState.ABORTED_NOT_SENT,
        ActionState.SKIPPED,
    }
)  # fmt: skip


def check_own(context: GateContext, record: RequestRecord, besides: str = "") -> None:
    """Refuses a request whose rows differ from what this gate has done.

    What only ends an action without a frame is not asked about: it stops, and moves nothing. Nor is
    the action that is under way: whether it was sent before, the intent tells.

    Raises:
        PermitRefused: Names the action. A resolution counts with its signature only.
    """
    for each in record.actions:
        if each.action_id == besides:
            continue
        own = context.memory.state_of(each.action_id)
        is_own = own is each.state or (own not in _SENT and each.state not in _SENT)
        if each.state in VERDICT_OF:
            is_own = own is each.state or _is_resolved(context, record, each)
        if not is_own:
            raise PermitRefused(
                f"the ledger says that {each.action_id} is {each.state}, and this gate has not "
                "brought it there"
            )


def has_broken(context: GateContext, record: RequestRecord) -> bool:
    """Whether this gate has found that a command of a request failed, or was so already.

    Or has set it due and could not claim it in time. A row that says so is not enough.
    """
    names, now = [each.action_id for each in record.request.commands], context.clock()
    return any(
        context.memory.state_of(name) in _FAILED or context.memory.was_left(name, now)
        for name in names
    )


def written_at(context: GateContext, record: RequestRecord) -> Instant | None:
    """Returns when this gate found that the last command took effect, `None` if none did."""
    memory = (context.memory.of(each.action_id) for each in record.request.commands)
    found = [entry.at for entry in memory if entry is not None and entry.state in APPLIED]
    return max(found, key=lambda each: (each.wall, each.boot_ms)) if found else None


def _is_resolved(context: GateContext, record: RequestRecord, action: ActionRecord) -> bool:
    if context.memory.state_of(action.action_id) not in UNRESOLVED_ACTIONS:
        return False
    decisions = load_decisions(context.database, record.request.request_id)
    if not any(_is_signed(context, record, action, each) for each in decisions):
        return False
    context.memory.note(action.action_id, action.state, context.clock())
    return True


def _is_signed(
    context: GateContext, record: RequestRecord, action: ActionRecord, found: DecisionRecord
) -> bool:
    if found.verdict != VERDICT_OF[action.state]:
        return False
    try:
        decision_context = DecisionContext(
            context.site, context.database, context.policy, context.people()
        )
        decision, operator = verify(
            Signed(found.text, found.signature), decision_context.roster,
            decision_context.revoked_keys(), context.site.id, context.clock().wall,
        )  # fmt: skip
        check_resolver(decision_context, record.request, operator)
    except (GuardrailError, ConfigError):
        return False
    signed = (decision.verdict, decision.digest, decision.subject)
    return signed == (found.verdict, record.digest, action.action_id)
