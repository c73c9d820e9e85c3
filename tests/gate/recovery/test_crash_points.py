"""A gate that ends at every point of an action's way, and what the next one finds."""

import pytest

from handwheel.tools.guardrails.gate.monitoring.crash_recovery import (
    MAYBE_SENT,
    NOT_SENT,
    RESTARTED,
)

from ...plants.fault_injection import Crash
from ...plants.in_memory import Fault
from ..testbed.oracle import Told
from ..testbed.with_oracle import SETPOINT, START, START_B, STOP, Watched

# An action that goes through passes fewer points than this.
POINTS = range(1, 35)
NO_ANSWER = "no answer within 2 s"


async def test_an_action_that_is_not_disturbed_passes_every_point(room: Watched) -> None:
    request = room.approved()
    room.fuse.arm(0)
    await room.act()
    room.expect(request, "VERIFIED", frames=1)
    assert len(room.fuse.points) in POINTS
    assert room.fuse.points.count("in transaction") == 3  # claim, intent, outcome
    assert room.faults() == ()


@pytest.mark.way_in("D1")
@pytest.mark.parametrize("point", POINTS)
async def test_a_gate_that_ends_anywhere_never_sends_again(room: Watched, point: int) -> None:
    request = room.approved()
    room.fuse.arm(point)
    try:
        await room.act()
    except Crash:
        passed = room.fuse.points
    else:
        passed = ["the end"]
    frames = list(room.plant.frames)
    await room.restart_gate()
    states = room.desk.states(request)
    # To the intent's commit nothing was sent; from the outcome's commit on it is known.
    commits = passed.count("committed")
    if passed == ["the end"] or commits == 3:
        assert (states, len(frames)) == (["VERIFIED"], 1)
    elif commits == 2:
        assert (states, room.reason(request)) == (["UNKNOWN"], MAYBE_SENT)
        assert ("frame executed" in passed) <= (len(frames) == 1)
    elif commits == 1:
        assert (states, room.reason(request)) == (["ABORTED_NOT_SENT"], NOT_SENT)
    else:
        assert (states, room.reason(request)) == (["INVALIDATED"], RESTARTED)
    assert bool(frames) <= (commits >= 2 or passed == ["the end"])
    for _ in range(3):
        room.watch()
        await room.act()
    assert (room.plant.frames, room.desk.states(request)) == (frames, states)
    assert room.faults() == ()


@pytest.mark.parametrize("executed", [True, False])
async def test_the_next_gate_attaches_what_it_reads_and_resends_nothing(
    room: Watched, executed: bool
) -> None:
    request = room.approved()
    room.fuse.arm(0)
    await room.end_at("frame executed" if executed else "frame leaves")
    await room.start_gate()
    found = "P-101A.run_cmd reads true (Good)" if executed else "P-101A.run_cmd reads false (Good)"
    assert [row["readback"] for row in room.rows("action.UNKNOWN")] == [found]
    await room.act()
    assert len(room.plant.frames) == executed
    name = request.commands[0].action_id
    room.desk.resolve(name, "resolve-applied" if executed else "resolve-not-applied")
    assert room.desk.states(request)[0].startswith("RESOLVED_")
    assert len(room.plant.frames) == executed


async def test_a_plant_that_is_down_after_the_crash_is_told_in_words(room: Watched) -> None:
    request = room.approved()
    await room.end_at("frame executed")
    room.plant.is_down = True
    await room.start_gate()
    assert room.desk.states(request) == ["UNKNOWN"]
    journal = [str(row.fields["body"]) for row in room.desk.database.journal()]
    assert any("could not be read: pkg: connection refused" in body for body in journal)


@pytest.mark.way_in("G3")
async def test_what_is_approved_and_waits_does_not_outlive_its_gate(room: Watched) -> None:
    request = room.approved(START, START_B)
    waiting = room.desk.propose(SETPOINT)
    room.oracle.told[waiting.request_id] = Told(waiting, {"anna": room.clock.now()})
    await room.act()
    await room.restart_gate()
    assert room.desk.states(request) == ["VERIFIED", "INVALIDATED"]
    assert room.desk.states(waiting) == ["PLANNED"]  # its approval is still to come
    room.desk.approve(waiting)
    await room.act()
    room.expect(waiting, "VERIFIED", frames=2)


@pytest.mark.parametrize(
    ("fault", "state", "reason", "frames"),
    [
        ("none", "VERIFIED", "PIC-102.sp reads 360 kPa", 1),
        pytest.param("answer lost", "UNKNOWN", NO_ANSWER, 1, marks=pytest.mark.way_in("D9")),
        pytest.param("frame lost", "UNKNOWN", NO_ANSWER, 1, marks=pytest.mark.way_in("D9")),
        ("refused", "REFUSED", "exception 4", 1),
        ("not sent", "REFUSED", "the connection was lost before", 0),
        pytest.param("ignored", "MISMATCH", "350 kPa, not 360", 1, marks=pytest.mark.way_in("V2")),
        pytest.param(
            "other value", "MISMATCH", "361 kPa, not 360", 1, marks=pytest.mark.way_in("V1")
        ),
        pytest.param(
            "other echo", "UNKNOWN", "the answer is ,", 1, marks=pytest.mark.way_in("D11")
        ),
    ],
)
async def test_each_fault_of_a_device_has_its_outcome_and_one_frame(
    room: Watched, fault: Fault, state: str, reason: str, frames: int
) -> None:
    request = await room.carried_out(SETPOINT, START, fault=fault)
    assert room.desk.states(request)[0] == state
    assert reason in room.reason(request)
    assert len(room.plant.frames) == frames
    await room.act()  # the second command follows a verified one only
    assert (room.desk.states(request)[1] == "VERIFIED") == (fault == "none")
    assert len(room.plant.frames) == (2 if fault == "none" else frames)
    assert room.faults() == ()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param("answer lost", marks=pytest.mark.way_in("D9")),
        pytest.param("ignored", marks=pytest.mark.way_in("V4")),
    ],
)
async def test_equipment_with_an_unknown_outcome_is_held_until_a_person_resolves_it(
    room: Watched, fault: Fault
) -> None:
    unknown = await room.carried_out(fault=fault)
    room.plant.fault = "none"
    again = await room.carried_out(STOP)
    room.expect(again, "INVALIDATED", part="is held")
    room.desk.resolve(unknown.commands[0].action_id, "resolve-applied")
    room.plant.values[START[0]] = True
    later = await room.carried_out(STOP)
    assert room.desk.states(later) == ["VERIFIED"]
