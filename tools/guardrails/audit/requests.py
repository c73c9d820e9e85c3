"""Requests in the journal, with their order, age and recovery."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from math import inf

from ...requests.request import Action, ActionRequest
from ...requests.stamps import Instant
from ..ledger.lifecycle import FIRST_CLAIM_S, FOLLOW_UP_S
from ..ledger.store.states import ActionState, RequestState
from ..signatures.decisions import Signed

_DONE = frozenset({ActionState.VERIFIED, ActionState.SKIPPED})
_WITHOUT_EFFECT = frozenset({ActionState.REFUSED, ActionState.RESOLVED_NOT_APPLIED})


@dataclass(slots=True)
class AuditedRequest:
    """One request as the journal tells of it."""

    request: ActionRequest
    state: RequestState = RequestState.PROPOSED
    signed: list[Signed] = field(default_factory=list[Signed])
    approved: Instant | None = None
    claimed: dict[str, Instant] = field(default_factory=dict[str, Instant])
    actions: dict[str, ActionState] = field(default_factory=dict[str, ActionState])

    @property
    def run_id(self) -> str | None:
        """Run that filed the request, or `None` if a person did."""
        return self.request.run.run_id if self.request.run else None

    def action(self, action_id: str) -> Action:
        """Returns one of its actions."""
        return next(each for each in self.request.actions if each.action_id == action_id)


AuditedRequests = Mapping[str, AuditedRequest]


def lateness(told: AuditedRequest, action: Action) -> Iterator[str]:
    """Yields that an action was sent on an approval that was too old by then."""
    claimed = told.claimed.get(action.action_id)
    since_s = claimed.since_s(told.approved) if claimed and told.approved else None
    limit_s = _holds_for_s(told, action)
    if since_s is None or not 0.0 <= since_s <= limit_s:
        ago = f"more than {limit_s:.0f} s before, or " if limit_s < inf else ""
        yield (
            f"{action.action_id} was sent on an approval that had been given {ago}"
            "before a restart or a clock step"
        )


def _holds_for_s(told: AuditedRequest, action: Action) -> float:
    if action.kind == "recovery":
        return inf
    states = [told.actions[each.action_id] for each in told.request.commands]
    before = states[: told.request.commands.index(action)]
    if all(state is ActionState.SKIPPED for state in before):
        return FIRST_CLAIM_S
    return told.request.run.max_duration_s if told.request.run else FOLLOW_UP_S


def disorder(told: AuditedRequest, action: Action) -> Iterator[str]:
    """Yields that the turn of a command had not come."""
    if action.kind != "command":
        return
    for each in takewhile(lambda each: each != action, told.request.commands):
        state = told.actions[each.action_id]
        if state not in _DONE or (state is ActionState.SKIPPED and told.run_id is None):
            yield f"{action.action_id} was due, and {each.action_id} before it was {state}"
    for each in told.request.recovery:
        state = told.actions[each.action_id]
        if state not in {ActionState.PLANNED, ActionState.SKIPPED}:
            yield f"{action.action_id} was due, and {each.action_id} was {state}"


def needless_recovery(
    cases: AuditedRequests, told: AuditedRequest, action: Action, sent: Container[str]
) -> Iterator[str]:
    """Yields that a recovery had nothing to take back.

    Args:
        sent: The actions that have an intent so far.
    """
    if action.kind != "recovery":
        return
    own = [each for each in cases.values() if each.run_id is not None]
    own = [each for each in own if each.run_id == told.run_id] if told.run_id else [told]
    if not any(name in sent for each in own for name in each.actions):
        yield f"{action.action_id} was sent, and its run had sent nothing to take back"
    if action.undoes is None:
        return
    commands = {each.action_id: each for case in own for each in case.request.commands}
    command = commands.get(action.undoes)
    if command is None or command.action_id not in sent:
        yield f"{action.action_id} undoes {action.undoes}, which was not sent"
    elif command.tag != action.tag:
        yield f"{action.action_id} undoes {action.undoes}, which wrote another tag"
    for case in own:
        for each in case.request.recovery:
            is_other = each.undoes == action.undoes and each.action_id != action.action_id
            is_done = each.action_id in sent and case.actions[each.action_id] not in _WITHOUT_EFFECT
            if is_other and is_done:
                yield f"{action.action_id} undoes what {each.action_id} had undone"


def wrong_supersession(cases: AuditedRequests, name: str, to: RequestState) -> Iterator[str]:
    """Yields that a request was superseded by none of its own run, or has superseded another's."""
    told = cases[name]
    if to is RequestState.SUPERSEDED:
        heirs = [each for each in cases.values() if each.request.supersedes == name]
        if not any(
            each.state is RequestState.APPROVED and each.run_id == told.run_id for each in heirs
        ):
            yield f"{name} was superseded by no approved request of its run"
    supersedes = told.request.supersedes if to is RequestState.APPROVED else None
    earlier = cases.get(supersedes or "")
    if supersedes is not None and (earlier is None or earlier.run_id != told.run_id):
        yield f"{name} was approved to supersede another run's request"
