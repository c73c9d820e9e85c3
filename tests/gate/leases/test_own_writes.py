"""An undo leaves by what this gate did itself, finds exactly what it wrote, and knows when."""
# pyright: reportPrivateUsage=false

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import pytest

from handwheel.hmi.requests.write_followup import notes_on_requests
from handwheel.tools.errors import InterlockActive, LedgerError
from handwheel.tools.guardrails.gate.steps import intent
from handwheel.tools.guardrails.gate.steps.intent import record_intent
from handwheel.tools.guardrails.ledger.journal_rows import UNKNOWN, moment_of
from handwheel.tools.guardrails.ledger.store.database import Database, Transaction
from handwheel.tools.guardrails.ledger.write_leases import left_s, open_writes, written
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.timestamps import Instant

from ...attacks.sql_shell import append_row
from ..testbed.runner import SAFE, Runner, command, recovery, wires
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched
from .test_expiry import FOR_S, WHILE, in_lease, pass_time, standing

EFFECT = Terms(effects=(parse_expectation("PT-102.pv < 400 kPa within 1 min"),))


def invalidated(room: Watched) -> list[str]:
    return [str(each["reason"]) for each in room.rows("action.INVALIDATED")]


@pytest.mark.parametrize("value", [349.0, 361.0])
async def test_a_way_back_leaves_somebody_elses_value_alone(room: Watched, value: float) -> None:
    """Within 2 % of the span of 600 kPa, and not what was written: a person has trimmed it."""
    request = await in_lease(room)
    room.plant.values["PIC-102.sp"] = value
    await pass_time(room, FOR_S + 1.0)
    assert room.wires == wires(request, "c1")
    assert invalidated(room)[:1] == [f"PIC-102.sp reads {value:g} kPa; 360 was expected"]
    assert [each["tag"] for each in room.rows("lease.open")] == ["PIC-102.sp"]
    assert [each.tolerance for undo in request.recovery for each in undo.expected] == [None]
    room.clock.forward(60.0)
    room.plant.values["PIC-102.sp"] = 350.0
    twin = await in_lease(room)
    room.plant.values["PIC-102.sp"] = 350.0  # as the undo would leave it
    await pass_time(room, FOR_S + 1.0)
    assert standing(room, twin) == "CLOSED VERIFIED VERIFIED"


def backdated(room: Watched, request: ActionRequest) -> None:
    """Any process of the state folder's group tells of the command that it is long verified."""
    now, early_s = room.clock.now(), FOR_S + 1.0
    wall = now.wall - timedelta(seconds=early_s)
    past = Instant(wall, now.boot_id, now.boot_ms - round(early_s * 1000))
    name = f"{request.request_id}/c1"
    with Database(room.site.state, room.site.id) as ledger, ledger.transaction(past) as forger:
        forger.record("action.VERIFIED", name, {"reason": "x"})


async def test_a_row_of_the_past_ends_no_lease(room: Watched) -> None:
    request = await in_lease(room)
    room.clock.forward(30.0)
    backdated(room, request)
    await pass_time(room, 30.0)
    assert room.wires == wires(request, "c1")
    assert standing(room, request) == "APPROVED VERIFIED PLANNED"
    room.force_due(f"{request.request_id}/r1")
    await room.act()
    assert invalidated(room) == [f"the lease of {request.request_id} is not over"]
    room.clock.forward(60.0)
    room.plant.values["PIC-102.sp"] = 350.0
    twin = await in_lease(room)
    await pass_time(room, FOR_S)
    assert standing(room, twin) == "CLOSED VERIFIED VERIFIED"


def forge(transaction: Transaction, action_id: str, *states: str) -> None:
    for each in states:
        transaction.change("UPDATE action SET state = ? WHERE action_id = ?", (each, action_id))


