"""State of a run, folded from its events by pure functions.

An event that the state does not allow is refused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from .states import CLOSED, MOVES, REMARKS, STEP_MOVES, EventKind, RunState, StepState

_S, _E = RunState, EventKind
_T = TypeVar("_T")


class IllegalEvent(ValueError):
    """The run's state does not allow the event."""


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One event of a run."""

    kind: EventKind
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    at: str = ""  # wall-clock time as a stamp
    seq: int = 0  # its row in the journal; 0 before it is written

    @property
    def process_s(self) -> float:
        """Process time at which it was recorded, 0 for one of an older version."""
        return float(self.body.get("at_s", 0.0))


@dataclass(frozen=True, slots=True)
class Asked:
    """Step that people were asked to sign off."""

    role: str
    text: str  # as people were told
    at: str  # wall-clock time as a stamp


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
    due: tuple[str, ...] = ()  # the actions that it has set due, in order
    undone: tuple[str, ...] = ()  # the undo and safe-state actions that are done or were skipped
    undo_verified: frozenset[str] = frozenset()  # the undo actions whose `verify` was met
    undo_blocked: str = ""  # why the undo of the present abort cannot be completed
    asked_back: tuple[str, ...] = ()  # the requests that the present abort has submitted
    undo_due: tuple[str, ...] = ()  # the actions that the present abort has set due
    expected: frozenset[tuple[str, str]] = frozenset()  # evaluated results, by step and text
    recorded: Mapping[str, Any] = field(default_factory=dict[str, Any])  # `before` of its steps
    missed: tuple[str, ...] = ()  # expected results that were not met since the run last held
    is_unread: bool = False  # whether it did not start since the plant could not be read
    violated: str = ""  # the invariants that the held run violates
    asked: Mapping[str, Asked] = field(default_factory=dict[str, Asked])  # by step
    awaits: str = ""  # the step that waits to be signed off
    # People who have signed each step off.
    signed_off: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    nested: Mapping[str, str] = field(default_factory=dict[str, str])  # run of each step's attempt
    lapsed: str = ""  # the request that nobody decided in time, and whose steps are skipped
    failures: Mapping[str, int] = field(default_factory=dict[str, int])  # by step, since a resume
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
    # Process time, seconds, on the scale of the process that has recorded it.
    entered_s: float = 0.0  # of the entry into its state
    began_s: float = 0.0  # of the latest approval or start
    judged_s: float | None = None  # of the latest judgement
    armed_s: float | None = None  # of its first action or nested run; invariants count
    step_s: Mapping[str, float] = field(default_factory=dict[str, float])  # of each step's move
    sent_s: Mapping[str, float] = field(default_factory=dict[str, float])  # of each step's writes
    undone_s: float | None = None  # of the latest undo of the present abort
    resumed_s: float = 0.0  # of the latest resume
    due_s: float = 0.0  # process time of the latest action that was set due
    due_at: str = ""  # wall-clock time of the latest action that was set due, as a stamp
    slow_scan: int | None = None  # the scan at which it has told that scans are too far apart

    @property
    def is_closed(self) -> bool:
        """Whether the run owns no equipment."""
        return self.state in CLOSED

    @property
    def ancestors(self) -> tuple[str, ...]:
        """Runs that have started a nested run, the nearest first."""
        return tuple(map(str, self.opening.get("ancestors", ())))

    def step(self, step_id: str) -> StepState:
        """Returns the state of a step."""
        return self.steps.get(step_id, StepState.PENDING)


def apply(run: Run, event: RunEvent) -> Run:
    """Returns the run after an event, or raises `IllegalEvent` if the state does not allow it."""
    move = MOVES.get(event.kind)
    allowed = move[0] if move else REMARKS[event.kind]
    if run.state not in allowed or (event.kind is _E.OPENED and run.seq):
        raise IllegalEvent(f"{event.kind} is not allowed in {run.state}")
    orders = max(run.orders, int(event.body.get("order", 0)))
    run = _note(replace(run, seq=event.seq, orders=orders), event)
    if move is None:
        return run
    reason = str(event.body.get("reason", ""))
    return replace(
        run, state=move[1], since=event.at, reason=reason, escalated=0, violated="", awaits="",
        is_cut_off=_is_cut_off(run, event), entered_s=event.process_s, slow_scan=None,
    )  # fmt: skip


def _is_cut_off(before: Run, event: RunEvent) -> bool:
    """Whether nothing more of the step is done, as after a hold at once or a stop while held."""
    if before.state is _S.ABORTING:
        return True
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
    return note(run, event) if note else run


def _judged(run: Run, event: RunEvent) -> Run:
    return replace(run, diagnosis=event.body, judged_s=event.process_s)


def _filed(run: Run, event: RunEvent) -> Run:
    return replace(run, requests=(*run.requests, str(event.body["request_id"])))


def _due(run: Run, event: RunEvent) -> Run:
    action_id = str(event.body["action_id"])
    return replace(
        run, due=(*run.due, action_id), due_at=event.at, due_s=event.process_s, slow_scan=None,
        undo_due=(*run.undo_due, action_id) if run.state is _S.ABORTING else run.undo_due,
        armed_s=event.process_s if run.armed_s is None else run.armed_s,
    )  # fmt: skip


def _undone(run: Run, event: RunEvent) -> Run:
    is_done = event.body["state"] in {"VERIFIED", "RESOLVED_APPLIED", "SKIPPED"}
    if not is_done:
        return run
    undone = (*run.undone, str(event.body["action_id"]))
    return replace(run, undone=undone, undone_s=event.process_s)


def _expected(run: Run, event: RunEvent) -> Run:
    body = event.body
    expected = run.expected | {(str(body["step"]), str(body["text"]))}
    missed = run.missed if body.get("kept", True) else (*run.missed, str(body["shown"]))
    return replace(run, expected=expected, missed=missed)


def _aborting(run: Run, event: RunEvent) -> Run:
    return replace(
        run, goal=str(event.body["goal"]), undo_blocked="", asked_back=(), undo_due=(),
        undone_s=None,
    )  # fmt: skip


def _already(run: Run, event: RunEvent) -> Run:
    tags = tuple(map(str, event.body["tags"]))
    return replace(run, already={**run.already, str(event.body["step"]): tags})


def _step(run: Run, event: RunEvent) -> Run:
    step_id, to = str(event.body["step"]), StepState(event.body["to"])
    before = run.step(step_id)
    if to not in STEP_MOVES.get(before, frozenset()):
        raise IllegalEvent(f"step {step_id} cannot go from {before} to {to}")
    if to is StepState.PENDING:
        run = replace(run, nested=_without(run.nested, step_id))
    if before is StepState.FAILED:
        expected = frozenset(each for each in run.expected if each[0] != step_id)
        attempts = {**run.attempts, step_id: len(run.requests)}
        run = replace(run, attempts=attempts, expected=expected)
    if before is StepState.COMMAND and to in {StepState.VERIFY, StepState.DONE}:
        run = replace(run, sent_s={**run.sent_s, step_id: event.process_s})
    if to is StepState.FAILED:
        run = replace(
            run, failures={**run.failures, step_id: run.failures.get(step_id, 0) + 1},
            asked=_without(run.asked, step_id), signed_off=_without(run.signed_off, step_id),
        )  # fmt: skip
    if step_id == run.awaits:
        run = replace(run, awaits="")
    step_s = {**run.step_s, step_id: event.process_s}
    recorded = {**event.body.get("recorded", {}), **run.recorded}  # of its first beginning
    return replace(run, steps={**run.steps, step_id: to}, step_s=step_s, recorded=recorded)


def _without(table: Mapping[str, _T], key: str) -> dict[str, _T]:
    return {name: value for name, value in table.items() if name != key}


def _resuming(run: Run, event: RunEvent) -> Run:
    """Forgets the times of steps, which may be of another process, where time was ahead."""
    return replace(
        run, restarts=run.restarts + 1, judged_s=None, resumed_s=event.process_s, step_s={},
        sent_s={}, asked={}, signed_off={}, failures={},
    )  # fmt: skip


def _asked(run: Run, event: RunEvent) -> Run:
    step_id, body = str(event.body["step"]), event.body
    asked = Asked(str(body["role"]), str(body["text"]), event.at)
    return replace(run, asked={**run.asked, step_id: asked}, awaits=step_id)


def _ran(run: Run, event: RunEvent) -> Run:
    nested = {**run.nested, str(event.body["step"]): str(event.body["run_id"])}
    armed_s = event.process_s if run.armed_s is None else run.armed_s
    return replace(run, nested=nested, armed_s=armed_s)


def _signed_off(run: Run, event: RunEvent) -> Run:
    step_id, person = str(event.body["step"]), str(event.body["person"])
    people = (*run.signed_off.get(step_id, ()), person)
    return replace(run, signed_off={**run.signed_off, step_id: people})


_NOTES: Mapping[EventKind, Callable[[Run, RunEvent], Run]] = {
    _E.OPENED: lambda run, event: replace(run, opening=event.body),
    _E.JUDGED: _judged,
    _E.NOT_STARTED: lambda run, event: replace(
        run, is_unread=bool(event.body.get("is_unread", False))
    ),
    _E.ALREADY: _already,
    _E.FILED: _filed,
    _E.ASKED_BACK: lambda run, event: replace(
        _filed(run, event), asked_back=(*run.asked_back, str(event.body["request_id"]))
    ),
    _E.STARTED: lambda run, event: replace(run, began_s=event.process_s),
    _E.APPROVED: lambda run, event: replace(run, began_s=event.process_s),
    _E.LAPSED: lambda run, event: replace(
        run, began_s=event.process_s, lapsed=str(event.body["request_id"])
    ),
    _E.ASKED: _asked,
    _E.SIGNED_OFF: _signed_off,
    _E.RAN: _ran,
    _E.STEP: _step,
    _E.SLOW: lambda run, event: replace(run, slow_scan=int(event.body["scan"])),
    _E.DUE: _due,
    _E.UNDONE: _undone,
    _E.UNDO_VERIFIED: lambda run, event: replace(
        run, undo_verified=run.undo_verified | {str(event.body["action_id"])}
    ),
    _E.UNDO_BLOCKED: lambda run, event: replace(run, undo_blocked=str(event.body["reason"])),
    _E.EXPECTED: _expected,
    _E.VIOLATED: lambda run, event: replace(run, violated=str(event.body["reason"])),
    _E.HELD: lambda run, event: replace(run, missed=()),
    _E.ABORTING: _aborting,
    _E.RESUMING: _resuming,
    _E.ESCALATED: lambda run, event: replace(run, escalated=run.escalated + 1),
}
