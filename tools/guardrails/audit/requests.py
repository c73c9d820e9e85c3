"""Requests in the journal, with their order, age and recovery."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from math import inf

from ...requests.request import Action, ActionRequest
from ...requests.timestamps import Instant
from ..interlocks.action_order import (
    approval_holds_s,
    begun_recovery,
    other_undos,
    unfinished_before,
)
from ..ledger.store.states import ActionState, RequestState
from ..signatures.decisions import Signed


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
    limit_s = approval_holds_s(told.request, told.actions, action)
    if since_s is None or not 0.0 <= since_s <= limit_s:
        ago = f"more than {limit_s:.0f} s before, or " if limit_s < inf else ""
        yield (
            f"{action.action_id} was sent on an approval that had been given {ago}"
            "before a restart or a clock step"
        )


def disorder(told: AuditedRequest, action: Action) -> Iterator[str]:
    """Yields that the turn of a command had not come."""
    if action.kind != "command":
        return
    states = told.actions
    for each in unfinished_before(told.request, states, action.action_id):
        yield f"{action.action_id} was due, and {each} before it was {states[each]}"
    for each in begun_recovery(told.request, states):
        yield f"{action.action_id} was due, and {each} was {states[each]}"


def needless_recovery(
    cases: AuditedRequests, told: AuditedRequest, action: Action, sent: Container[str]
) -> Iterator[str]:
    """Yields that a recovery had nothing to undo, by the actions that have an intent so far."""
    if action.kind != "recovery":
        return
    own = [each for each in cases.values() if each.run_id is not None]
    own = [each for each in own if each.run_id == told.run_id] if told.run_id else [told]
    if not any(name in sent for each in own for name in each.actions):
        yield f"{action.action_id} was sent, and its run had sent nothing to undo"
    if action.undoes is None:
        return
    commands = {each.action_id: each for case in own for each in case.request.commands}
    command = commands.get(action.undoes)
    if command is None or command.action_id not in sent:
        yield f"{action.action_id} undoes {action.undoes}, which was not sent"
    elif command.tag != action.tag:
        yield f"{action.action_id} undoes {action.undoes}, which wrote another tag"
    for other in other_undos(action, ((each.request, each.actions) for each in own), sent):
        yield f"{action.action_id} undoes what {other} had undone"


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
