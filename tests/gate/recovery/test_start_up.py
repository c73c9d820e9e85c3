"""A clock that was set, and what an action that was broken off leaves to the gate that finds it."""
# The gate's acting half is run by itself.
# pyright: reportPrivateUsage=false

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from handwheel.connectors.actuation.write_session import WriteSession
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import (
    MAYBE_SENT,
    NOT_SENT,
    RESTARTED,
)

from ...plants.fault_injection import Crash
from ...plants.in_memory import MemoryWriter
from ...sites.in_memory import make_site
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched, nth

CLOCK_SET = "the wall clock was set"
# Somebody else's tag shows what the command did.
LAMP = "  P-101A.lamp: {connection: pkg, table: discrete, address: 40, type: bool}\n"
SHOWN_BY = ("  P-101A.run_cmd:", f"{LAMP}  P-101A.run_cmd:")


@pytest.fixture
async def lamp_room(tmp_path: Path) -> AsyncGenerator[Watched]:
    """A room where a lamp shows whether P-101A runs; the command itself shows nothing."""
    make_site(tmp_path)
    path = tmp_path / "tags.yaml"
    text = path.read_text(encoding="utf-8")
    command, _, rest = text.partition("readback: self")
    path.write_text(f"{command}readback: P-101A.lamp{rest}".replace(*SHOWN_BY), encoding="utf-8")
    room = Watched(load_site(tmp_path))
    room.plant.values["P-101A.lamp"] = False
    await room.start_gate()
    yield room
    room.close()


@pytest.mark.way_in("T2")
@pytest.mark.parametrize("seconds", [-3600.0, -2.1, 2.1, 60.0])
async def test_a_clock_that_is_set_ends_what_waits_and_only_that(
    room: Watched, seconds: float
) -> None:
    waiting, approved = room.desk.propose(SETPOINT), room.approved(START)
    room.clock.set(seconds)
    room.watch()
    for request in (waiting, approved):
        record = room.desk.record(request.request_id)
        assert (record.state, record.reason) == ("INVALIDATED", CLOCK_SET)
    room.watch()
    room.clock.forward(10.0)
    room.watch()
    assert room.plant.frames == []
    await room.go_through(START)


