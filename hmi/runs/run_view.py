"""Data of a run for display, read from the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import next_step
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import INACTIVE, EventKind, RunState, StepState
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.client.stopped_agents import have_agents_stopped
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_exactly
from handwheel.tools.guardrails.ledger.runs import PREFIX, RunEntry, RunRow, load_rows, load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import plain

from ..journal.rows.row_text import event_text
from ..people.signing import has_gate

_CANDIDATES = 5
_PASSED = frozenset({StepState.DONE, StepState.SKIPPED})
_BY_ITSELF: Mapping[RunState, str] = {
    RunState.CHECKING: "evidence and permissives",
    RunState.RESTARTING: "evidence and permissives",
    RunState.HOLDING: "the end of its step",
    RunState.STOPPING: "the end of its step",
    RunState.ABORTING: "the undo",
}
_STEP_WAITS: Mapping[StepState, str] = {
    StepState.COMMAND: "the gate",
    StepState.PERFORM: "the condition of its step",
    StepState.VERIFY: "the verification of its step",
}


_ABOUT_WRITES = frozenset({EventKind.SLOW, EventKind.DUE, EventKind.STEP})


@dataclass(frozen=True, slots=True)
class StepView:
    """One step and its state."""

    step_id: str
    title: str  # empty where the playbook is not at hand any more
    state: StepState
    at: str = ""  # when it came there, as a stamp; empty for a step that has not begun
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RunView:
    """One run for display."""

    entry: RunEntry
    run: Run  # as its events tell of it; held where nobody works on it any more
    recorded: RunState  # the state that the ledger has for it
    rows: Sequence[RunRow]  # its events and the orders to it, the oldest first
    requests: Sequence[RequestRecord]  # in the order in which they were filed
    has_gate: bool  # else nothing is decided, and no time is left

    @property
    def is_left(self) -> bool:
        """Whether the agents have ended that worked on it."""
        return self.run.state is not self.recorded

    @property
    def opening(self) -> Mapping[str, Any]:
        """Playbook, trigger, roles and parameters, as the run began."""
        return self.run.opening

    def bodies(self, kind: str) -> list[Mapping[str, Any]]:
        """Returns the bodies of its events of a kind."""
        return [row.body for row in self.rows if row.kind == kind]

    def steps(self, titles: Mapping[str, str]) -> list[StepView]:
        """Returns its steps in order, with titles by id, none if the playbook is not at hand."""
        asked = [step for body in self.bodies("filed") for step in body.get("steps", [])]
        names = dict.fromkeys((*titles, *self.run.steps, *asked))
        latest = {str(row.body["step"]): row for row in self.rows if row.kind == "step"}
        return [_step(self.run, name, titles.get(name, ""), latest.get(name)) for name in names]

    @property
    def current_step(self) -> str:
        """The step that is active or requested, or an empty string."""
        if self.run.state is not RunState.HELD and self.run.state in INACTIVE:
            return ""
        open_ = [each for each in self.steps({}) if each.state not in _PASSED]
        return open_[0].step_id if open_ else ""

    def waits_for(self, now: Instant) -> str:
        """Returns what the run is waiting for, or an empty string."""
        run = self.run
        if self.is_left:
            return "agents"
        if run.state is RunState.WAITING_APPROVAL:
            return self._approval(now)
        if run.state is RunState.HELD:
            resume = "" if run.goal else "resume to go on, "
            return f"a person: {resume}abort to undo its writes, or stop to leave them"
        if run.state is RunState.ABORTED:
            return "a person: clear"
        if run.state is RunState.RUNNING:
            return (
                self._slow()
                or self._nested()
                or self._sign_off()
                or _STEP_WAITS.get(run.step(self.current_step), "its next step")
            )
        return _BY_ITSELF.get(run.state, "")

    def next_order(self) -> str:
        """Returns the command that leads a held or aborted run on, or an empty string."""
        name = self.entry.run_id
        if self.is_left:
            return next_step("run")
        if self.recorded is RunState.ABORTED:
            return next_step("runs", "clear", name)
        if self.recorded is not RunState.HELD:
            return ""
        is_stuck = bool(self.run.goal)
        return next_step("runs", "abort", name) if is_stuck else next_step("runs", "resume", name)

    def _nested(self) -> str:
        """Returns the run that the current step awaits, or an empty string."""
        is_begun = self.run.step(self.current_step) is StepState.PERFORM
        run_id = self.run.nested.get(self.current_step, "") if is_begun else ""
        return f"{run_id}; {next_step('runs', 'show', run_id)}" if run_id else ""

    def _sign_off(self) -> str:
        """Returns whose signature the current step awaits, or an empty string."""
        run = self.run
        if not run.awaits:
            return ""
        signed = " and ".join(map(plain, run.signed_off.get(run.awaits, ())))
        given = f"; signed by {signed} so far" if signed else ""
        return f"a person: signoff as {plain(run.asked[run.awaits].role)}{given}"

    def _slow(self) -> str:
        """Returns why slow scans keep the next write waiting, or an empty string."""
        last = next((each for each in reversed(self.rows) if each.kind in _ABOUT_WRITES), None)
        if last is None or last.kind != EventKind.SLOW:
            return ""
        return f"faster scans: {event_text(PREFIX + last.kind, last.body)}"

    def _approval(self, now: Instant) -> str:
        waiting = [each for each in self.requests if each.state in WAITING_REQUESTS]
        if not waiting:
            return "the decision"
        request = waiting[-1].request
        waited_s = now.since_s(waiting[-1].filed)
        left = ""
        if self.has_gate and waited_s is not None:
            left = f", {format_duration(max(request.within_s - waited_s, 0.0))} left"
        roles = " and ".join(plain(each) for each in request.roles)
        return f"approval of {request.request_id} by {roles}{left}"


def find_run(database: Ledger, name: str) -> RunEntry:
    """Returns the run of an id, or of the beginning of one that no other shares.

    Raises:
        InvalidArguments: There is none, or more than one.
        LedgerError: The ledger cannot be read.
    """
    wanted, known = name.upper(), load_runs(database)
    found = [each for each in known if each.run_id == wanted]
    found = found or [each for each in known if wanted and each.run_id.startswith(wanted)]
    if not found:
        step = next_step("runs", "list", "--all")
        raise InvalidArguments(f"{name!r} is no run of this site; {step}")
    if len(found) > 1:
        names = ", ".join(each.run_id for each in found[:_CANDIDATES])
        more = f" and {len(found) - _CANDIDATES} more" if len(found) > _CANDIDATES else ""
        raise InvalidArguments(f"{name!r} begins more than one run: {names}{more}")
    return found[0]


def view_run(database: Ledger, entry: RunEntry, now: Instant) -> RunView:
    """Returns a run as it stands now. Raises `LedgerError` if its rows cannot be read."""
    run = load_run(database, entry.run_id)
    rows = load_rows(database, entry.run_id)
    requests = [load_exactly(database, each) for each in run.requests]
    shown = run
    if run.state not in INACTIVE and have_agents_stopped(database, now):
        shown = replace(run, state=RunState.HELD, reason="the agents have stopped")
    return RunView(entry, shown, run.state, rows, requests, has_gate(database))


def run_fields(view: RunView, now: Instant) -> dict[str, object]:
    """Returns the short JSON fields of a run."""
    run = view.run
    return {
        "run_id": view.entry.run_id,
        "state": run.state.value,
        "recorded_state": view.recorded.value,
        "reason": run.reason,
        "playbook": view.entry.playbook,
        "title": view.opening.get("title", ""),
        "since": run.since,
        "step": view.current_step,
        "waits_for": view.waits_for(now),
        "open": view.entry.is_open,
    }


def all_fields(view: RunView, titles: Mapping[str, str], now: Instant) -> dict[str, object]:
    """Returns all of a run as JSON fields, its requests by id."""
    run = view.run
    return run_fields(view, now) | {
        "opening": dict(view.opening),
        "judgement": dict(run.diagnosis),
        "steps": [
            {"step": each.step_id, "title": each.title, "state": each.state.value,
             "at": each.at, "reason": each.reason}
            for each in view.steps(titles)
        ],
        "requests": [
            {"request_id": each.request.request_id, "state": each.state.value,
             "reason": each.reason}
            for each in view.requests
        ],
        "expected": [dict(each) for each in view.bodies("expected")],
        "ran": [dict(each) for each in view.bodies("ran")],
        "workorders": [dict(each) for each in view.bodies("raised")],
        "notices": [dict(each) for each in view.bodies("notified")],
        "undone": [dict(each) for each in view.bodies("undone")],
        "orders": [dict(each) for each in view.bodies("ordered")],
        "events": [
            {"seq": each.seq, "at": each.at, "kind": each.kind, "body": dict(each.body)}
            for each in view.rows
        ],
    }  # fmt: skip


def findings_of(run: Run, side: str) -> list[Mapping[str, str]]:
    """Returns the last evaluated findings of `for`, `against` or `permissive`."""
    found = cast(Sequence[Mapping[str, str]], run.diagnosis.get("findings", []))
    return [each for each in found if each.get("side") == side]


def _step(run: Run, name: str, title: str, row: RunRow | None) -> StepView:
    reason = str(row.body.get("reason", "")) if row else ""
    return StepView(name, title, run.step(name), row.at if row else "", reason)
