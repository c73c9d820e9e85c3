"""Leases at the gate: what a person asked for a while is taken back when it is over, and once."""

from collections.abc import Callable, Mapping, Sequence

import pytest

from handwheel.tools.errors import InterlockActive, InvalidArguments
from handwheel.tools.guardrails.ledger.write_leases import open_writes
from handwheel.tools.requests.lease_and_effects import Terms, parse_lease
from handwheel.tools.requests.request import ActionRequest, Lease

from ...plants.fault_injection import Crash
from ..testbed.runner import wires
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched

FOR_S = 7200.0
WHILE = Terms(Lease(for_s=FOR_S))


async def in_lease(room: Watched, *writes: tuple[str, object]) -> ActionRequest:
    """Returns a request whose commands are verified, and whose lease counts."""
    request = room.approved(*(writes or (SETPOINT,)), terms=WHILE)  # type: ignore[arg-type]
    for _ in request.commands:
        await room.act()
    return request


async def pass_time(room: Watched, seconds: float) -> None:
    """Lets time pass, and the gate do what it finds to do then."""
    room.clock.forward(seconds)
    for _ in range(6):
        room.watch()
        await room.act()


def standing(room: Watched, request: ActionRequest) -> str:
    record = room.desk.record(request.request_id)
    return " ".join([record.state, *(each.state for each in record.actions)])


async def test_a_lease_takes_back_what_it_wrote_when_its_time_is_over(room: Watched) -> None:
    request = await in_lease(room)
    assert standing(room, request) == "APPROVED VERIFIED PLANNED"
    await pass_time(room, FOR_S - 1.0)
    assert room.wires == wires(request, "c1")
    await pass_time(room, 2.0)
    assert room.wires == wires(request, "c1", "r1")
    assert room.plant.values["PIC-102.sp"] == 350.0
    assert standing(room, request) == "CLOSED VERIFIED VERIFIED"
    closed = room.rows("request.CLOSED")[-1]
    assert closed["reason"] == "undone: its time of 2 h is over"
    await pass_time(room, FOR_S)
    assert len(room.wires) == 2
    assert (room.rows("lease.open"), open_writes(room.desk.database)) == ([], [])
    digests = [each["digest"] for each in room.rows("action.intent")]
    assert digests == [each.digest for each in request.actions]
    assert room.faults() == ()


async def test_the_last_write_is_taken_back_first(room: Watched) -> None:
    request = await in_lease(room, START, SETPOINT)
    room.clock.forward(FOR_S)
    room.watch()
    assert standing(room, request) == "APPROVED VERIFIED VERIFIED DUE PLANNED"
    await pass_time(room, 1.0)
    assert room.wires == wires(request, "c1", "c2", "r1", "r2")
    assert [each.tag for each in request.recovery] == ["PIC-102.sp", "P-101A.run_cmd"]
    assert standing(room, request).startswith("CLOSED")
    assert room.faults() == ()


async def test_what_has_not_come_about_as_a_whole_is_taken_back_at_once(room: Watched) -> None:
    request = await room.carried_out(START, SETPOINT, terms=WHILE)
    room.plant.fault = "refused"
    await room.act()
    assert standing(room, request) == "APPROVED VERIFIED REFUSED PLANNED PLANNED"
    await pass_time(room, 0.1)
    assert room.wires == wires(request, "c1", "c2", "r2")
    assert standing(room, request) == "CLOSED VERIFIED REFUSED CANCELLED VERIFIED"
    assert room.faults() == ()


def locked(room: Watched) -> None:
    room.desk.lock_out("site")
    room.oracle.locked.add("site")


