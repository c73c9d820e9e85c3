"""What suspends actuation: what was approved ends, nothing is sent, and its end resumes nothing."""
# The gate's reader is put there by the test.
# pyright: reportPrivateUsage=false

from collections.abc import Mapping
from typing import Any

import pytest

from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    BAD_WAITING,
    UNCERTAIN_LAST_USABLE,
)
from handwheel.tools.errors import LedgerError, PermitRefused
from handwheel.tools.guardrails.approval.cards.build_card import make_card
from handwheel.tools.guardrails.gate.monitoring import suspension_monitor as lookout
from handwheel.tools.guardrails.gate.state.execution import Execution
from handwheel.tools.guardrails.gate.steps import all_steps as steps
from handwheel.tools.guardrails.gate.steps.execute import execute_action
from handwheel.tools.guardrails.gate.steps.send import check_before_send
from handwheel.tools.guardrails.policy.suspend import Suspend
from handwheel.tools.requests.request import ActionRequest

from ..testbed.with_oracle import SETPOINT, START, START_B, Watched
from .suspension_causes import MemoryConnection, counting, read_by, room_left, told

FULL = "the disk has 100 MB left, of at least 200 MB"


async def expect_ended(room: Watched, request: ActionRequest, scope: str, reason: str) -> None:
    """What was approved is over, in the ledger and in the journal, and nothing was sent."""
    await room.act()
    words = f"actuation is suspended: {scope}: {reason}"
    record = room.desk.record(request.request_id)
    assert (record.state, record.reason) == ("INVALIDATED", words)
    assert room.desk.states(request) == ["INVALIDATED"]
    assert told(room)[-1] == ("gate.suspended", scope, reason)
    assert room.plant.frames == []


async def expect_resumed(room: Watched, request: ActionRequest, scope: str, reason: str) -> None:
    """The end resumes nothing by itself; what is asked for afterwards goes through."""
    await room.act()
    assert told(room)[-1] == ("gate.resumed", scope, reason)
    assert (room.desk.states(request), room.plant.frames) == (["INVALIDATED"], [])
    again = room.approved()
    await room.go_round()
    assert (room.desk.states(again), len(room.plant.frames)) == (["VERIFIED"], 1)
    assert room.faults() == ()


