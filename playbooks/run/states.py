"""The run-state machine: a run is its list of events, folded by pure functions.

States after ISA-88, steps after ISA-106. An event that does not belong into a state is refused,
so that a run cannot be told into a place that no path leads to.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """Where a run stands."""

    IDLE = "IDLE"
    CHECKING = "CHECKING"
    NOT_STARTED = "NOT_STARTED"
    WAITING_APPROVAL = "WAITING_APPROVAL"
    RUNNING = "RUNNING"
    HOLDING = "HOLDING"
    HELD = "HELD"
    RESTARTING = "RESTARTING"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    ABORTING = "ABORTING"
    ABORTED = "ABORTED"
    COMPLETING = "COMPLETING"
    COMPLETE = "COMPLETE"


class StepState(StrEnum):
    """Where a step stands."""

    PENDING = "PENDING"
    COMMAND = "COMMAND"
    PERFORM = "PERFORM"
    VERIFY = "VERIFY"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


STEPS_UNDER_WAY = frozenset({StepState.COMMAND, StepState.PERFORM, StepState.VERIFY})
"""States of a step that has begun and is not decided."""


class EventKind(StrEnum):
    """What can happen to a run; the journal's kind is `run.` and this."""

    OPENED = "opened"
    JUDGED = "judged"
    NOT_STARTED = "not_started"
    FILED = "filed"
    STARTED = "started"
    APPROVED = "approved"
    REJECTED = "rejected"
    STEP = "step"
    SLOW = "slow"
    DUE = "due"
    EXPECTED = "expected"
    RAISED = "raised"
    NOTIFIED = "notified"
    HOLDING = "holding"
    HELD = "held"
    RESUMING = "resuming"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ABORTING = "aborting"
    ASKED_BACK = "asked_back"
    UNDONE = "undone"
    ABORTED = "aborted"
    CLEARED = "cleared"
    COMPLETING = "completing"
    COMPLETED = "completed"
    ESCALATED = "escalated"
    ORDER_REFUSED = "order_refused"


_S, _E = RunState, EventKind

CLOSED = frozenset({_S.IDLE, _S.NOT_STARTED, _S.STOPPED, _S.COMPLETE})
"""States in which a run owns nothing any more; an aborted one does until a person clears it."""
INACTIVE = CLOSED | {_S.HELD, _S.ABORTED}
"""States in which nothing goes on by itself."""
_ACTIVE = frozenset(_S) - INACTIVE

MOVES: Mapping[EventKind, tuple[frozenset[RunState], RunState]] = {
    _E.OPENED: (frozenset({_S.IDLE}), _S.CHECKING),
    _E.NOT_STARTED: (frozenset({_S.CHECKING}), _S.NOT_STARTED),
    _E.FILED: (frozenset({_S.CHECKING, _S.RUNNING, _S.RESTARTING}), _S.WAITING_APPROVAL),
    _E.STARTED: (frozenset({_S.CHECKING, _S.RESTARTING}), _S.RUNNING),
    _E.APPROVED: (frozenset({_S.WAITING_APPROVAL}), _S.RUNNING),
    _E.REJECTED: (frozenset({_S.WAITING_APPROVAL}), _S.STOPPED),
    _E.HOLDING: (_ACTIVE, _S.HOLDING),
    _E.HELD: (frozenset({_S.HOLDING}), _S.HELD),
    _E.RESUMING: (frozenset({_S.HELD}), _S.RESTARTING),
    _E.STOPPING: (_ACTIVE - {_S.STOPPING, _S.ABORTING, _S.COMPLETING} | {_S.HELD}, _S.STOPPING),
    _E.STOPPED: (frozenset({_S.STOPPING}), _S.STOPPED),
    _E.ABORTING: (_ACTIVE - {_S.CHECKING, _S.ABORTING} | {_S.HELD}, _S.ABORTING),
    _E.ABORTED: (frozenset({_S.ABORTING}), _S.ABORTED),
    _E.CLEARED: (frozenset({_S.ABORTED}), _S.IDLE),
    _E.COMPLETING: (frozenset({_S.RUNNING}), _S.COMPLETING),
    _E.COMPLETED: (frozenset({_S.COMPLETING}), _S.COMPLETE),
}
_AT_WORK = frozenset({_S.RUNNING, _S.HOLDING, _S.STOPPING, _S.COMPLETING})
_REMARKS: Mapping[EventKind, frozenset[RunState]] = {
    _E.JUDGED: frozenset({_S.CHECKING, _S.RUNNING, _S.RESTARTING}),
    _E.STEP: _AT_WORK | {_S.ABORTING, _S.RESTARTING},
    _E.SLOW: _AT_WORK,
    _E.DUE: _AT_WORK | {_S.ABORTING},
    _E.EXPECTED: _AT_WORK | {_S.ABORTING},
    _E.RAISED: _AT_WORK | {_S.ABORTING},
    _E.NOTIFIED: frozenset(_S) - CLOSED,
    _E.ASKED_BACK: frozenset({_S.ABORTING}),
    _E.UNDONE: frozenset({_S.ABORTING}),
    _E.ESCALATED: frozenset({_S.HELD, _S.ABORTED}),
    _E.ORDER_REFUSED: frozenset(_S) - {_S.IDLE},
}

