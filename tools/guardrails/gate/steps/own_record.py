"""Does the ledger say of a request's actions what this gate did, and people have signed."""

from handwheel.connectors.errors import ConfigError

from ....errors import GuardrailError, PermitRefused
from ....requests.stamps import Instant
from ...ledger.records import ActionRecord, DecisionRecord, RequestRecord, load_decisions
from ...ledger.store.states import UNRESOLVED_ACTIONS, ActionState
from ...ledger.write_leases import APPLIED
from ...signatures.context import Bench
from ...signatures.decisions import Signed, VerdictWord, verify
from ...signatures.entitlement import check_resolver
from ..state.execution import Post

_RESOLUTIONS: dict[ActionState, VerdictWord] = {
    ActionState.RESOLVED_APPLIED: "resolve-applied",
    ActionState.RESOLVED_NOT_APPLIED: "resolve-not-applied",
}
# Whatever says that a frame has left, or may have.
_SENT = frozenset(
    {
        ActionState.SENDING, ActionState.VERIFIED, ActionState.REFUSED, *UNRESOLVED_ACTIONS,
        *_RESOLUTIONS,
    }
)  # fmt: skip
_FAILED = frozenset({ActionState.REFUSED, ActionState.INVALIDATED, ActionState.ABORTED_NOT_SENT})


def check_own(post: Post, record: RequestRecord, besides: str = "") -> None:
    """Refuses a request of which the ledger says what this gate did not do, or forgets what it did.

    What only ends an action without a frame is not asked about: it stops, and moves nothing.

    Args:
        besides: The action that is under way: whether it was sent before, the intent tells.

    Raises:
        PermitRefused: Names the action. A resolution counts with its signature only.
    """
    for each in record.actions:
        if each.action_id == besides:
            continue
        own = post.deeds.state_of(each.action_id)
        is_own = own is each.state or (own not in _SENT and each.state not in _SENT)
        if each.state in _RESOLUTIONS:
            is_own = own is each.state or _is_resolved(post, record, each)
        if not is_own:
            raise PermitRefused(
                f"the ledger says that {each.action_id} is {each.state}, and this gate has not "
                "brought it there"
            )


def has_broken(post: Post, record: RequestRecord) -> bool:
    """Whether this gate itself has found that a command of a request comes to nothing.

    Or has set it due and could not take it up in time: whoever has ended that, for each process
    may, this gate would have. A row that says it was due, or for how long, is not enough.
    """
    names, now = [each.action_id for each in record.request.commands], post.clock()
    return any(
        post.deeds.state_of(name) in _FAILED or post.deeds.was_left(name, now) for name in names
    )


def written_at(post: Post, record: RequestRecord) -> Instant | None:
    """Returns when this gate found that the last command of a request took effect.

    Returns:
        `None` where it has found that of none.
    """
    deeds = (post.deeds.of(each.action_id) for each in record.request.commands)
    found = [deed.at for deed in deeds if deed is not None and deed.state in APPLIED]
    return max(found, key=lambda each: (each.wall, each.boot_ms)) if found else None


def _is_resolved(post: Post, record: RequestRecord, action: ActionRecord) -> bool:
    """Whether a person has signed what the ledger says of an action that this gate left open."""
    if post.deeds.state_of(action.action_id) not in UNRESOLVED_ACTIONS:
        return False
    decisions = load_decisions(post.database, record.request.request_id)
    if not any(_is_signed(post, record, action, each) for each in decisions):
        return False
    post.deeds.note(action.action_id, action.state, post.clock())
    return True


def _is_signed(
    post: Post, record: RequestRecord, action: ActionRecord, found: DecisionRecord
) -> bool:
    if found.verdict != _RESOLUTIONS[action.state]:
        return False
    try:
        bench = Bench(post.site, post.database, post.policy, post.people())
        decision, operator = verify(
            Signed(found.text, found.signature), bench.roster, bench.revoked_keys(),
            bench.site.id, post.clock().wall,
        )  # fmt: skip
        check_resolver(bench, record.request, operator)
    except (GuardrailError, ConfigError):
        return False
    said = (decision.verdict, decision.digest, decision.subject)
    return said == (found.verdict, record.digest, action.action_id)
