"""State machine of a run, which folds the run's events by pure functions.

States follow ISA-88, steps ISA-106. An event that the state does not allow is refused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any


class RunState(StrEnum):
    """State of a run."""

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
    """State of a step."""

    PENDING = "PENDING"
    COMMAND = "COMMAND"
    PERFORM = "PERFORM"
    VERIFY = "VERIFY"
    DONE = "DONE"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


STEPS_IN_PROGRESS = frozenset({StepState.COMMAND, StepState.PERFORM, StepState.VERIFY})
"""States of a step that has begun and is not completed."""


class EventKind(StrEnum):
    """Kind of an event of a run. The journal's kind is `run.` followed by this."""

    OPENED = "opened"
    COLLECTING = "collecting"
    JUDGED = "judged"
    NOT_STARTED = "not_started"
    ALREADY = "already_so"
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
"""States in which a run owns no equipment. An aborted run owns it until it is cleared."""
INACTIVE = CLOSED | {_S.HELD, _S.ABORTED}
"""States in which a run does not proceed by itself."""
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
    _E.COLLECTING: frozenset({_S.CHECKING, _S.RUNNING, _S.RESTARTING}),
    _E.JUDGED: frozenset({_S.CHECKING, _S.RUNNING, _S.RESTARTING}),
    _E.ALREADY: frozenset({_S.CHECKING, _S.RUNNING, _S.RESTARTING}),
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
    _P.COMMAND: frozenset({_P.VERIFY, _P.DONE, _P.SKIPPED, _P.FAILED, _P.PENDING}),
    _P.PERFORM: frozenset({_P.VERIFY, _P.DONE, _P.FAILED, _P.PENDING}),
    _P.VERIFY: frozenset({_P.DONE, _P.SKIPPED, _P.FAILED}),
    _P.FAILED: frozenset({_P.PENDING}),
}


class IllegalEvent(ValueError):
    """The run's state does not allow the event."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One event of a run."""

    kind: EventKind
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    at: str = ""  # wall-clock time as a stamp
    seq: int = 0  # its row in the journal; 0 before it is written


@dataclass(frozen=True, slots=True)
class Run:
    """State of a run, folded from its events."""

    state: RunState = RunState.IDLE
    opening: Mapping[str, Any] = field(default_factory=dict[str, Any])  # body of its first event
    steps: Mapping[str, StepState] = field(default_factory=dict[str, StepState])  # without pending
    # Tags of each step that read the wanted value already, so that nothing is asked for.
    already: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    requests: tuple[str, ...] = ()  # its requests, in order
    # The latest evidence and permissives.
    diagnosis: Mapping[str, Any] = field(default_factory=dict[str, Any])
    suggested: str = ""  # the playbook that a run that was not started suggests
    due: tuple[str, ...] = ()  # the actions that it has set due, in order
    undone: tuple[str, ...] = ()  # the undo and safe-state actions that are done or were skipped
    expected: frozenset[tuple[str, str]] = frozenset()  # evaluated results, by step and text
    # Number of requests before the latest attempt of a repeated step.
    attempts: Mapping[str, int] = field(default_factory=dict[str, int])
    escalated: int = 0
    since: str = ""  # time at which it entered its state, as a stamp
    reason: str = ""  # reason of its state
    goal: str = ""  # goal of an abort: `rollback` or `safe_state`
    is_cut_off: bool = False  # whether it holds within a step, and not at its end
    restarts: int = 0  # number of resumes
    orders: int = 0  # the journal row of the newest order that was carried out or refused
    seq: int = 0  # the journal row of its newest event

    @property
    def is_closed(self) -> bool:
        """Whether the run owns no equipment."""
        return self.state in CLOSED

    def step(self, step_id: str) -> StepState:
        """Returns the state of a step."""
        return self.steps.get(step_id, StepState.PENDING)


def apply(run: Run, event: RunEvent) -> Run:
    """Returns the run after an event, or raises `IllegalEvent` if the state does not allow it."""
    move = MOVES.get(event.kind)
    allowed = move[0] if move else _REMARKS[event.kind]
    if run.state not in allowed or (event.kind is _E.OPENED and run.seq):
        raise IllegalEvent(f"{event.kind} is not allowed in {run.state}")
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
    """Whether nothing more of the step is done, as after a hold at once or a stop while held."""
    was_over = before.state is _S.HELD or before.is_cut_off
    return bool(event.body.get("at_once", False)) or (event.kind is _E.STOPPING and was_over)


def fold(events: Iterable[RunEvent]) -> Run:
    """Returns the run of events, or raises `IllegalEvent` if they do not follow each other."""
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
    _E.ALREADY: lambda run, body: replace(
        run, already={**run.already, str(body["step"]): tuple(map(str, body["tags"]))}
    ),
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
