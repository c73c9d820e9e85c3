"""States of runs after ISA-88 and of steps after ISA-106, and the events that move a run."""

from collections.abc import Mapping
from enum import StrEnum


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
    JUDGED = "judged"
    NOT_STARTED = "not_started"
    ALREADY = "already_so"
    FILED = "filed"
    STARTED = "started"
    APPROVED = "approved"
    REJECTED = "rejected"
    LAPSED = "lapsed"
    ASKED = "asked"
    SIGNED_OFF = "signed_off"
    STEP = "step"
    SLOW = "slow"
    DUE = "due"
    EXPECTED = "expected"
    RAISED = "raised"
    NOTIFIED = "notified"
    RAN = "ran"
    HOLDING = "holding"
    HELD = "held"
    VIOLATED = "violated"
    RESUMING = "resuming"
    STOPPING = "stopping"
    STOPPED = "stopped"
    ABORTING = "aborting"
    ASKED_BACK = "asked_back"
    UNDONE = "undone"
    UNDO_VERIFIED = "undo_verified"
    UNDO_BLOCKED = "undo_blocked"
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
    _E.LAPSED: (frozenset({_S.WAITING_APPROVAL}), _S.RUNNING),
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
REMARKS: Mapping[EventKind, frozenset[RunState]] = {
    _E.JUDGED: frozenset({_S.CHECKING, _S.RESTARTING}),
    _E.ALREADY: frozenset({_S.CHECKING, _S.RUNNING, _S.RESTARTING}),
    _E.ASKED: _AT_WORK,
    _E.SIGNED_OFF: _AT_WORK,
    _E.STEP: _AT_WORK | {_S.ABORTING, _S.RESTARTING},
    _E.SLOW: _AT_WORK,
    _E.DUE: _AT_WORK | {_S.ABORTING},
    _E.EXPECTED: _AT_WORK | {_S.WAITING_APPROVAL},
    _E.RAISED: _AT_WORK,
    _E.RAN: frozenset({_S.RUNNING}),
    _E.NOTIFIED: frozenset(_S) - CLOSED,
    _E.ASKED_BACK: frozenset({_S.ABORTING}),
    _E.UNDONE: frozenset({_S.ABORTING}),
    _E.UNDO_VERIFIED: frozenset({_S.ABORTING}),
    _E.UNDO_BLOCKED: frozenset({_S.ABORTING}),
    _E.VIOLATED: frozenset({_S.HELD}),
    _E.ESCALATED: frozenset({_S.HELD, _S.ABORTED}),
    _E.ORDER_REFUSED: frozenset(_S) - {_S.IDLE},
}

_P = StepState
STEP_MOVES: Mapping[StepState, frozenset[StepState]] = {
    _P.PENDING: frozenset({_P.COMMAND, _P.PERFORM, _P.DONE, _P.SKIPPED, _P.FAILED}),
    _P.COMMAND: frozenset({_P.VERIFY, _P.DONE, _P.SKIPPED, _P.FAILED, _P.PENDING}),
    _P.PERFORM: frozenset({_P.VERIFY, _P.DONE, _P.SKIPPED, _P.FAILED, _P.PENDING}),
    _P.VERIFY: frozenset({_P.DONE, _P.SKIPPED, _P.FAILED}),
    _P.FAILED: frozenset({_P.PENDING}),
}