LOCAL = {"P-101A.mode": 0}
BETWEEN: Sequence[tuple[Callable[[Watched], object] | Mapping[str, float], str]] = [
    (
        lambda room: room.context.suspensions.note("dcs", "x", "no answer", room.clock.now()),
        "actuation is suspended: dcs: no answer",
    ),
    ({"PIC-102.sp": 390.0}, "PIC-102.sp reads 390 kPa; 360 was expected"),
    (locked, "lockout of site"),
    (LOCAL, "P-101A.mode == 'remote'"),
    (lambda room: room.clock.set(-60.0), "the wall clock was set"),
    ({"PT-102.pv": 520.0}, "PT-102.pv < 500 kPa"),
]


@pytest.mark.parametrize(("event", "reason"), BETWEEN)
async def test_what_comes_between_leaves_it_open_and_says_so(
    room: Watched, event: Callable[[Watched], object] | Mapping[str, float], reason: str
) -> None:
    writes = (START, SETPOINT) if event is not LOCAL else (SETPOINT, START)
    request = await in_lease(room, *writes)
    if isinstance(event, Mapping):
        room.plant.values |= event
    else:
        event(room)
    await pass_time(room, FOR_S + 1.0)
    assert room.wires == wires(request, "c1", "c2")
    assert standing(room, request).startswith("INVALIDATED VERIFIED VERIFIED INVALIDATED")
    told = room.rows("lease.open")
    assert [each["of"] for each in told] == [f"{request.request_id}/c2", f"{request.request_id}/c1"]
    said = [str(each["reason"]) for each in room.rows("action.INVALIDATED")]
    assert any(reason in each for each in said), said
    found = next(each for each in told if each["tag"] == "PIC-102.sp")
    assert (found["wrote"], found["was"]) == ("360 kPa", "350 kPa")
    assert {each.tag for each in open_writes(room.desk.database)} == {writes[0][0], writes[1][0]}
    assert room.faults() == ()


@pytest.mark.parametrize("what", ["restart", "reboot", "revoke"])
async def test_nobody_takes_back_what_was_ended(room: Watched, what: str) -> None:
    request = await in_lease(room)
    if what == "revoke":
        room.desk.say("revoke", request, "anna")
    else:
        room.kill_gate()
        room.clock.forward(FOR_S + 1.0)
        if what == "reboot":
            room.clock.reboot()
        await room.start_gate()
    room.oracle.ends(what)
    await pass_time(room, FOR_S + 1.0)
    assert room.wires == wires(request, "c1")
    state = "REVOKED" if what == "revoke" else "INVALIDATED"
    assert standing(room, request).startswith(f"{state} VERIFIED")
    told = room.rows("lease.open")
    assert [(each["tag"], each["wrote"], each["was"]) for each in told] == [
        ("PIC-102.sp", "360 kPa", "350 kPa")
    ]
    assert len(open_writes(room.desk.database)) == 1
    await room.carried_out(("PIC-102.sp", 355.0))  # a later verified write ends the telling
    assert open_writes(room.desk.database) == []
    assert room.faults() == ()


async def test_an_outcome_that_nobody_knows_holds_the_lease(room: Watched) -> None:
    request = await room.carried_out(START, SETPOINT, terms=WHILE)
    room.plant.fault = "answer lost"
    await room.act()
    await pass_time(room, FOR_S + 1.0)
    assert room.wires == wires(request, "c1", "c2")
    room.desk.resolve(f"{request.request_id}/c2", "resolve-applied")
    await pass_time(room, FOR_S + 1.0)
    assert room.wires == wires(request, "c1", "c2")
    assert [each["tag"] for each in room.rows("lease.open")] == ["PIC-102.sp", "P-101A.run_cmd"]
    assert standing(room, request).startswith("CLOSED VERIFIED RESOLVED_APPLIED CANCELLED")