_P = StepState
_STEPS: Mapping[StepState, frozenset[StepState]] = {
    _P.PENDING: frozenset({_P.COMMAND, _P.PERFORM, _P.DONE, _P.SKIPPED, _P.FAILED}),
    _P.COMMAND: frozenset({_P.VERIFY, _P.DONE, _P.FAILED, _P.PENDING}),
    _P.PERFORM: frozenset({_P.VERIFY, _P.DONE, _P.FAILED, _P.PENDING}),
    _P.VERIFY: frozenset({_P.DONE, _P.FAILED}),
    _P.FAILED: frozenset({_P.PENDING}),
}


class IllegalEvent(ValueError):
    """An event does not belong into the state in which the run is."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One thing that happened to a run.

    Attributes:
        at: When, on the wall clock, as a stamp.
        seq: Its row in the journal; 0 before it is there.
    """

    kind: EventKind
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    at: str = ""
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A run as its events tell of it.

    Attributes:
        opening: The body of its first event: playbook, digest, roles, hashes, snapshot.
        steps: Where each step stands that is not pending any more.
        requests: The requests that it has filed, in order.
        judgement: The latest evidence and permissives.
        suggested: The playbook to which a run that was not started leaves it.
        due: The actions that it has set due, in order.
        undone: The recovery actions that are done, or were not needed.
        expected: The promises, by step and text, that were found kept or broken.
        attempts: For a step that begins anew, how many requests there were before.
        since: When it came into its state, as a stamp.
        reason: Why it came there.
        goal: Where it comes to rest when it is aborting: `rollback` or `safe_state`.
        is_cut_off: It holds within a step, and not at the step's end as a person would have it.
        restarts: How often it was resumed.
        orders: The journal row of the newest order that was carried out or refused.
        seq: The journal row of its newest event.
    """

    state: RunState = RunState.IDLE
    opening: Mapping[str, Any] = field(default_factory=dict[str, Any])
    steps: Mapping[str, StepState] = field(default_factory=dict[str, StepState])
    requests: tuple[str, ...] = ()
    diagnosis: Mapping[str, Any] = field(default_factory=dict[str, Any])
    suggested: str = ""
    due: tuple[str, ...] = ()
    undone: tuple[str, ...] = ()
    expected: frozenset[tuple[str, str]] = frozenset()
    attempts: Mapping[str, int] = field(default_factory=dict[str, int])
    escalated: int = 0
    since: str = ""
    reason: str = ""
    goal: str = ""
    is_cut_off: bool = False
    restarts: int = 0
    orders: int = 0
    seq: int = 0

    @property
    def is_closed(self) -> bool:
        """Whether it owns nothing any more."""
        return self.state in CLOSED

    def step(self, step_id: str) -> StepState:
        """Returns where a step stands."""
        return self.steps.get(step_id, StepState.PENDING)


def apply(run: Run, event: RunEvent) -> Run:
    """Returns the run after an event.

    Raises:
        IllegalEvent: It does not belong into the run's state.
    """
    move = MOVES.get(event.kind)
    allowed = move[0] if move else _REMARKS[event.kind]
    if run.state not in allowed or (event.kind is _E.OPENED and run.seq):
        raise IllegalEvent(f"{event.kind} does not belong into {run.state}")
    orders = max(run.orders, int(event.body.get("order", 0)))
    run = _note(replace(run, seq=event.seq, orders=orders), event)
    if move is None:
        return run
    reason = str(event.body.get("reason", ""))
    return replace(
        run, state=move[1], since=event.at, reason=reason, escalated=0,
        is_cut_off=_is_cut_off(run, event),
    )  # fmt: skip


def _is_cut_off(before: Run, event: RunEvent) -> bool:
    """Whether nothing more of the step is to be done: who stops a held run sets nothing going."""
    was_over = before.state is _S.HELD or before.is_cut_off
    return bool(event.body.get("at_once", False)) or (event.kind is _E.STOPPING and was_over)


def fold(events: Iterable[RunEvent]) -> Run:
    """Returns the run of a list of events.

    Raises:
        IllegalEvent: The list is no run's.
    """
    run = Run()
    for event in events:
        run = apply(run, event)
    return run


def _note(run: Run, event: RunEvent) -> Run:
    note = _NOTES.get(event.kind)
    return note(run, event.body) if note else run


def _undone(run: Run, body: Mapping[str, Any]) -> Run:
    is_done = body["state"] in {"VERIFIED", "RESOLVED_APPLIED", "SKIPPED"}
    return replace(run, undone=(*run.undone, str(body["action_id"]))) if is_done else run


def _step(run: Run, step_id: str, to: StepState) -> Run:
    before = run.step(step_id)
    if to not in _STEPS.get(before, frozenset()):
        raise IllegalEvent(f"step {step_id} cannot go from {before} to {to}")
    if before is StepState.FAILED:
        expected = frozenset(each for each in run.expected if each[0] != step_id)
        attempts = {**run.attempts, step_id: len(run.requests)}
        run = replace(run, attempts=attempts, expected=expected)
    return replace(run, steps={**run.steps, step_id: to})


_Note = Callable[[Run, Mapping[str, Any]], Run]
_NOTES: Mapping[EventKind, _Note] = {
    _E.OPENED: lambda run, body: replace(run, opening=body),
    _E.JUDGED: lambda run, body: replace(run, diagnosis=body),
    _E.NOT_STARTED: lambda run, body: replace(run, suggested=str(body.get("suggested", ""))),
    _E.FILED: lambda run, body: replace(run, requests=(*run.requests, str(body["request_id"]))),
    _E.ASKED_BACK: lambda run, body: replace(
        run, requests=(*run.requests, str(body["request_id"]))
    ),
    _E.STEP: lambda run, body: _step(run, str(body["step"]), StepState(body["to"])),
    _E.DUE: lambda run, body: replace(run, due=(*run.due, str(body["action_id"]))),
    _E.UNDONE: _undone,
    _E.EXPECTED: lambda run, body: replace(
        run, expected=run.expected | {(str(body["step"]), str(body["text"]))}
    ),
    _E.ABORTING: lambda run, body: replace(run, goal=str(body["goal"])),
    _E.RESUMING: lambda run, body: replace(run, restarts=run.restarts + 1),
    _E.ESCALATED: lambda run, body: replace(run, escalated=run.escalated + 1),
}
