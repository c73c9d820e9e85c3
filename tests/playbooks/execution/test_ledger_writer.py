"""What runs and cases record together reaches the gate as one message, and comes back as it is."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from handwheel.agents.deviations.case import Case, CaseEvent, CaseLog, load_case
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import RunLog, load_run
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.errors import InvalidArguments, LedgerError, PermitRefused, Unanswered
from handwheel.tools.guardrails.approval.messages.agents import Operation
from handwheel.tools.guardrails.approval.messages.run_events import (
    RecordEvent,
)
from handwheel.tools.guardrails.approval.messages.run_requests import FileSegment
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.runs import asset_owners
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.message import Message
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.timestamps import Instant

from ...sites.authority_site import later
from ...sites.in_memory import make_site
from ...sites.signed_requests import NOW, request_of

OUTER, INNER = "U-00000001", "U-00000002"
BODY: dict[str, Any] = {"playbook": "test/pumps", "at_s": 12.5}


class Wire:
    """Ledger that takes messages as text, by the gate's clock, while others record as well."""

    def __init__(self, context: DecisionContext) -> None:
        self.database, self.now = context.database, NOW
        self.messages: list[Message] = []
        self.is_gate_there = True
        self.answers = True
        self._done: dict[str, Sequence[JournalRow]] = {}
        self._context = context
        copied = replace(context, database=cast(Database, self))
        self.writer = LedgerWriter.take(copied, lambda: self.now)

    def submit(self, message: Message) -> Sequence[JournalRow]:
        if not self.is_gate_there:
            raise LedgerError("no gate answers")
        self.messages.append(message)
        read = type(message).model_validate(parse_canonical(message.text))
        assert read.text == message.text
        with self.database.transaction(self.now) as transaction:
            told = transaction.record("gate.told", "gate", {})
        if message.text not in self._done:
            read.apply(self._context, self.gate_now)
            self._done[message.text] = list(self.database.journal(told.seq))
        if not self.answers:
            raise Unanswered("the gate does not answer")
        return self._done[message.text]

    @property
    def gate_now(self) -> Instant:
        return later(2.5, now=self.now)

    def __getattr__(self, name: str) -> object:
        return getattr(self.database, name)

    def log(self, run_id: str) -> RunLog:
        return RunLog(self.writer, run_id)

    def opened(self, run_id: str, *assets: str) -> RunLog:
        log = self.log(run_id)
        log.open("test/pumps", assets, BODY)
        log.record(EventKind.JUDGED, findings=[])
        return log


@pytest.fixture
def wire(tmp_path: Path) -> Generator[Wire]:
    site = make_site(tmp_path)
    with Database(site.state, site.id) as database:
        yield Wire(DecisionContext(site, database, load_policy(site), load_roster(site)))


def _rows(wire: Wire) -> list[str]:
    kinds = [str(row.fields["kind"]) for row in wire.database.journal()]
    return [each for each in kinds if each.startswith(("run.", "case.", "request."))]


def test_two_runs_and_a_case_in_nested_transactions_go_in_one_message_and_come_back(
    wire: Wire,
) -> None:
    outer = wire.opened(OUTER, "P-101A")
    inner, cases, before = wire.log(INNER), CaseLog(wire.writer), len(wire.messages)
    with outer.transaction(), inner.transaction():
        inner.open("test/pumps", ("P-101A", "P-101B"), BODY, (OUTER,))
        outer.record(EventKind.NOTIFIED, to=["anna"], text="first")
        inner.record(EventKind.JUDGED, findings=())
        case = cases.record(Case("C-00000001"), CaseEvent.OPENED, {
            "condition": "it is hot", "playbook": "", "deviation": ("hot",),
        })  # fmt: skip
        assert (inner.run.state, len(wire.messages)) == ("CHECKING", before)
    assert len(wire.messages) == before + 1
    assert (outer.run, inner.run) == (
        load_run(wire.database, OUTER),
        load_run(wire.database, INNER),
    )
    (row,) = [each for each in wire.database.find_rows(INNER) if '"run.opened"' in each.text]
    assert (inner.run.since, row.fields["boot_s"]) == (
        row.fields["at"], wire.gate_now.boot_ms / 1000,
    )  # fmt: skip
    found = load_case(wire.database, "C-00000001")
    assert replace(found, opened_at="", deviations={}) == replace(case, opened_at="", deviations={})
    assert asset_owners(wire.database) == {"P-101A": OUTER, "P-101B": INNER}


