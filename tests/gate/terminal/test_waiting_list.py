"""Everything that waits for a person is listed with the command that answers it, and no more."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.deviations.case import Case, CaseEvent, CaseLog
from handwheel.connectors.hints import at_console
from handwheel.hmi.shift.changes import ChangeTracker
from handwheel.hmi.shift.waiting import NOTHING, waiting_for_people
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.tools.guardrails.identity.keys import key_path
from handwheel.tools.guardrails.interlocks.authority import TakenMode
from handwheel.tools.maintenance.work_order_database import WorkOrder, WorkOrders

from ...hmi.runs.run_site import FIRST, RUN, Place, leave
from ...printed_hints import check_hints
from ..testbed.authority_grant import give
from ..testbed.with_oracle import START_B, Watched
from ..testbed.words import take_authority

_NAME = "cw/pump-bearing-changeover (P-101A, P-101B)"
_CASE = "C-00000001"
_SHOW = f"handwheel cases show {_CASE}"
_UNKNOWN: dict[str, Any] = {
    "id": "standby-ready", "side": "permissive", "truth": "unknown",
    "shown": "P-101B.mode == 'remote'  [P-101B.mode is - (BadNoCommunication)]",
}  # fmt: skip
_QUESTION: dict[str, Any] = {
    "name": "heat/P-101A", "title": "Feel P-101A", "ask": "How is the bearing of P-101A?",
    "role": "operator", "answers": ["hot", "cold"], "minutes": 5.0, "playbook": "",
    "expected": {"bearing-worn P-101A": "hot", "strainer-plugged": "cold"},
}  # fmt: skip


class Shift:
    """A room, and this process at work on its runs."""

    def __init__(self, room: Watched) -> None:
        self.room, self.database, now = room, room.desk.database, room.clock.now
        writer = LedgerWriter.take(room.desk.decision_context, now)
        self.place = Place(room.site, self.database, writer, now)
        self.case = Case(_CASE)

    def judge(self, code: str, reason: str, *conditions: dict[str, Any]) -> None:
        """Agents have judged a case, and ask for nothing."""
        candidate = {
            "playbook": "cw/pump-bearing-changeover", "title": "Change over", "suggests": "",
            "roles": {"duty": "P-101A", "standby": "P-101B"}, "code": code, "reason": reason,
            "conditions": list(conditions), "equipment": ["P-101A", "P-101B"],
        }  # fmt: skip
        body = {"choice": "", "reason": reason, "candidates": [candidate]}
        if not self.case.opened_at:
            opened = {"condition": "VAH-101A.active", "playbook": _NAME, "place": ""}
            self.record(CaseEvent.OPENED, opened)
        self.record(CaseEvent.JUDGED, body)

    def record(self, kind: CaseEvent, body: dict[str, Any]) -> None:
        log = CaseLog(self.place.writer)
        self.case = log.record(self.case, kind, body)

    def listed(self) -> list[tuple[str, str, tuple[str, ...]]]:
        found = waiting_for_people(self.room.site, self.database, self.room.clock.now())
        return [(each.kind, each.subject, each.commands) for each in found]

    def lines(self) -> list[str]:
        return ChangeTracker(self.room.site, self.database).overview(self.room.clock.now())


@pytest.fixture
def shift(room: Watched) -> Shift:
    return Shift(room)


async def _asked(shift: Shift) -> None:
    shift.place.ask(shift.place.open())
    shift.room.clock.forward(5.0)


async def _held(shift: Shift) -> None:
    log = shift.place.open()
    log.record(EventKind.HOLDING, reason="hold ordered by carl", at_once=True)
    log.record(EventKind.HELD, reason="hold ordered by carl")


async def _aborted(shift: Shift) -> None:
    log = shift.place.open()
    log.record(EventKind.STARTED)
    log.record(EventKind.ABORTING, reason="it shakes", goal="rollback")
    log.record(EventKind.ABORTED, reason="it shakes")


async def _left(shift: Shift) -> None:
    shift.place.open()
    shift.judge("evidence", "it was not known")
    leave(shift.place)


async def _left_and_no_gate(shift: Shift) -> None:
    await _left(shift)
    shift.room.kill_gate()


async def _unknown(shift: Shift) -> None:
    await shift.room.carried_out(START_B, fault="answer lost")


async def _locked(shift: Shift) -> None:
    shift.room.desk.lock_out("P-101B")
    shift.room.watch()


async def _ordered(shift: Shift) -> None:
    with WorkOrders(shift.room.site.state) as store:
        store.raise_order(WorkOrder.model_validate({
            "workorder_id": "W-00000001", "key": "k", "site": "cw-demo", "asset": "P-101A",
            "class": "corrective", "priority": 2, "title": "Inspect the bearings of P-101A",
            "due": "2026-12-02T08:30:00.000Z", "opened_at": "2026-11-25T08:30:00.000Z",
            "run_id": RUN, "playbook": "cw/pump-bearing-changeover 1.0.0",
        }))  # fmt: skip


async def _not_granted(shift: Shift) -> None:
    shift.judge("authority", "P-101A was not granted to agents; next: handwheel authority list")


async def _granted_since(shift: Shift) -> None:
    await _not_granted(shift)
    give(shift.room.desk.decision_context, "PUMPS-101", shift.room.clock.now())


async def _taken(shift: Shift, mode: TakenMode) -> None:
    now = shift.room.clock.now()
    give(shift.room.desk.decision_context, "PUMPS-101", now)
    take_authority(shift.database, shift.room.site, "P-101B", mode, "max", now, by="user")
    await _not_granted(shift)


async def _under_maintenance(shift: Shift) -> None:
    await _taken(shift, "MAINTENANCE")


async def _local(shift: Shift) -> None:
    await _taken(shift, "LOCAL")


async def _not_known(shift: Shift) -> None:
    shift.judge("permissive", "standby-ready is not known", _UNKNOWN)


async def _questioned(shift: Shift) -> None:
    await _not_known(shift)
    checks = {"checks": [_QUESTION, {**_QUESTION, "ask": "", "playbook": "cw/valve-step-test"}]}
    shift.record(CaseEvent.JUDGED, {**shift.case.judgement, "diagnosis": checks})


async def _no_gate(shift: Shift) -> None:
    shift.judge("no_gate", "no gate is running; next: handwheel gate")


async def _nothing(shift: Shift) -> None:
    del shift


_ORDER = "W-00000001"
_RUN = ("handwheel runs resume", "handwheel runs abort", "handwheel runs stop")
_ANSWERS = tuple(f"handwheel cases answer {_CASE} heat/P-101A {each}" for each in ("hot", "cold"))
_GIVE = "handwheel authority give PUMPS-101 --for 1h --as anna"
CASES: list[tuple[Callable[[Shift], Awaitable[None]], list[Any], str]] = [
    (_nothing, [], NOTHING),
    (_asked, [("request", FIRST, (f"handwheel requests approve {FIRST}",))], "29 min 55 s left"),
    (_held, [("run", RUN, tuple(f"{each} {RUN}" for each in _RUN))], "hold ordered by carl"),
    (_aborted, [("run", RUN, (f"handwheel runs clear {RUN}",))], "waits for a person: clear"),
    (_left, [("run", RUN, ("handwheel run",)), ("case", _CASE, ("handwheel run",))],
     "the agents have stopped"),
    (_left_and_no_gate, [("case", _CASE, (_SHOW,))], "no gate is running: nothing can be approved"),
    (_locked, [("lockout", "P-101B", ("handwheel release P-101B",))], "LOCKED OUT: P-101B"),
    (_ordered, [("work_order", _ORDER, tuple(f"handwheel workorders {word} {_ORDER}"
                                             for word in ("show", "close")))],
     "W-00000001  corrective, priority 2, P-101A: Inspect the bearings of P-101A, due 2026-12-02"),
    (_not_granted, [("authority", _CASE, (_GIVE,))],
     "PUMPS-101 was not granted to agents; ask anna, gina, bert"),
    (_granted_since, [], NOTHING),
    (_under_maintenance, [("authority", _CASE, ())],
     "P-101B is MAINTENANCE, set by max; nobody can grant it now"),
    (_local, [("authority", _CASE, ("handwheel authority take P-101B",))],
     "P-101B is LOCAL, set by max; nobody can grant it now"),
    (_not_known, [("case", _CASE, (_SHOW,))],
     "standby-ready (permissive) is not known: P-101B.mode == 'remote'"),
    (_questioned, [("question", _CASE, _ANSWERS), ("case", _CASE, (_SHOW,))],
     "C-00000001  question for operator, 5 min: How is the bearing of P-101A?"),
    (_no_gate, [("case", _CASE, ("handwheel gate", _SHOW))], f"{_NAME}: no gate is running"),
]  # fmt: skip


@pytest.mark.parametrize(("happens", "listed", "line"), CASES)
async def test_what_waits_is_listed_with_what_answers_it(
    shift: Shift, happens: Callable[[Shift], Awaitable[None]], listed: list[Any], line: str
) -> None:
    await happens(shift)
    assert shift.listed() == listed
    lines = shift.lines()
    assert any(line in each for each in lines), lines
    assert (NOTHING in lines) == (not listed)


async def test_an_unknown_outcome_waits_until_somebody_has_looked(shift: Shift) -> None:
    await _unknown(shift)
    ((kind, name, commands),) = shift.listed()
    assert (kind, commands) == ("outcome", (f"handwheel requests resolve {name}",))
    shift.room.desk.resolve(name, "resolve-applied")
    assert shift.listed() == []


async def test_the_console_shows_it_once_and_says_when_it_is_over(shift: Shift) -> None:
    changes, now = ChangeTracker(shift.room.site, shift.database), shift.room.clock.now
    changes.updates(now())
    await _not_known(shift)
    first, *more = changes.updates(now())
    assert first.endswith("nothing is asked for:")
    assert len(more) == 3
    shift.judge("permissive", "x", _UNKNOWN | {"shown": "other values"})
    assert changes.updates(now()) == []
    shift.record(CaseEvent.CLOSED, {"reason": "the deviation is over"})
    assert changes.updates(now()) == [f"ended: {_CASE} waits no longer"]


async def test_a_command_names_its_signer_where_several_keys_are_here(
    shift: Shift, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for person in ("anna", "bert", "gina"):
        path = key_path(shift.room.site.id, person)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    await _held(shift)
    ((_, _, commands),) = shift.listed()
    signed = [f"handwheel runs {order} {RUN} --as {person}"
              for order in ("resume", "abort") for person in ("anna", "gina", "bert")]  # fmt: skip
    assert list(commands) == [*signed, f"handwheel runs stop {RUN}"]


async def test_the_console_names_its_own_command_for_an_approval(shift: Shift) -> None:
    await _asked(shift)
    with at_console("anna"):
        lines = shift.lines()
    assert f"  next: approve {FIRST}" in lines
    check_hints("\n".join(lines))