async def test_a_command_that_somebody_ends_sets_off_no_way_back(room: Watched) -> None:
    """Two writes of which one came about: what the gate takes back, it must have stopped itself."""
    request = await room.carried_out(START, SETPOINT, terms=WHILE)
    with room.desk.database.transaction(room.clock.now()) as forger:
        forge(forger, f"{request.request_id}/c2", "CANCELLED")
    await pass_time(room, 1.0)
    assert room.wires == wires(request, "c1")
    reason = "a command of it was ended, and not by this gate"
    assert [each["reason"] for each in room.rows("request.INVALIDATED")] == [reason]
    assert [each["tag"] for each in room.rows("lease.open")] == ["P-101A.run_cmd"]
    twin = await room.carried_out(START_B, SETPOINT, terms=WHILE)
    room.plant.fault = "refused"
    await room.act()
    await pass_time(room, 0.1)
    assert room.wires[1:] == wires(twin, "c1", "c2", "r2")


def forge_sent(room: Watched, action_id: str, *states: str, was: str = "PLANNED") -> None:
    with room.desk.database.transaction(room.clock.now()) as forger:
        forge(forger, action_id, *(["DUE"] * (was == "PLANNED")), "CLAIMED")
        forger.change(
            "INSERT INTO intent VALUES (?, '00', (SELECT max(epoch) FROM gate), ?)",
            (action_id, forger.record("x", "x", {}).seq),
        )
        forge(forger, action_id, *states)


async def test_no_command_comes_before_one_that_is_only_said_to_be_done(runner: Runner) -> None:
    run, room = runner.approved(), runner.room
    forge_sent(room, f"{run.request_id}/c1", "SENDING", "VERIFIED")
    await runner.carry_out(run, "c2", "r2")
    said = f"the ledger says that {run.request_id}/c1 is VERIFIED, and this gate has not"
    assert said in runner.reason(run, "c2")
    assert said in runner.reason(run, "r2")
    assert runner.room.wires == []
    twin = runner.approved(runner.segment(proposal_key="another segment 2"))
    await runner.carry_out(twin, "c1", "c2")
    assert runner.room.wires == wires(twin, "c1", "c2")


async def test_an_intent_that_somebody_wrote_gives_nothing_to_undo(runner: Runner) -> None:
    run, room = runner.approved(), runner.room
    forge_sent(room, f"{run.request_id}/c1", "INVALIDATED")
    room.plant.values["P-101A.run_cmd"] = True
    await runner.carry_out(run, "r2", "r3")
    nothing = "there is nothing to undo: run U-00000001 has sent nothing"
    assert [runner.reason(run, each) for each in ("r2", "r3")] == [nothing, nothing]
    assert runner.room.wires == []


async def test_what_an_earlier_gate_sent_is_taken_back_by_a_new_request(runner: Runner) -> None:
    """The twin of a forged intent: people have approved just this after the gate was started."""
    run = await runner.begun("c1")
    await runner.room.restart_gate()
    again = runner.approved(runner.undoing(run))
    await runner.carry_out(again, "r1")
    assert runner.room.wires == [*wires(run, "c1"), *wires(again, "r1")]