@pytest.mark.parametrize("fault", ["in the block", "equipment", "no gate"])
def test_a_transaction_that_fails_records_nothing_and_its_runs_are_as_before(
    wire: Wire, fault: str
) -> None:
    first, second, third = wire.opened(OUTER, "P-101A"), wire.log(INNER), wire.log("U-00000003")
    before, rows = first.run, _rows(wire)
    wire.is_gate_there = fault != "no gate"

    def record() -> None:
        with first.transaction():
            first.record(EventKind.NOTIFIED, to=[], text="")
            second.open("test/pumps", ("P-101B",), BODY)
            if fault == "in the block":
                raise KeyError
            third.open("test/pumps", ("P-101A",), BODY)

    with pytest.raises((KeyError, PermitRefused, LedgerError)) as error:
        record()
    assert (first.run, second.run, third.run, _rows(wire)) == (before, Run(), Run(), rows)
    if isinstance(error.value, PermitRefused):
        assert str(error.value).startswith(f"{OUTER} owns its equipment")
    wire.is_gate_there = True
    first.record(EventKind.NOTIFIED, to=[], text="")
    assert first.run == load_run(wire.database, OUTER)


def test_an_event_without_an_answer_is_recorded_once_however_often_it_is_tried(wire: Wire) -> None:
    log = wire.opened(OUTER, "P-101A")
    log.record(EventKind.HOLDING, reason="hold ordered by carl")
    wire.answers = False
    wire.writer.on_settled.append(log.reload)
    with pytest.raises(Unanswered):
        log.record(EventKind.HELD, reason="x")
    with pytest.raises(Unanswered):
        wire.writer.settle()
    with pytest.raises(LedgerError, match="has not answered yet"):
        log.record(EventKind.HELD, reason="x")
    wire.answers = True
    wire.writer.renew()
    assert log.run.state == "HOLDING"
    wire.writer.settle()
    assert (log.run.state, _rows(wire)[-2:]) == ("HELD", ["run.holding", "run.held"])
    log.record(EventKind.NOTIFIED, to=[], text="")


def test_a_request_that_is_refused_leaves_no_event_beside_it(wire: Wire) -> None:
    log = wire.opened(OUTER, "P-101A")
    before, rows = log.run, _rows(wire)

    def record() -> None:
        with log.transaction():
            log.record(EventKind.FILED, request_id="R-7K3MQ2XA", steps=[], within_s=60.0)
            wire.writer.add(FileSegment(request=request_of()))

    with pytest.raises(PermitRefused, match="is no request of a run"):
        record()
    assert (log.run, _rows(wire)) == (before, rows)


def test_a_runner_lock_that_is_over_records_nothing(wire: Wire) -> None:
    log = wire.opened(OUTER, "P-101A")
    before, rows = log.run, _rows(wire)
    wire.now = later(11.0)
    for change in (
        wire.writer.renew,
        lambda: log.record(EventKind.NOTIFIED, to=[], text=""),
        lambda: CaseLog(wire.writer).record_schedule("due", "test/pumps", "now"),
    ):
        with pytest.raises(LostRace, match="its lock is over"):
            change()
    assert (log.run, _rows(wire)) == (before, rows)
    wire.writer.release()  # says nothing, since there is nothing to give back
    LedgerWriter.take(wire.writer.context, lambda: wire.now)


@pytest.mark.parametrize("operation", [
    RecordEvent(subject=OUTER, kind="run.ordered", body={"order": "resume", "person": "anna"}),
    RecordEvent(subject="C-00000001", kind="case.ordered", body={}),
    RecordEvent(subject="C-00000001", kind="case.answered", body={}),
])  # fmt: skip
def test_the_word_of_a_person_is_no_event_of_the_agents(wire: Wire, operation: Operation) -> None:
    rows = _rows(wire)
    with pytest.raises(InvalidArguments, match="is no event of the agents"):
        wire.writer.add(operation)
    assert _rows(wire) == rows
