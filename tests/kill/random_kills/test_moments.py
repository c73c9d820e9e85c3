"""When somebody is killed: what is drawn, what is waited for, and what is counted afterwards."""

from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random
from threading import Timer

from handwheel.tools.guardrails.ledger.store.database import Database

from ...auditor.audit import Match, Report
from ..ledger_view import LedgerView
from .lockouts import Stop, late_frames, lock_out
from .moments import draw
from .result import Result

SITE = "cw-demo"


def _record(state: Path, *kinds: str) -> None:
    with Database(state, SITE) as database, database.transaction() as transaction:
        for kind in kinds:
            transaction.record(kind, "R-1/c1", {})


def test_every_kind_of_death_is_drawn_and_a_seed_repeats_it() -> None:
    drawn = [draw(Random(seed)) for seed in range(300)]
    assert drawn == [draw(Random(seed)) for seed in range(300)]
    moments = [plan.moment for plan in drawn]
    assert {moment.victim for moment in moments} == {"gate", "terminal", "nobody"}
    assert {"action.CLAIMED", "action.SENDING"} <= {moment.kind for moment in moments}
    assert {len(plan.tags) for plan in drawn} == {moment.count for moment in moments} == {1, 2}
    assert 10 < sum(plan.lockout != "" for plan in drawn) < 60


def test_a_moment_comes_with_its_row_and_passes_with_the_end(tmp_path: Path) -> None:
    _record(tmp_path, "action.CLAIMED")
    view = LedgerView(tmp_path / "ledger.db")
    head = view.head()
    later = Timer(0.1, _record, (tmp_path, "action.CLAIMED", "action.VERIFIED", "action.CLAIMED"))
    later.start()
    assert not view.await_row(head, "action.CLAIMED", 1, 0.01)
    assert view.await_row(head, "action.CLAIMED", 2, 5.0)
    later.join()
    _record(tmp_path, "request.CLOSED", "action.CLAIMED")
    assert not view.await_row(head, "action.CLAIMED", 3, 5.0)


def test_the_state_at_death_is_the_last_that_the_ledger_has(tmp_path: Path) -> None:
    _record(tmp_path, "action.VERIFIED")
    view = LedgerView(tmp_path / "ledger.db")
    head = view.head()
    for kinds, state in (
        (["gate.started"], "nothing filed"),
        (["request.filed", "request.PENDING"], "PENDING"),
        (["request.APPROVED", "action.DUE", "action.CLAIMED", "action.intent"], "CLAIMED"),
    ):
        _record(tmp_path, *kinds)
        assert view.state(head) == state


def test_after_a_lockout_only_the_frame_in_flight_may_come(tmp_path: Path) -> None:
    (tmp_path / "lockout").mkdir()
    stop = lock_out(tmp_path, "P-101A")
    assert (tmp_path / "lockout" / "P-101A").exists()

    def faults(sent_s: float, came_s: float, pdu: str = "050000ff00", scope: str = "") -> list[str]:
        at = [_after(stop, seconds) for seconds in (sent_s, came_s)]
        frame = {"n": 1, "wall": at[1], "pdu": pdu}
        row = {"kind": "action.SENDING", "subject": "R-1/c1", "at": at[0]}
        report = Report((), (Match(1, "R-1/c1", ("ben",), "VERIFIED"),))
        return list(late_frames([Stop(scope or stop.scope, stop.begun)], [frame], [row], report))

    assert faults(-0.2, -0.1) == faults(-0.1, 0.1) == []
    assert faults(0.1, 0.2) == ["frame 1: came after the lockout of P-101A"]
    assert faults(0.1, 0.2, pdu="050014ff00") == []
    assert faults(0.1, 0.2, pdu="050014ff00", scope="site")


def _after(stop: Stop, seconds: float) -> str:
    return (stop.begun + timedelta(seconds=seconds)).isoformat()


def test_deaths_are_counted_by_victim_and_state() -> None:
    deaths = Counter({("gate", "SENDING"): 2, ("gate", "DUE"): 1, ("terminal", "SENDING"): 5})
    result = Result(1, 9, 9.0, deaths, {"VERIFIED": 1}, {}, 0, 1, ["frame 7: foreign"])
    assert (result.died("gate"), result.died("gate", "SENDING", "CLAIMED")) == (3, 2)
    text = str(result)
    assert "8 kills in 9 rounds" in text
    assert "FAULT  frame 7: foreign" in text