async def test_a_revert_of_which_nobody_knows_is_not_tried_again(room: Watched) -> None:
    request = await in_lease(room)
    room.clock.forward(FOR_S)
    room.watch()
    room.plant.fault = "answer lost"
    await pass_time(room, 1.0)
    assert standing(room, request) == "APPROVED VERIFIED UNKNOWN"
    await pass_time(room, FOR_S)
    assert room.wires == wires(request, "c1", "r1")
    room.desk.resolve(f"{request.request_id}/r1", "resolve-not-applied")
    await pass_time(room, FOR_S)
    assert room.wires == wires(request, "c1", "r1")
    assert [each["tag"] for each in room.rows("lease.open")] == ["PIC-102.sp"]


async def test_no_other_request_writes_what_is_in_a_lease(room: Watched) -> None:
    other = room.approved(("PIC-102.sp", 355.0))
    room.clock.forward(61.0)
    await room.act()  # it came too late; the next one is first
    assert standing(room, other).startswith("INVALIDATED")
    waiting = room.desk.propose(("PIC-102.sp", 365.0))
    room.oracle.note(waiting)
    request = await in_lease(room)
    with pytest.raises(InterlockActive, match=f"in the lease of {request.request_id}"):
        room.desk.propose(("PIC-102.sp", 355.0))
    room.clock.forward(30.0)
    room.oracle.approve(waiting, "anna")
    await room.act()
    assert "is in the lease of" in room.reason(waiting)
    await pass_time(room, FOR_S)
    assert room.wires == wires(request, "c1", "r1")
    room.clock.forward(30.0)
    await room.carried_out(("PIC-102.sp", 355.0))
    assert len(room.wires) == 3


async def test_nothing_that_was_made_due_too_early_leaves(room: Watched) -> None:
    request = await in_lease(room, START, SETPOINT)
    name = request.request_id
    room.force_due(f"{name}/r2")
    await room.act()
    assert f"{name}/r1 comes before it" in room.desk.record(name).record(f"{name}/r2").reason
    assert room.wires == wires(request, "c1", "c2")
    request = await in_lease(room, START_B)
    room.force_due(f"{request.request_id}/r1")
    await room.act()
    record = room.desk.record(request.request_id)
    assert record.actions[1].reason == f"the lease of {request.request_id} is not over"
    assert len(room.wires) == 3
    assert len(room.rows("lease.open")) == 3


def test_what_cannot_be_taken_back_has_no_lease(room: Watched) -> None:
    with pytest.raises(InvalidArguments, match=r"P-101B\.reset cannot have a lease"):
        room.desk.propose(("P-101B.reset", True), terms=WHILE)
    with pytest.raises(InvalidArguments, match="from 1 s to 30 d"):
        parse_lease("0.5 s")
    assert parse_lease("2h") == Lease(for_s=FOR_S)


POINTS = [
    pytest.param(range(3, 64, 6), id="some"),
    pytest.param(range(1, 70), id="each", marks=pytest.mark.soak),
]


@pytest.mark.parametrize("points", POINTS)
async def test_a_gate_that_dies_on_the_way_back_sends_no_second_frame(
    room: Watched, points: range
) -> None:
    """Killed at each point of taking back; the next gate sends nothing, and tells."""
    seen = set[str]()
    for point in points:
        room.plant.values |= {"PIC-102.sp": 350.0}
        request = await in_lease(room)
        before = len(room.wires)
        room.clock.forward(FOR_S)
        room.fuse.arm(point)
        with pytest.raises(Crash):
            await room.go_round(100)
        await room.restart_gate()
        await pass_time(room, FOR_S)
        record = room.desk.record(request.request_id)
        undo = record.actions[1].state
        seen.add(undo)
        assert len(room.wires) - before <= 1
        told = [each["of"] for each in room.rows("lease.open")]
        is_back = undo == "VERIFIED"
        assert (f"{request.request_id}/c1" in told) != is_back or undo == "UNKNOWN"
        if undo == "UNKNOWN":
            room.desk.resolve(f"{request.request_id}/r1", "resolve-applied")
    assert {"VERIFIED", "UNKNOWN", "INVALIDATED"} <= seen
    assert room.faults() == ()
