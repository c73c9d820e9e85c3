"""State and reason of a request as text, with what of it was sent."""

from collections.abc import Collection, Sequence

from handwheel.connectors.hints import next_step

from ....safe_text import printable
from .states import ENDED_EARLY, UNRESOLVED_ACTIONS, ActionRecord, ActionState, RequestState


def status_of(
    request_id: str,
    state: RequestState,
    reason: str,
    actions: Sequence[ActionRecord],
    commands: Collection[str],
) -> tuple[str, str]:
    """Returns state and reason. The state is `HELD` until a person resolves an outcome.

    Args:
        commands: Ids of those actions that are no recovery.
    """
    held = next((each for each in actions if each.state in UNRESOLVED_ACTIONS), None)
    if held is None:
        sent = sent_text(state, actions, commands)
        return state, f"{printable(reason)}{f'; {sent}' if sent else ''}"
    outcome = f"{held.action_id} is {held.state}: {printable(held.reason)}"
    return "HELD", f"{outcome}; {resolve_hint(request_id)}"


def sent_text(
    state: RequestState, actions: Sequence[ActionRecord], commands: Collection[str]
) -> str:
    """Returns which commands of a request that was ended early were sent, empty if none were."""
    sent = [each for each in actions if each.sent_at and each.action_id in commands]
    if not sent or state not in ENDED_EARLY:
        return ""
    others = [each for each in sent if each.state is not ActionState.VERIFIED]
    how = "".join(f", {each.action_id} is {each.state}" for each in others) or " and verified"
    return f"{len(sent)} of {len(commands)} writes {'was' if len(sent) == 1 else 'were'} sent{how}"


def resolve_hint(action_id: str) -> str:
    """Returns what a person must do about an outcome that is unknown or wrong."""
    return f"look at the plant; {next_step('requests', 'resolve', action_id)}"
