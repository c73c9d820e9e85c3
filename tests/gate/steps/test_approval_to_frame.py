"""What can still stop an action between its approval and its frame, on paper."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError, Problem
from handwheel.connectors.model.values import Value
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger import lifecycle
from handwheel.tools.requests.request import ActionRequest

from ...attacks.sql_shell import forge_approvals
from ...plants.fault_injection import SteppedClock
from ...sites.in_memory import COOLED
from ..testbed.oracle import Told
from ..testbed.with_oracle import START, START_B, Watched

MOVED, LOCAL, TRIPPED = (pytest.mark.way_in(each) for each in ("C17", "C20", "C21"))


@pytest.mark.way_in("F1")
async def test_an_intent_that_is_not_anchored_is_never_sent(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = room.approved()
    real = os.write

    def full(file: int, data: bytes) -> int:
        if Path(f"/proc/self/fd/{file}").readlink().name == "anchors" and commits() == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(file, data)

    def commits() -> int:
        return room.fuse.points.count("committed")

    room.fuse.arm(0)
    monkeypatch.setattr(os, "write", full)
    await room.act()
    assert "No space left on device" in room.suspended[0]
    assert room.plant.frames == []
    assert room.desk.states(request) == ["SENDING"]
    monkeypatch.undo()
    await room.act()
    assert room.desk.states(request) == ["UNKNOWN"]
    assert "whether it was sent is not known" in room.reason(request)
    assert room.plant.frames == []
    await room.go_through(START_B)


async def test_a_request_that_is_taken_back_on_the_way_is_not_sent(room: Watched) -> None:
    request = room.approved()
    room.fuse.arm(0)
    await room.act()
    way = room.fuse.points
    intent = [n for n, point in enumerate(way, 1) if point == "before transaction"][1]
    for point in range(intent - 6, intent + 1):
        request = room.approved(START_B)
        room.fuse.arm(point, partial(room.desk.say, "revoke", request, "gina"))
        await room.act()
        assert room.desk.states(request) == ["INVALIDATED"], way[point - 1]
        assert room.desk.record(request.request_id).state == "REVOKED"
    assert len(room.plant.frames) == 1


@pytest.mark.way_in("A7")
async def test_a_key_that_is_revoked_while_the_device_is_reached_sends_nothing(
    room: Watched,
) -> None:
    room.approved()
    room.fuse.arm(0)
    await room.act()
    way, before = room.fuse.points, len(room.plant.frames)
    request = room.approved(START_B)
    room.fuse.arm(way.index("fresh look") + 1, partial(room.desk.revoke_key, "anna"))
    await room.act()
    assert room.desk.states(request) == ["INVALIDATED"]
    assert room.reason(request) == "a key was revoked while the action was executed"
    assert len(room.plant.frames) == before == 1


async def test_a_lockout_at_the_last_moment_lets_nothing_leave(room: Watched) -> None:
    request = room.approved()
    room.fuse.arm(0)
    await room.act()
    way = room.fuse.points
    last = [n for n, point in enumerate(way, 1) if point == "anchored"][1]
    leaves = way.index("frame leaves") + 1
    assert last + 1 < leaves  # a look at the clock lies in between
    for point in range(last, leaves):
        second = room.approved(START_B)
        room.fuse.arm(point, lambda: room.desk.lock_out("P-101B"))
        await room.act()
        assert room.desk.states(second) == ["REFUSED"], way[point - 1]
        assert "locked out: P-101B" in room.reason(second)
        room.watch()
        room.desk.release("P-101B")
    assert (room.desk.states(request), len(room.plant.frames)) == (["VERIFIED"], 1)


async def test_a_broken_list_of_people_ends_the_action_and_not_the_gate(room: Watched) -> None:
    def broken() -> None:
        raise ConfigError([Problem("operators.yaml", 3, 1, "operators", "is no list")])

    request = room.approved()
    room.gate._context = replace(room.context, people=broken)  # type: ignore[union-attr, arg-type]
    await room.act()
    assert room.desk.states(request) == ["INVALIDATED"]
    assert "operators.yaml:3:1" in room.reason(request)
    assert room.plant.frames == []


async def test_a_ledger_that_was_replaced_stops_the_gate_in_service(room: Watched) -> None:
    room.approved()
    with (room.site.state / "anchors").open("a", encoding="ascii") as anchors:
        anchors.write(f"1000 {'f' * 64}\n")
    await room.act()
    assert "is not the one that was anchored" in room.suspended[0]
    assert room.plant.frames == []
    with pytest.raises(LedgerError, match="replaced or cut off"):
        room.context.database.check_anchors()


@pytest.mark.parametrize(("waits_s", "state"), [(9.9, "VERIFIED"), (10.1, "INVALIDATED")])
async def test_a_due_command_is_taken_up_within_ten_seconds_or_not(
    room: Watched, waits_s: float, state: str
) -> None:
    request = room.approved(START, START_B)
    for states in (["VERIFIED", "DUE"], ["VERIFIED", state]):
        room.clock.forward(waits_s if "DUE" not in states else 0.0)
        await room.act()  # no round of watching came in between
        assert room.desk.states(request) == states
    late = room.approved()
    room.clock.forward(waits_s)
    await room.act()
    assert room.desk.states(late) == [state]
    if state == "INVALIDATED":
        assert room.reason(late) == "no gate took it up within 10 s"


@pytest.mark.parametrize(
    ("commands", "waits_s", "state"),
    [
        ([START], 59.0, "VERIFIED"), ([START], 61.0, "INVALIDATED"),
        ([START, START_B], 599.0, "VERIFIED"), ([START, START_B], 601.0, "INVALIDATED"),
    ],
)  # fmt: skip
async def test_an_approval_that_is_too_old_moves_nothing(
    room: Watched,
    monkeypatch: pytest.MonkeyPatch,
    commands: list[tuple[str, bool]],
    waits_s: float,
    state: str,
) -> None:
    monkeypatch.setattr(lifecycle, "DUE_S", 1000.0)  # else that comes first
    request = room.approved(*commands)
    for _ in commands[1:]:
        await room.act()
    room.clock.forward(waits_s)
    await room.act()
    assert room.desk.states(request)[-1] == state
    assert len(room.plant.frames) == len(commands) - (state != "VERIFIED")


@pytest.mark.way_in("T3")
@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (partial(SteppedClock.forward, seconds=1.5), ""),
        (partial(SteppedClock.forward, seconds=2.1), "the plant reading is too old"),
        (partial(SteppedClock.forward, seconds=3600.0), "the plant reading is too old"),
        (partial(SteppedClock.set, seconds=-7200.0), "the clock was set after the plant"),
        (partial(SteppedClock.set, seconds=60.0), "the clock was set after the plant"),
    ],
)
async def test_a_machine_that_sleeps_between_the_look_and_the_frame_sends_nothing(
    room: Watched, what: Callable[[SteppedClock], None], reason: str
) -> None:
    room.approved()
    room.fuse.arm(0)
    await room.act()
    intent = [n for n, point in enumerate(room.fuse.points, 1) if point == "anchored"][1]
    frames, second = len(room.plant.frames), room.approved(START_B)
    room.fuse.arm(intent, partial(what, room.clock))
    await room.act()
    assert room.desk.states(second) == ["REFUSED" if reason else "VERIFIED"]
    assert reason in room.reason(second)
    assert len(room.plant.frames) == frames + (not reason)


@pytest.mark.way_in("T1")
async def test_an_approval_that_ends_while_the_device_is_reached_sends_nothing(
    room: Watched,
) -> None:
    room.approved()
    room.fuse.arm(0)
    await room.act()
    connects = room.fuse.points.index("connect") + 1
    second = room.approved(START_B)
    room.fuse.arm(connects, partial(room.clock.forward, 61.0))
    await room.act()
    assert room.desk.states(second) == ["INVALIDATED"]
    assert room.reason(second) == "the approval is 61 s old; it holds for 60 s"
    assert len(room.plant.frames) == 1


async def test_a_wall_clock_set_back_shortens_no_cool_down(room: Watched) -> None:
    def write(value: float) -> ActionRequest:
        return room.approved((COOLED, value))

    write(351.0)
    await room.act()
    room.clock.set(-3600.0)
    room.watch()
    room.watch()
    for waits_s, value, state in ((25.0, 352.0, "VERIFIED"), (5.0, 353.0, "INVALIDATED")):
        room.clock.forward(waits_s)
        room.watch()
        request = write(value)
        await room.act()
        assert room.desk.states(request) == [state]
    assert "was written 5.0 s ago; its cool-down is 20 s" in room.reason(request)


@pytest.mark.way_in("T2")
@pytest.mark.parametrize("seconds", [-3.0, 3.0, -3600.0])
async def test_a_clock_that_was_set_after_the_approval_ends_it(
    room: Watched, seconds: float
) -> None:
    request = room.approved(START, START_B)
    await room.act()
    room.clock.set(seconds)
    await room.act()
    assert room.desk.states(request) == ["VERIFIED", "INVALIDATED"]
    assert "a clock step came after the approval" in room.desk.record(request.request_id).reason
    assert len(room.plant.frames) == 1


@pytest.mark.parametrize("person", ["anna", "gina"])
async def test_a_key_that_was_revoked_after_the_approval_moves_nothing(
    room: Watched, person: str
) -> None:
    request = room.approved()
    room.desk.revoke_key(person)
    await room.act()
    assert room.desk.states(request) == ["INVALIDATED"]
    assert "revoked" in room.reason(request)
    assert room.plant.frames == []


@pytest.mark.way_in("A5")
async def test_a_state_forged_in_the_ledger_moves_nothing(room: Watched) -> None:
    """Somebody with an SQL shell takes every legal step but the signature."""
    request = room.desk.propose(START)
    room.oracle.told[request.request_id] = Told(request)
    assert forge_approvals(room.site.state / "ledger.db", room.clock.now())
    await room.act()
    assert room.desk.states(request) == ["INVALIDATED"]
    assert "not enough people have approved" in room.reason(request)
    assert room.plant.frames == []
    await room.go_through(START)


async def test_a_clock_that_was_set_back_over_a_restart_stops_nobody(room: Watched) -> None:
    room.approved((COOLED, 351.0))
    await room.act()
    room.kill_gate()
    room.clock.reboot()
    room.clock.set(-7200.0)
    room.oracle.ends("the machine was restarted")
    await room.start_gate()
    for waits_s, state in ((-1.0, "INVALIDATED"), (20.0, "VERIFIED")):
        room.clock.forward(waits_s)
        request = room.approved((COOLED, 352.0))
        await room.act()
        assert room.desk.states(request) == [state]
        if state == "INVALIDATED":
            assert "was written 19.0 s ago; its cool-down is 20 s" in room.reason(request)


@pytest.mark.way_in("C11")
async def test_a_device_that_is_another_by_now_gets_nothing(room: Watched) -> None:
    request = room.approved()
    room.plant.names["pkg"] = "Somebody else's pump"
    await room.act()
    assert room.desk.states(request) == ["INVALIDATED"]
    assert "is not the one that was approved" in room.reason(request)
    assert room.plant.frames == []
    room.plant.names["pkg"] = "Handwheel cw-100 simulator"
    await room.go_through(START)


@pytest.mark.parametrize(
    ("present", "reason"),
    [
        pytest.param({}, "", marks=[MOVED, LOCAL]),
        pytest.param({"PT-102.pv": 499.0}, "", marks=TRIPPED),
        pytest.param({"P-101A.run_cmd": True}, "reads true; false was expected", marks=MOVED),
        pytest.param({"P-101A.mode": 0}, "not true: P-101A.mode == 'remote'", marks=LOCAL),
        pytest.param({"PT-102.pv": 500.0}, "no-overpressure", marks=TRIPPED),
    ],
)
async def test_a_plant_that_has_moved_since_gets_nothing(
    room: Watched, present: dict[str, Value], reason: str
) -> None:
    request = room.approved()
    room.plant.values.update(present)
    await room.act()
    assert room.desk.states(request) == ["INVALIDATED" if reason else "VERIFIED"]
    assert reason in room.reason(request)
    assert len(room.plant.frames) == (not reason)
