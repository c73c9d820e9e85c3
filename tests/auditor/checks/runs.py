"""Order and recovery: whose turn it was, and whether there was anything to take back."""

from collections.abc import Iterator, Mapping

from .actions import Deed
from .requests import Request

# An undo that the device refused, or that a person has found undone, has taken nothing back.
_IN_VAIN = {"REFUSED", "RESOLVED_NOT_APPLIED"}
_NOT_BEGUN = {"PLANNED", "SKIPPED"}

Deeds = Mapping[str, Deed]


def order_faults(deed: Deed, deeds: Deeds) -> Iterator[str]:
    """Yields what should have come before a command that is claimed, or not at all."""
    if deed.action.kind != "command":
        return
    done = {"VERIFIED", "SKIPPED"} if deed.request.run_id else {"VERIFIED"}
    actions = deed.request.actions
    for action in actions[: actions.index(deed.action)]:
        if deeds[action.action_id].state not in done:
            yield f"{action.action_id} before it is {deeds[action.action_id].state}"
    for action in actions:
        state = deeds[action.action_id].state
        if action.kind == "recovery" and state not in _NOT_BEGUN:
            yield f"{action.action_id} is {state} already"


def recovery_faults(deed: Deed, deeds: Deeds) -> Iterator[str]:
    """Yields why a recovery had nothing to take back when it was sent."""
    action = deed.action
    if action.kind != "recovery":
        return
    sent = {
        name: each
        for name, each in deeds.items()
        if _is_kin(each, deed) and each.sent_at is not None
    }
    if not sent:
        yield "nothing of its run was sent before"
    if not action.undoes:
        return
    command = sent.get(action.undoes)
    if command is None or command.action.kind != "command":
        yield f"it undoes {action.undoes}, and that was not sent"
    elif command.action.tag != action.tag:
        yield f"it undoes {action.undoes}, and that wrote another tag"
    for other in sent.values():
        is_same = other is not deed and other.action.undoes == action.undoes
        if is_same and other.state not in _IN_VAIN:
            yield f"{other.name} had undone {action.undoes} before"


def _is_kin(each: Deed, deed: Deed) -> bool:
    """Whether both belong to one run, or to one request of a person."""
    run_id = deed.request.run_id
    return each.request.run_id == run_id if run_id else each.request is deed.request


def succession_faults(
    request: Request, state: str, requests: Mapping[str, Request]
) -> Iterator[str]:
    """Yields that a request takes the place of another that is not its run's."""
    if state == "SUPERSEDED" and not any(
        each.supersedes == request.request_id
        and each.state == "APPROVED"
        and each.run_id == request.run_id != ""
        for each in requests.values()
    ):
        yield f"{request.request_id} is SUPERSEDED by no approved request of its run"
    if state == "APPROVED" and request.supersedes:
        earlier = requests.get(request.supersedes)
        if earlier is None or earlier.run_id != request.run_id:
            yield f"{request.request_id} supersedes {request.supersedes}, which is no earlier one"