async def test_a_step_that_a_busy_ledger_hides_is_not_forgotten(
    room: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = room.desk.propose(SETPOINT)
    room.clock.set(-3600.0)

    def busy(*_: object) -> None:
        raise LedgerError("busy")

    with monkeypatch.context() as patch:
        patch.setattr("handwheel.tools.guardrails.gate.gate.invalidate", busy)
        with pytest.raises(LedgerError):
            room.watch()
    room.watch()
    assert room.desk.record(waiting.request_id).reason == CLOCK_SET


async def test_what_was_taken_back_and_then_broken_off_stays_taken_back(room: Watched) -> None:
    intent = nth(await room.way(START_B), "before transaction", 2)
    request = room.approved(START)

    def revoke_and_die() -> None:
        room.desk.say("revoke", request, "gina")
        raise Crash

    room.fuse.arm(intent, revoke_and_die)
    with pytest.raises(Crash):
        await room.act()
    await room.restart_gate()
    assert room.desk.states(request) == ["ABORTED_NOT_SENT"]
    assert room.desk.record(request.request_id).state == "REVOKED"


async def test_the_first_of_two_approvals_does_not_outlive_its_gate(room: Watched) -> None:
    request = room.desk.propose(("P-101A.mode", 0))  # which two people approve
    room.desk.approve(request, "anna")
    await room.restart_gate()
    record = room.desk.record(request.request_id)
    assert (record.state, record.reason) == ("INVALIDATED", RESTARTED)


async def break_off(room: Watched, before: Callable[[], object]) -> str:
    """Ends the gate as a frame leaves; returns what the next one attached."""
    request = room.approved(START)
    await room.end_at("frame executed")
    before()
    await room.start_gate()
    room.expect(request, "UNKNOWN", MAYBE_SENT)
    (found,) = [row["readback"] for row in room.rows("action.UNKNOWN")]
    assert len(room.plant.frames) == 1
    return str(found)


@pytest.mark.parametrize(("lamp", "shown"), [(True, "true"), (False, "false")])
async def test_the_tag_that_shows_it_is_read_and_no_other(
    lamp_room: Watched, lamp: bool, shown: str
) -> None:
    light = partial(lamp_room.plant.values.update, {"P-101A.lamp": lamp})
    assert await break_off(lamp_room, light) == f"P-101A.lamp reads {shown} (Good)"


async def test_a_tag_that_the_site_has_lost_is_told(room: Watched) -> None:
    def lose() -> None:
        tags = {name: tag for name, tag in room.site.tags.items() if name != START[0]}
        room.site = replace(room.site, tags=tags)

    assert await break_off(room, lose) == "P-101A.run_cmd is no tag of this site any more"


@pytest.mark.parametrize(
    ("lamp", "state", "words"),
    [(True, "VERIFIED", "P-101A.lamp reads true"), (False, "MISMATCH", "reads false, not true")],
)
async def test_a_command_that_another_tag_shows_is_verified_by_that_tag(
    lamp_room: Watched, lamp: bool, state: str, words: str
) -> None:
    lamp_room.plant.values["P-101A.lamp"] = lamp
    request = lamp_room.approved(START)
    await lamp_room.act()
    assert lamp_room.desk.states(request) == [state]
    assert words in lamp_room.reason(request)


TOLD = {
    "once on its way": (1, False, "VERIFIED", "P-101A.run_cmd reads true"),
    "once as it sends": (1, True, "VERIFIED", "P-101A.run_cmd reads true"),
    "twice on its way": (2, False, "ABORTED_NOT_SENT", NOT_SENT),
    "twice as it sends": (2, True, "UNKNOWN", MAYBE_SENT),
}


@pytest.mark.way_in("D13")
@pytest.mark.parametrize(("times", "is_sent", "state", "reason"), TOLD.values(), ids=TOLD)
async def test_an_action_under_way_comes_to_its_end_though_the_gate_is_told_to_stop(
    room: Watched, monkeypatch: pytest.MonkeyPatch, *,
    times: int, is_sent: bool, state: str, reason: str,
) -> None:  # fmt: skip
    """Whoever insists cuts it off, and it is known no better than after a kill."""
    request, under_way, go_on = room.approved(START, START_B), asyncio.Event(), asyncio.Event()
    open_write_session, transmit = room.plant.open_write_session, MemoryWriter.transmit

    async def wait() -> None:
        under_way.set()
        await go_on.wait()

    async def wait_and_open(site: Site, connection: str, tags: Sequence[Tag]) -> WriteSession:
        await wait()
        return await open_write_session(site, connection, tags)

    async def transmit_and_wait(self: MemoryWriter, wire: bytes) -> bytes:
        answer = await transmit(self, wire)
        await wait()
        return answer

    if is_sent:
        monkeypatch.setattr(MemoryWriter, "transmit", transmit_and_wait)
    else:
        room.running._context = replace(room.context, open_write_session=wait_and_open)
    acting = asyncio.create_task(room.running._act())
    await under_way.wait()
    for _ in range(times):
        acting.cancel()
        await asyncio.sleep(0)
    assert room.desk.states(request) == ["SENDING" if is_sent else "CLAIMED", "PLANNED"]
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await acting
    monkeypatch.undo()
    await room.restart_gate()
    await room.act()
    assert (room.desk.states(request), room.reason(request)) == ([state, "INVALIDATED"], reason)
    assert room.reason(request, 2) in {RESTARTED, reason}
    assert room.wires == [request.commands[0].wire] * (is_sent or times == 1)
    await room.go_through(START_B)
    assert room.faults() == ()
