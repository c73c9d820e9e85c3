"""Pace at the gate: writes and movement of a group in a stretch of time, and a rate."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from handwheel.tools.guardrails.approval.session import current_card
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.policy.groups import group_usage

from ...plants.in_memory import Fault
from ..testbed.edited_policy import LOOSE, carried_out, ruled_room
from ..testbed.runner import SETPOINT_BACK, Runner
from ..testbed.with_oracle import START, STOP, Watched

GROUPS = """\
across: []
groups:
  - {id: starts, tags: ["P-101?.run_cmd"], writes: 2, within: 10 min}
  - {id: moves, tags: [PIC-102.sp], writes: 5, travel: 30 kPa, within: 10 min}
"""
AS_IT_IS = 'across:\n  - {id: no-overpressure, that: "PT-102.pv < 500 kPa", with: now}\n'
SP = "PIC-102.sp"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Watched]:
    edits = (("policy.yaml", LOOSE, ""), ("policy.yaml", AS_IT_IS, GROUPS))
    async with ruled_room(tmp_path, *edits) as room:
        yield room


def _told(room: Watched) -> str:
    """The journal's reason of the last action that came to nothing."""
    return str(room.rows("action.INVALIDATED")[-1]["reason"])


async def test_one_write_too_many_is_stopped_and_goes_when_the_window_is_over(
    room: Watched,
) -> None:
    for write in (START, STOP):
        assert (await carried_out(room, write))[0].startswith("VERIFIED")
    room.clock.forward(599.0)
    (end,) = await carried_out(room, START)
    words = "starts: 2 writes of its tags are allowed within 10 min 00 s, and there were 2"
    assert end == f"INVALIDATED: {words}; wait 1 s more"
    assert _told(room) == f"{words}; wait 1 s more"
    assert len(room.plant.frames) == 2
    room.clock.forward(1.0)
    (end,) = await carried_out(room, START)
    assert end.startswith("VERIFIED")
    assert len(room.plant.frames) == 3


async def test_movement_counts_both_ways_from_what_was_there(room: Watched) -> None:
    for value in (360.0, 345.0):
        assert (await carried_out(room, (SP, value)))[0].startswith("VERIFIED")
        room.clock.forward(20.0)
    (end,) = await carried_out(room, (SP, 350.1))
    assert end.startswith("INVALIDATED: moves: its tags may move by 30 kPa within 10 min 00 s, and")
    assert "would be 30.1 kPa" in end
    assert _told(room) in end
    assert (await carried_out(room, (SP, 350.0)))[0].startswith("VERIFIED")
    assert len(room.plant.frames) == 3


@pytest.mark.parametrize("fault", ["answer lost", "refused", "other value"])
async def test_what_was_sent_counts_whatever_became_of_it(room: Watched, fault: Fault) -> None:
    room.plant.fault = fault
    await carried_out(room, ("P-101B.run_cmd", True))
    state = room.desk.database.all("SELECT action_id, state FROM action")[0]
    if state[1] in {"UNKNOWN", "MISMATCH"}:
        room.desk.resolve(state[0], "resolve-applied")
    assert (await carried_out(room, START))[0].startswith("VERIFIED")
    assert "starts: 2 writes" in (await carried_out(room, STOP))[0]
    assert len(room.plant.frames) == 2


async def test_the_writes_of_one_request_add_up_and_its_card_says_so_before(room: Watched) -> None:
    assert (await carried_out(room, START))[0].startswith("VERIFIED")
    both = (STOP, ("P-101B.run_cmd", True))
    request = room.desk.propose(*both)
    record = load_request(room.desk.database, request.request_id)
    problems = current_card(room.desk.decision_context, record, room.clock.now()).problems
    assert [each for each in problems if each.startswith("starts: 2 writes")] != []
    ends = await carried_out(room, *both)
    assert [end.split(":")[0] for end in ends] == ["VERIFIED", "INVALIDATED"]
    assert len(room.plant.frames) == 2


async def test_recovery_is_not_held_up_and_counts(room: Watched) -> None:
    runner = Runner(room)
    request = runner.approved()
    await runner.carry_out(request, "c1", "c2")
    await runner.carry_out(request, "r1", "r2", "r3")
    assert runner.states(request) == " ".join(["VERIFIED"] * 5)
    assert SETPOINT_BACK[1] == room.plant.values[SP]
    runner.end(request)
    assert "and there were 3" in (await carried_out(room, START))[0]


async def test_a_clock_that_is_set_and_a_restart_forget_nothing(room: Watched) -> None:
    for write in (START, STOP):
        assert (await carried_out(room, write))[0].startswith("VERIFIED")
    database = room.desk.database
    (group,) = room.desk.decision_context.policy.groups_of("P-101A.run_cmd")
    room.clock.set(7200.0)  # the boot clock knows better
    assert group_usage(database, group, room.clock.now()).writes_left == 0
    room.clock.set(-7200.0)
    room.clock.reboot()
    assert group_usage(database, group, room.clock.now()).writes_left == 0
    room.clock.forward(600.0)
    assert group_usage(database, group, room.clock.now()).writes_left == 2


@pytest.fixture
async def paced(tmp_path: Path) -> AsyncGenerator[Watched]:
    async with ruled_room(tmp_path, ("policy.yaml", LOOSE, "rate: 30 kPa/min, ")) as paced:
        yield paced


@pytest.mark.way_in("G5")
async def test_a_first_jump_without_history_is_bounded(paced: Watched) -> None:
    (end,) = await carried_out(paced, (SP, 380.1))
    words = "PIC-102.sp was never written from here: at 30 kPa/min its first step may be 30 kPa"
    assert end == f"INVALIDATED: {words}, not 30.1 kPa"
    told = [row["reason"] for row in paced.rows("action.INVALIDATED")]
    assert told == [f"{words}, not 30.1 kPa"]
    assert paced.plant.frames == []
    (end,) = await carried_out(paced, (SP, 380.0))
    assert end.startswith("VERIFIED")


async def test_a_long_cool_down_lets_the_first_step_be_longer(tmp_path: Path) -> None:
    edit = ("policy.yaml", LOOSE, "rate: 30 kPa/min, cooldown: 2 min, ")
    async with ruled_room(tmp_path, edit) as paced:
        assert "not 60.1 kPa" in (await carried_out(paced, (SP, 410.1)))[0]
        assert (await carried_out(paced, (SP, 410.0)))[0].startswith("VERIFIED")


async def test_a_rate_goes_by_what_was_last_sent_and_by_what_is_there(paced: Watched) -> None:
    assert (await carried_out(paced, (SP, 370.0)))[0].startswith("VERIFIED")
    paced.clock.forward(10.0)
    faster = "PIC-102.sp was written 10 s ago and would change faster than 30 kPa/min"
    for moved_to, value, wait in ((350.0, 352.0, 26), (340.0, 370.0, 50)):
        paced.plant.values[SP] = moved_to  # by somebody else
        (end,) = await carried_out(paced, (SP, value))
        assert end == f"INVALIDATED: {faster}: wait {wait} s more"
    assert (await carried_out(paced, ("P-101B.run_cmd", True)))[0].startswith("VERIFIED")
    paced.clock.forward(50.0)
    assert (await carried_out(paced, (SP, 370.0)))[0].startswith("VERIFIED")
    assert len(paced.plant.frames) == 3