async def test_a_gate_remembers_a_frame_that_the_journal_forgets(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = room.approved(START)
    execution = room.execution()
    assert execution is not None
    await room.act()
    monkeypatch.setattr(intent, "has_row", Mock(return_value=False))
    later = room.approved(START_B)
    record = room.desk.record(later.request_id)
    execution = replace(execution, record=record, read_at=room.clock.now())
    with pytest.raises(LedgerError, match=r"this gate has sent .*: it is sent once"):
        record_intent(execution)
    await room.act()
    assert room.wires == [*wires(request, "c1"), *wires(later, "c1")]


async def test_what_was_read_before_the_write_says_nothing_of_what_came_of_it(
    room: Watched,
) -> None:
    watched = room.approved(START_B, terms=EFFECT)
    before = room.plant.read(list(room.site.tags.values()))
    await room.act()
    room.running._look_on(before)
    assert room.rows("effect.CAME") == []
    room.watch()
    assert [each["of"] for each in room.rows("effect.CAME")] == [f"{watched.request_id}/c1"]
    request = room.approved(SETPOINT, terms=WHILE)
    before = room.plant.read(list(room.site.tags.values()))
    await room.act()
    room.desk.say("revoke", request, "anna")
    room.running._look_on(before)
    assert room.rows("lease.seen_back") == []
    assert [each.tag for each in open_writes(room.desk.database)] == ["PIC-102.sp"]
    room.plant.values["PIC-102.sp"] = 350.0
    room.watch()
    assert len(room.rows("lease.seen_back")) == 1


async def test_a_lease_bars_no_safe_state_and_takes_no_tag_of_another(runner: Runner) -> None:
    room, site = runner.room, runner.room.site
    room.plant.values["P-101B.run_cmd"] = True
    waiting = room.desk.propose(("P-101B.run_cmd", False), terms=WHILE)
    room.oracle.note(waiting)
    parts = runner.segment(commands=(command(site, START),), recovery=(recovery(site, SAFE),))
    run = runner.approved(parts)
    reason = f"P-101B.run_cmd cannot be in a lease now: {run.request_id} is approved"
    with pytest.raises(InterlockActive, match=reason):
        room.oracle.approve(waiting, "anna")
    with pytest.raises(InterlockActive, match=reason):
        room.desk.propose(("P-101B.run_cmd", False), terms=WHILE)
    runner.end(run)
    lease = await room.carried_out(("P-101B.run_cmd", False), terms=WHILE)
    again = runner.approved(replace(parts, proposal_key="another segment 2"))
    await runner.carry_out(again, "c1", "r1")
    assert room.wires == [*wires(lease, "c1"), *wires(again, "c1", "r1")]


@pytest.mark.parametrize("steps", [(-1.8, -1.8), (-1.8,)], ids=["part", "agree"])
async def test_a_lease_whose_time_nobody_can_tell_ends_and_is_told(
    room: Watched, steps: tuple[float, ...]
) -> None:
    """Each step is less than a clock that was set; together they part the clocks of the lease."""
    room.clock.set(1.8)
    room.watch()
    request = await in_lease(room)
    for each in steps:
        room.clock.set(each)
        room.watch()
    await pass_time(room, FOR_S + 4.0)
    if len(steps) == 1:
        assert room.wires == wires(request, "c1", "r1")
        return
    assert room.wires == wires(request, "c1")
    assert standing(room, request) == "INVALIDATED VERIFIED INVALIDATED"
    (told,) = room.rows("lease.open")
    assert "the clocks disagree since it was written" in str(told["reason"])


ODD: Mapping[str, Mapping[str, object]] = {
    "no time": {"at": None},
    "no boot clock": {"boot_s": None},
    "no boot": {"boot_id": None},
    "a time that is a number": {"at": 5},
    "a boot clock that is a text": {"boot_s": "x"},
    "a boot clock beyond all numbers": {"boot_s": 1e308},
    "a boot that is a list": {"boot_id": ["boot-1"]},
}


@pytest.mark.parametrize("what", ODD)
async def test_a_lease_since_nobody_knows_when(room: Watched, what: str) -> None:
    request = await in_lease(room)
    database, now = room.desk.database, room.clock.now()
    states = {each.action_id: each.state for each in room.desk.record(request.request_id).actions}
    assert left_s(database, request, states, now) == pytest.approx(7200.0, abs=60.0)
    name = f"{request.request_id}/c1"
    append_row(database, now, "action.VERIFIED", name, {}, ODD[what])
    assert written(database, request, states) == UNKNOWN
    assert left_s(database, request, states, now) is None  # and never 0: that it is over
    assert now.since_s(UNKNOWN) is None
    (notes,) = notes_on_requests(database, None, now).values()
    assert any("its lease" in each and "left" not in each for each in notes)


@pytest.mark.parametrize("text", ["", "[]", "5", "{}", "{ }", chr(34) * 3])
def test_what_is_no_row_says_no_moment(text: str) -> None:
    assert moment_of(text) == UNKNOWN
