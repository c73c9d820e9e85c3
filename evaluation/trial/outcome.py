"""Outcome of a case, read from the ledger after it has run."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from handwheel.agents.deviations.case import PREFIX, case_ids
from handwheel.connectors.model.values import Value
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_requests
from handwheel.tools.guardrails.ledger.runs import RunRow, load_rows, load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import ActionState
from handwheel.tools.maintenance.work_order_database import Notice, WorkOrder, WorkOrders

_NOT_SENT = frozenset({ActionState.ABORTED_NOT_SENT, ActionState.RESOLVED_NOT_APPLIED})


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """Event of a run."""

    at_s: float  # process time since the beginning of the case
    kind: str  # as in the journal, without `run.`
    step: str  # its step; empty for none
    state: str  # of the step after it; empty for an event of no step
    reason: str


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """One run with its events."""

    run_id: str
    playbook: str
    state: str  # such as COMPLETE
    reason: str
    events: Sequence[TraceEvent]

    @property
    def steps(self) -> list[str]:
        """The steps that were done, in order."""
        return [each.step for each in self.events if each.state == "DONE"]


@dataclass(frozen=True, slots=True)
class SentWrite:
    """Write that the gate has sent."""

    at_s: float  # process time since the beginning of the case
    tag: str
    value: Value
    shown: str
    state: str  # of its action, such as VERIFIED
    request_id: str


@dataclass(frozen=True, slots=True)
class FiledRequest:
    """Request that was filed."""

    at_s: float  # process time since the beginning of the case
    request_id: str
    run_id: str
    steps: Sequence[str]
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Judgement that a playbook is not to start now, or is."""

    playbook: str
    reason: str
    blocked_by: Sequence[str]
    suggested: str  # another playbook; empty for none


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that agents, gate and people have done in a case."""

    runs: Sequence[RunOutcome] = ()
    requests: Sequence[FiledRequest] = ()
    writes: Sequence[SentWrite] = ()
    judgements: Sequence[Judgement] = ()
    triggered: frozenset[str] = frozenset()  # playbooks that a case was opened for
    workorders: Sequence[WorkOrder] = ()
    notices: Sequence[Notice] = ()
    escalated_to: frozenset[str] = frozenset()

    def newest_run(self, playbook: str) -> RunOutcome | None:
        """Returns the newest run of a playbook."""
        found = [each for each in self.runs if each.playbook == playbook]
        return found[-1] if found else None

    def final(self, playbook: str) -> tuple[str, str]:
        """Returns the state of a playbook at the end, with its reason."""
        if run := self.newest_run(playbook):
            return run.state.lower(), run.reason or self._newest_request(run.run_id)
        judged = [each for each in self.judgements if each.playbook == playbook]
        if judged or playbook in self.triggered:
            return "not_started", judged[-1].reason if judged else "it was not judged"
        return "not_triggered", "no trigger of it was due"

    def _newest_request(self, run_id: str) -> str:
        found = [each for each in self.requests if each.run_id == run_id]
        texts = [f"{each.request_id} {each.state} {each.reason}".rstrip() for each in found]
        return texts[-1] if texts else ""


ProcessTime = Callable[[str], float]
"""Returns the process time of a stamp, seconds since the beginning of the case."""


def read_outcome(
    database: Ledger, workorders: WorkOrders, process_s: ProcessTime, zero_s: float
) -> Outcome:
    """Returns the outcome of everything that a ledger holds.

    Args:
        process_s: Of a stamp of the ledger.
        zero_s: Process time of the agents at the beginning of the case, seconds.

    Raises:
        LedgerError: The ledger cannot be read.
        ToolFailed: The work orders cannot be read.
    """
    runs = [_run(database, each.run_id, process_s, zero_s) for each in load_runs(database)]
    requests = load_requests(database)
    cases = [row for each in case_ids(database, only_open=False) for row in _case(database, each)]
    return Outcome(
        runs=[run for run, _ in runs],
        requests=[_filed(each, process_s) for each in requests],
        writes=sorted(_sent(requests, process_s), key=lambda each: each.at_s),
        judgements=[*(each for row in cases for each in _judged(row)), *(j for _, j in runs if j)],
        triggered=frozenset(
            row["playbook"].partition(" ")[0] for row in cases if "condition" in row
        ),
        workorders=workorders.all(),
        notices=workorders.notices(),
        escalated_to=frozenset(_told(database, cases)),
    )


def _run(
    database: Ledger, run_id: str, process_s: ProcessTime, zero_s: float
) -> tuple[RunOutcome, Judgement | None]:
    run, rows = load_run(database, run_id), load_rows(database, run_id)
    playbook = str(run.opening["playbook"])
    events = [_event(each, process_s, zero_s) for each in rows]
    outcome = RunOutcome(run_id, playbook, run.state.value, run.reason, events)
    return outcome, _own_judgement(playbook, run)


def _own_judgement(playbook: str, run: Run) -> Judgement | None:
    judged = run.diagnosis
    if not judged:
        return None
    blocked_by = [str(each) for each in judged["blocked_by"]]
    return Judgement(playbook, str(judged["reason"]), blocked_by, str(judged["suggested"]))


def _event(row: RunRow, process_s: ProcessTime, zero_s: float) -> TraceEvent:
    at_s = row.body.get("at_s")
    since_s = process_s(row.at) if at_s is None else float(at_s) - zero_s
    step, reason = str(row.body.get("step", "")), str(row.body.get("reason", ""))
    state = str(row.body["to"]) if row.kind == EventKind.STEP else ""
    return TraceEvent(since_s, row.kind, step, state, reason)


def _told(database: Ledger, cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields to whom runs and cases were escalated."""
    for body in cases:
        yield from body["to"] if "key" in body else ()
    for entry in load_runs(database):
        for row in load_rows(database, entry.run_id):
            yield from row.body["to"] if row.kind == EventKind.ESCALATED else ()


def _case(database: Ledger, case_id: str) -> Iterator[Mapping[str, Any]]:
    """Yields the bodies of a case's events."""
    for row in database.find_rows(case_id):
        if str(row.fields["kind"]).startswith(PREFIX):
            yield row.fields["body"]


def _judged(body: Mapping[str, Any]) -> Iterator[Judgement]:
    for each in body.get("candidates", ()):
        blocked_by = [str(name) for name in each["blocked_by"]]
        yield Judgement(each["playbook"], each["reason"], blocked_by, each["suggests"])


def _filed(record: RequestRecord, process_s: ProcessTime) -> FiledRequest:
    request, (state, reason) = record.request, record.status
    run_id = request.run.run_id if request.run else ""
    return FiledRequest(
        process_s(request.filed_at), request.request_id, run_id, steps_of(record), state, reason
    )


def steps_of(record: RequestRecord) -> list[str]:
    """Returns the steps whose writes a request asks for, in order."""
    return list(dict.fromkeys(each.step for each in record.request.commands if each.step))


def _sent(records: Sequence[RequestRecord], process_s: ProcessTime) -> Iterator[SentWrite]:
    for record in records:
        for each in record.actions:
            action = record.action(each.action_id)
            if each.sent_at is not None and each.state not in _NOT_SENT:
                yield SentWrite(
                    process_s(each.sent_at), action.tag, action.value, action.shown,
                    each.state.value, record.request.request_id,
                )  # fmt: skip
