"""What can still stop an action between its approval and its frame, in memory."""

import errno
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.model.values import Value
from handwheel.evaluation.trial.clock import SteppedClock
from handwheel.evaluation.trial.devices import SIMULATOR
from handwheel.tools.guardrails.ledger import lifecycle
from handwheel.tools.guardrails.signatures.decisions import Reason
from handwheel.tools.requests.request import ActionRequest

from ...attacks.past_the_checks import force_approvals
from ...sites.in_memory import COOLED
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched, nth

MOVED, LOCAL, TRIPPED = (pytest.mark.way_in(each) for each in ("C17", "C20", "C21"))


@pytest.mark.way_in("F1")
@pytest.mark.parametrize(
    ("call", "number"), [("write", errno.ENOSPC), ("fsync", errno.EIO)], ids=["full", "broken"]
)
async def test_an_intent_whose_anchor_is_not_on_the_disk_is_never_sent(
    room: Watched, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    """An anchor that was written and is not kept would be gone after a power failure."""
    request, real = room.approved(), getattr(os, call)

    def fails(file: int, *data: bytes) -> Any:
        is_anchor = Path(f"/proc/self/fd/{file}").readlink().name == "anchors"
        if is_anchor and (call == "fsync" or room.fuse.points.count("committed") == 2):
            raise OSError(number, os.strerror(number))
        return real(file, *data)

    room.fuse.arm(0)
    with monkeypatch.context() as patch:
        patch.setattr(os, call, fails)
        await room.act()
    assert (room.desk.states(request), room.plant.frames) == (["SENDING"], [])
    assert [os.strerror(number) in each for each in room.suspended] == [True]
    await room.act()
    room.expect(request, "UNKNOWN", part="whether it was sent is not known", frames=0)
    await room.go_through(START_B)


async def test_the_rows_of_intent_and_outcome_are_on_the_disk_when_their_commit_ends(
    room: Watched,
) -> None:
    room.approved()
    said = list[str]()
    room.desk.database.tables.connection.set_trace_callback(said.append)
    await room.act()
    synchronous, found = "FULL", dict[str, str]()
    for each in said:
        if "log.synchronous" in each:
            synchronous = each.rpartition(" ")[2]
        for kind in ("CLAIMED", "intent", "VERIFIED"):
            if "INTO log.row" in each and f'"kind":"action.{kind}"' in each:
                found[kind] = synchronous
    assert found == {"CLAIMED": "NORMAL", "intent": "FULL", "VERIFIED": "FULL"}


@pytest.mark.way_in("A7")
async def test_a_key_that_is_revoked_while_the_device_is_reached_sends_nothing(
    room: Watched,
) -> None:
    look = nth(await room.way(), "fresh look")
    request = room.approved(START_B)
    room.fuse.arm(look, partial(room.desk.revoke_key, "anna"))
    await room.act()
    reason = "a key was revoked while the action was executed"
    room.expect(request, "INVALIDATED", reason, frames=1)


async def test_a_lockout_at_the_last_moment_lets_nothing_leave(room: Watched) -> None:
    way = await room.way()
    last, leaves = nth(way, "anchored", 2), nth(way, "frame leaves")
    assert last + 1 < leaves  # a look at the clock lies in between
    for point in range(last, leaves):
        second = room.approved(START_B)
        room.fuse.arm(point, lambda: room.desk.lock_out("P-101B"))
        await room.act()
        assert room.desk.states(second) == ["REFUSED"], way[point - 1]
        assert "locked out: P-101B" in room.reason(second)
        room.watch()
        room.desk.release("P-101B")
    assert len(room.plant.frames) == 1


@pytest.mark.parametrize(("waits_s", "state"), [(9.9, "VERIFIED"), (10.1, "INVALIDATED")])
async def test_a_due_command_is_taken_up_within_ten_seconds_or_not(
    room: Watched, waits_s: float, state: str
) -> None:
    request = room.approved(START, START_B)
    for states in (["VERIFIED", "DUE"], ["VERIFIED", state]):
        room.clock.forward(waits_s if "DUE" not in states else 0.0)
        await room.act()  # no round of watching came in between
        assert room.desk.states(request) == states
    room.plant.values["P-101A.run_cmd"] = False
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
@pytest.mark.way_in("T5")
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
    intent = nth(await room.way(), "anchored", 2)
    second = room.approved(START_B)
    room.fuse.arm(intent, partial(what, room.clock))
    await room.act()
    room.expect(second, "REFUSED" if reason else "VERIFIED", part=reason, frames=1 + (not reason))
    assert [each["sent"] for each in room.rows("action.REFUSED")] == [False] * bool(reason)
    assert room.desk.record(second.request_id).state == "CLOSED"


@pytest.mark.way_in("T1")
async def test_an_approval_that_ends_while_the_device_is_reached_sends_nothing(
    room: Watched,
) -> None:
    connects = nth(await room.way(), "connect")
    second = room.approved(START_B)
    room.fuse.arm(connects, partial(room.clock.forward, 61.0))
    await room.act()
    room.expect(second, "INVALIDATED", "the approval is 61 s old; it holds for 60 s", frames=1)


async def test_a_wall_clock_set_back_shortens_no_cool_down(room: Watched) -> None:
    def write(value: float) -> ActionRequest:
        return room.approved((COOLED, value))

    write(351.0)
    await room.act()
    room.clock.set(-3600.0)
    room.watch(2)
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
    request = await room.carried_out(START, START_B)
    room.clock.set(seconds)
    await room.act()
    assert room.desk.states(request) == ["VERIFIED", "INVALIDATED"]
    assert "a clock step came after the approval" in room.desk.record(request.request_id).reason
    assert len(room.plant.frames) == 1


async def test_a_clock_that_runs_back_on_both_sides_starts_nothing(room: Watched) -> None:
    request = await room.carried_out(START, START_B)
    room.clock.forward(-5.0)
    await room.act()
    assert room.desk.states(request) == ["VERIFIED", "INVALIDATED"]


@pytest.mark.way_in("A7")
@pytest.mark.parametrize(
    ("person", "reason"),
    [("anna", f"anna: {Reason.REVOKED_KEY}"), ("gina", "revoked"), ("bert", "")],
    ids=["anna", "gina", "bert"],
)
async def test_a_key_that_was_revoked_after_the_approval_moves_nothing(
    room: Watched, person: str, reason: str
) -> None:
    """Gina has asked and anna approved; bert's key is nobody's business here."""
    request = room.approved()
    room.desk.revoke_key(person)
    await room.act()
    state = "SKIPPED" if "already so" in reason else "INVALIDATED" if reason else "VERIFIED"
    room.expect(request, state, part=reason, frames=not reason)
    assert room.desk.record(request.request_id).state == (
        "INVALIDATED" if state == "INVALIDATED" else "CLOSED"
    )


@pytest.mark.way_in("A5")
async def test_a_request_that_is_approved_by_nobody_moves_nothing(room: Watched) -> None:
    """Every legal step is taken but the signature."""
    request = room.desk.propose(START)
    room.note(request)
    assert force_approvals(room.desk.database, room.clock.now())
    await room.act()
    room.expect(request, "INVALIDATED", Reason.QUORUM_NOT_MET, frames=0)
    await room.go_through(START)


@pytest.mark.way_in("C11")
async def test_a_device_that_is_another_by_now_gets_nothing(room: Watched) -> None:
    request = room.approved()
    room.plant.names["pkg"] = "Somebody else's pump"
    await room.act()
    room.expect(request, "INVALIDATED", part="is not the one that was approved", frames=0)
    room.plant.names["pkg"] = SIMULATOR
    await room.go_through(START)


@pytest.mark.parametrize(
    ("write", "present", "reason"),
    [
        pytest.param(START, {}, "", marks=[MOVED, LOCAL]),
        pytest.param(START, {"PT-102.pv": 499.0}, "", marks=TRIPPED),
        pytest.param(SETPOINT, {"PIC-102.sp": 351.0}, "", marks=MOVED),
        pytest.param(START, {"P-101A.run_cmd": True}, "already so; nothing was sent", marks=MOVED),
        pytest.param(
            START, {"P-101A.run_cmd": True, "P-101A.mode": 0}, "not true: P-101A.mode", marks=LOCAL
        ),
        pytest.param(SETPOINT, {"PIC-102.sp": 325.0}, "325 kPa; 350 was expected", marks=MOVED),
        pytest.param(START, {"P-101A.mode": 0}, "not true: P-101A.mode == 'remote'", marks=LOCAL),
        pytest.param(START, {"PT-102.pv": 500.0}, "no-overpressure", marks=TRIPPED),
    ],
)
async def test_a_plant_that_has_moved_since_gets_nothing(
    room: Watched, write: tuple[str, Value], present: dict[str, Value], reason: str
) -> None:
    request = room.approved(write)
    room.plant.values.update(present)
    await room.act()
    state = "SKIPPED" if "already so" in reason else "INVALIDATED" if reason else "VERIFIED"
    room.expect(request, state, part=reason, frames=not reason)
    assert room.desk.record(request.request_id).state == (
        "INVALIDATED" if state == "INVALIDATED" else "CLOSED"
    )