async def test_a_full_disk(room: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    request = room.approved()
    for free, is_over in ((100e6, False), (210e6, False), (221e6, True)):
        room_left(monkeypatch, free)
        room.watch()
        assert (told(room)[-1][0] == "gate.resumed") == is_over
        if not is_over:
            await expect_ended(room, request, "site", FULL)
    assert len(told(room)) == 2
    await expect_resumed(room, request, "site", FULL)


async def test_a_disk_of_which_nobody_can_tell(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: object) -> int:
        raise OSError(5, "Input/output error")

    request, reason = room.approved(), "the disk cannot be read: Input/output error"
    with monkeypatch.context() as patch:
        patch.setattr(lookout, "free_bytes", unknown)
        room.watch()
        await expect_ended(room, request, "site", reason)
    room.watch(2)
    await expect_resumed(room, request, "site", reason)


async def test_a_clock_that_was_set(room: Watched) -> None:
    request, reason = room.approved(), "the wall clock was set by more than 2 s"
    room.oracle.ends("the clock was set")
    room.clock.set(-30.0)
    room.watch(2)
    room.expect(request, "INVALIDATED", "the wall clock was set")
    room.clock.forward(9.9)
    with pytest.raises(PermitRefused, match=reason):
        room.approved()
    room.clock.set(30.0)  # and back: it begins anew
    room.clock.forward(2.0)
    room.watch()
    assert room.context.suspensions.now
    room.clock.forward(10.0)
    room.watch()
    await expect_resumed(room, request, "site", reason)


STALE = "every value of it is stale"
LOST: Mapping[str, tuple[MemoryConnection, str]] = {
    "down": (MemoryConnection("pkg", is_connected=False, reason="refused"), "refused"),
    "not up": (MemoryConnection("pkg", is_connected=False), "it is not connected"),
    "stale": (MemoryConnection("pkg", status=BAD_NO_COMMUNICATION), STALE),
    "as it was": (MemoryConnection("pkg", status=UNCERTAIN_LAST_USABLE), STALE),
    "waiting": (MemoryConnection("pkg", status=BAD_WAITING), STALE),
}


@pytest.mark.parametrize(("lost", "reason"), LOST.values(), ids=LOST)
async def test_a_lost_connection_stops_what_touches_it_and_nothing_else(
    room: Watched, lost: MemoryConnection, reason: str
) -> None:
    pkg, dcs = MemoryConnection("pkg"), MemoryConnection("dcs")
    read_by(room, lost, dcs)
    request = room.approved()
    room.watch()
    room.clock.forward(4.9)
    room.watch()
    assert told(room) == []  # a reader needs some time to come up
    room.clock.forward(0.1)
    other = room.approved(SETPOINT)
    room.watch()
    words = f"actuation is suspended: pkg: {reason}"
    assert room.desk.record(request.request_id).reason == words
    assert told(room) == [("gate.suspended", "pkg", reason)]
    await room.act()
    assert (room.desk.states(request), room.desk.states(other)) == (["INVALIDATED"], ["VERIFIED"])
    assert [each.connection for each in room.plant.frames] == ["dcs"]
    read_by(room, pkg, dcs)
    room.watch(2)
    room.plant.frames.clear()
    await expect_resumed(room, request, "pkg", reason)


async def test_a_flood_of_alarms_counts_each_that_comes_once(room: Watched) -> None:
    """The site in memory has no alarms; two of its bool tags stand for them."""
    rule = {"alarms": ["P-101?.run_cmd"], "more_than": 2, "within": "10 min"}
    counting(room, Suspend.model_validate(rule))
    reason = "more than 2 alarms in 10 min"
    request = room.approved()
    for rises, value in enumerate((True, False, True, True, False), 1):  # the first is no rise
        read_by(
            room, MemoryConnection("pkg", values={"P-101A.run_cmd": value, "P-101B.reset": value})
        )
        room.watch()
        assert told(room) == [], rises
    bad = MemoryConnection("pkg", status=BAD_NO_COMMUNICATION, values={"P-101A.run_cmd": True})
    read_by(room, bad, MemoryConnection("pkg", values={"P-101B.run_cmd": False}))
    room.watch()
    assert told(room) == []
    read_by(room, MemoryConnection("pkg", values={"P-101A.run_cmd": True, "P-101B.run_cmd": True}))
    room.watch()
    await expect_ended(room, request, "site", reason)
    room.clock.forward(601.0)
    room.watch(2)
    await expect_resumed(room, request, "site", reason)


async def test_a_ledger_that_fails_is_told_once_it_can_be(room: Watched) -> None:
    assert room.gate is not None
    request = room.approved()
    room.gate._lookout.ledger_failed("ledger.db: the disk is full")
    await room.act()
    assert room.desk.states(request) == ["DUE"]  # nothing is taken up, and nothing can be told
    assert told(room) == []
    room.watch()
    await expect_ended(room, request, "site", "ledger.db: the disk is full")
    room.gate._lookout.ledger_works()
    room.watch()
    await expect_resumed(room, request, "site", "ledger.db: the disk is full")


async def test_a_journal_that_cannot_be_written_holds_it_all_the_same(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Any:
        raise LedgerError("the disk is full")

    request = room.approved()
    with monkeypatch.context() as patch:
        room_left(patch, 1.0)
        patch.setattr(room.context.database, "transaction", refuse)
        with pytest.raises(LedgerError):
            room.watch()
        await room.act()
        assert room.gate is not None
        picture = room.gate.snapshot()
    assert [each.scope for each in picture.suspended] == ["site"]
    assert room.plant.frames == []
    assert told(room) == []
    room.watch()  # it is well by now; first it is told, and what was approved ends
    await expect_ended(room, request, "site", "the disk has 0 MB left, of at least 200 MB")
    room.watch(2)
    await expect_resumed(room, request, "site", "the disk has 0 MB left, of at least 200 MB")


@pytest.mark.parametrize("scope", ["site", "dcs"])
async def test_what_begins_on_the_way_stops_it_at_the_last_look_too(
    room: Watched, monkeypatch: pytest.MonkeyPatch, scope: str
) -> None:
    async def begin(execution: Execution) -> None:
        room.context.suspensions.note(scope, "test", "it began just now", room.clock.now())

    at = steps.STEPS.index(check_before_send)
    monkeypatch.setattr(steps, "STEPS", (*steps.STEPS[:at], begin, *steps.STEPS[at:]))
    request = await room.carried_out()
    is_stopped = scope != "dcs"
    assert room.desk.states(request) == ["REFUSED" if is_stopped else "VERIFIED"]
    words = f"actuation is suspended: {scope}: it began just now"
    assert (room.reason(request) == words) is is_stopped
    assert len(room.plant.frames) == (not is_stopped)


async def test_what_begins_after_the_claim_is_stopped_by_the_seventh_step(room: Watched) -> None:
    request = room.approved()
    execution = room.execution()
    assert execution is not None
    room.context.suspensions.note("pkg", "test", "it began just now", room.clock.now())
    room.fuse.arm(0)
    await execute_action(execution)
    room.expect(request, "INVALIDATED", "actuation is suspended: pkg: it began just now")
    assert "connect" not in room.fuse.points


async def test_while_it_lasts_nothing_can_be_approved(room: Watched) -> None:
    assert room.gate is not None
    room.context.suspensions.note("pkg", "test", "it is down", room.clock.now())
    room.watch()
    words = "actuation is suspended: pkg: it is down"
    picture = room.gate.snapshot()
    problems: dict[str, bool] = {}
    for write in (START, SETPOINT):
        request = room.desk.propose(write)
        card = make_card(
            request, tags=room.site.tags, connections=room.site.connections, snapshot=picture,
            now=room.clock.now(),
        )  # fmt: skip
        problems[write[0]] = words in card.problems
    assert problems == {START[0]: True, SETPOINT[0]: False}
    stopped = room.desk.propose(START_B)
    with pytest.raises(PermitRefused, match=words):
        room.desk.approve(stopped)
    assert room.desk.record(stopped.request_id).state == "PENDING"
    room.approved(("PIC-102.sp", 355.0))
    room.context.suspensions.note("pkg", "test", "", room.clock.now())
    room.watch()
    room.desk.approve(stopped)
    assert room.desk.record(stopped.request_id).state == "APPROVED"


async def test_what_comes_again_before_its_end_is_told_has_not_ended(room: Watched) -> None:
    suspensions, now = room.context.suspensions, room.clock.now()
    for reason in ("no answer", "", "no answer"):
        suspensions.note("pkg", "test", reason, now)
        if reason and not told(room):
            room.watch()
    room.watch()
    assert [each.scope for each in suspensions.now] == ["pkg"]
    assert [kind for kind, _, _ in told(room)] == ["gate.suspended"]
    suspensions.note("pkg", "test", "", now)
    room.watch()
    assert suspensions.now == ()
    assert [kind for kind, _, _ in told(room)] == ["gate.suspended", "gate.resumed"]


async def test_a_reader_of_later_has_its_own_time_to_come_up(room: Watched) -> None:
    down = MemoryConnection("pkg", is_connected=False)
    for is_closed in (True, False):
        read_by(room, down)
        room.watch()
        read_by(room, *(() if is_closed else (down,)))
        room.watch()
        room.clock.forward(5.0)
        read_by(room, down)
        room.watch()
        assert [scope for _, scope, _ in told(room)] == ([] if is_closed else ["pkg"])
