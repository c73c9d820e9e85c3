"""A ledger that fails: nothing is done twice."""
# pyright: reportPrivateUsage=false

from contextlib import nullcontext
from unittest.mock import Mock

import pytest

from handwheel.hmi.runs import command as runs
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.event_log import RunLog
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.run_orders import FreeOrder
from handwheel.tools.guardrails.client import connect

from ..testbed.stepped_agents import OUT_A, START_B, STOP_A, AgentsRoom


async def test_a_node_that_fails_between_filing_and_recording_files_once(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = _fail_once(monkeypatch, EventKind.FILED)
    await room.reach_request(1)
    assert failed == [EventKind.FILED]
    assert len(room.requests()) == 1
    room.say("approve")
    await room.scan(2)
    assert room.frames == [START_B]


def _fail_once(patch: pytest.MonkeyPatch, *at: EventKind) -> list[EventKind]:
    """Lets the ledger fail once, when the run is about to note something of each kind."""
    record, failed = RunLog.record, list[EventKind]()

    def failing(log: RunLog, kind: EventKind, **body: object) -> None:
        if kind in at and kind not in failed:
            failed.append(kind)
            raise LedgerError("the disk is full")
        record(log, kind, **body)

    patch.setattr(RunLog, "record", failing)
    return failed


async def test_what_could_not_be_noted_is_noted_later(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [
        EventKind.JUDGED, EventKind.APPROVED, EventKind.STEP, EventKind.EXPECTED, EventKind.RAISED,
        EventKind.COMPLETING, EventKind.COMPLETED,
    ]  # fmt: skip
    failed = _fail_once(monkeypatch, *kinds)
    await room.approved(1, 2)
    await room.reach("COMPLETE")
    assert failed == kinds
    assert room.frames == [START_B, STOP_A, OUT_A]
    assert len(room.workorders.all()) == 1


async def test_what_is_due_and_not_noted_is_not_sent_twice(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail_once(monkeypatch, EventKind.DUE)
    await room.approved(1, 2)
    await room.reach("COMPLETE")
    assert room.frames == [START_B, STOP_A, OUT_A]


@pytest.mark.parametrize(("order", "rest"), [("hold", "held"), ("stop", "stopped")])
async def test_it_comes_to_rest_at_the_end_of_its_step(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    order: FreeOrder, rest: str,
) -> None:  # fmt: skip
    opened = nullcontext(room.desk.database)
    monkeypatch.setattr(connect, "open_ledger", Mock(return_value=opened))
    monkeypatch.setattr("handwheel.hmi.runs.orders._FOLLOWED_S", 0.0)
    for each in ("orders", "command"):
        monkeypatch.setattr(f"handwheel.hmi.runs.{each}.instant_now", room.clock.now)
    await room.settles()
    database, run_id = room.desk.database, room.run_id
    head = database.head()
    assert head is not None
    with pytest.raises(SystemExit, match=r"^4$"):
        runs._ask(room.site, run_id, order)
    out, _ = capsys.readouterr()
    assert out == f"{order} {run_id}: recorded; the run has not followed it yet\n"
    await room.scan(100)
    kinds = [each.fields["kind"] for each in database.journal(head.seq)]
    assert [each for each in kinds if each.startswith("run.")] == [
        "run.ordered", "run.holding" if order == "hold" else "run.stopping", "run.step",
        f"run.{rest}",
    ]  # fmt: skip
    assert room.frames == [START_B]
