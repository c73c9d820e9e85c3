"""What a heartbeat makes of short and slow actions, a bouncing switch, and a long interval."""
# pyright: reportPrivateUsage=false

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from time import monotonic

import pytest

from handwheel.connectors.actuation.write_session import WriteSession
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.tools.guardrails.gate.monitoring import heartbeat as beating
from handwheel.tools.guardrails.gate.state.execution import Execution
from handwheel.tools.guardrails.gate.steps import all_steps as steps
from handwheel.tools.guardrails.gate.steps import execute as carrying
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file

from ...plants.devices.misbehaving import eventually
from ...plants.in_memory import Frame
from ..testbed.heartbeat import HEAD, PUMP, BeatingRoom, lock_out, make_beating_site, switch, take

EVERY_S = 1.0


class Passing:
    """Lets people's clocks go as fast as they do, and notes when each frame arrives."""

    def __init__(self, room: BeatingRoom) -> None:
        self.room = room
        self.counts: list[float] = []
        self.others: list[float] = []
        self._log = room.plant.on_frame
        room.plant.on_frame = self._note
        works = self._forward(), room.heartbeat.run()
        self._tasks = [asyncio.create_task(each) for each in works]

    def _note(self, frame: Frame) -> None:
        is_count = frame.wire.startswith(HEAD)
        (self.counts if is_count else self.others).append(monotonic())
        self._log(frame)

    async def _forward(self) -> None:
        last = monotonic()
        while True:
            await asyncio.sleep(0.004)
            now = monotonic()
            self.room.clock.forward(now - last)
            last = now

    async def end(self) -> None:
        for each in self._tasks:
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def longest_s(self) -> float:
        """The longest time from one count to the next."""
        return max(later - earlier for earlier, later in pairwise(self.counts))


async def test_short_actions_one_after_the_other_do_not_starve_it(room: BeatingRoom) -> None:
    """It goes as soon as one of them has been answered, however soon the next begins."""
    room.give()
    passing, write_slot = Passing(room), room.context.write_slot
    taken: list[tuple[float, float]] = []
    busy_s, ends = 0.18, monotonic() + 5.0
    while monotonic() < ends:
        write_slot.take()
        since = monotonic()
        await asyncio.sleep(busy_s)
        taken.append((since, monotonic()))
        write_slot.release()
        await asyncio.sleep(0.005)
    await passing.end()
    assert len(passing.counts) >= 4
    assert passing.longest_s < EVERY_S + busy_s + 0.4
    assert not [at for at in passing.counts if any(a < at < b for a, b in taken)]


async def test_a_turn_that_nobody_gives_back_stops_no_look(room: BeatingRoom) -> None:
    """What ends the heartbeat is seen all the same, and nothing goes."""
    room.give()
    await room.pass_s(1.0)
    room.context.write_slot.take()
    passing = Passing(room)
    await asyncio.sleep(EVERY_S + 0.3)  # it is due by then, and waits for the turn
    take(PUMP, "LOCAL")(room)
    await eventually(lambda: bool(room.told("stopped")))
    await passing.end()
    assert [body["reason"] for _, body in room.told("stopped")] == ["P-101A is LOCAL, set by dora"]
    assert room.counts == [0]
    room.context.write_slot.release()


@pytest.mark.parametrize("slow", ["to open", "to answer"])
async def test_a_slow_way_to_the_device_holds_no_count_up_but_a_slow_answer_does(
    room: BeatingRoom, monkeypatch: pytest.MonkeyPatch, slow: str
) -> None:
    room.give()
    request = room.desk.propose(("P-101A.run_cmd", True))
    room.desk.approve(request)
    passing = Passing(room)
    execution = room.execution()
    assert execution is not None
    open_write_session, slow_s = execution.context.open_write_session, 1.5

    async def opened_late(site: Site, connection: str, tags: list[Tag]) -> WriteSession:
        await asyncio.sleep(slow_s)
        return await open_write_session(site, connection, tags)

    async def answered_late(execution: Execution) -> None:
        await asyncio.sleep(slow_s)
        await send_frame(execution)

    send_frame = next(each for each in steps.STEPS if each.__name__ == "send_frame")
    if slow == "to open":
        object.__setattr__(execution.context, "open_write_session", opened_late)
    else:
        way = [answered_late if each is send_frame else each for each in steps.STEPS]
        monkeypatch.setattr(steps, "STEPS", tuple(way))
    await asyncio.sleep(0.1)
    began = monotonic()
    await carrying.execute_action(execution)
    meanwhile = [at for at in passing.counts if began < at < began + slow_s]
    await asyncio.sleep(0.3)
    await passing.end()
    assert len(meanwhile) == (1 if slow == "to open" else 0)
    assert len(passing.counts) == 2  # one that had to wait goes right after
    assert not room.context.write_slot.is_taken
    assert room.desk.states(request) == ["VERIFIED"]


async def test_a_switch_that_bounces_fills_no_journal(room: BeatingRoom) -> None:
    room.give()
    for second in range(60):
        switch(second % 2)(room)
        before = len(room.counts)
        await room.pass_s(1.0)
        assert len(room.counts) == before or second % 2  # never while it is not in remote
    assert Counter(kind for kind, _ in room.told()) == {"started": 1, "stopped": 1}
    assert room.counts == [0]
    switch(1)(room)
    await room.pass_s(beating.HOLD_OFF_S, 1.0)  # the twin: it stays so
    assert room.counts == [0, 1, 2]


async def test_whatever_else_is_over_needs_no_patience(room: BeatingRoom) -> None:
    """Neither the first time, nor after what a person did: only the switch may bounce."""
    switch(0)(room)
    room.give()
    await room.pass_s(1.0, 1.0)
    switch(1)(room)
    await room.pass_s(1.0)
    assert room.counts == [0]
    lock_out(PUMP)(room)
    await room.pass_s(1.0)
    lockout_file(room.site.state, PUMP).unlink()  # which unlocks nothing
    await room.pass_s(1.0)
    assert room.counts == [0]
    room.desk.release(PUMP)
    await room.pass_s(1.0)
    assert room.counts == [0, 1]


LONG_S = 30.0
LOOK_S = 1.0


@pytest.fixture
async def busy_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[BeatingRoom]:
    """A room whose heartbeat runs by itself; whoever waits lets people's clocks go on so long."""
    room, sleep = BeatingRoom(make_beating_site(tmp_path, f"{LONG_S:g} s")), asyncio.sleep

    async def pass_s(seconds: float) -> None:
        await sleep(0)  # what happens meanwhile has all of that time before it
        room.clock.forward(seconds)

    await room.start_gate()
    room.give()
    monkeypatch.setattr(asyncio, "sleep", pass_s)
    running = asyncio.create_task(room.heartbeat.run())
    yield room
    monkeypatch.undo()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert not room.faults()
    room.close()


async def wait_for(room: BeatingRoom, kind: str, times: int) -> None:
    """Waits, in people's time for two intervals at most, for a row or a count."""
    ends = room.clock.now().wall + timedelta(seconds=2 * LONG_S)
    while len(room.told(kind) if kind else room.counts) < times:
        assert room.clock.now().wall < ends, (kind, room.counts)
        await asyncio.sleep(0.0)


async def test_it_stops_within_a_second_and_not_at_its_next_count(busy_room: BeatingRoom) -> None:
    room = busy_room
    await wait_for(room, "", 1)
    since = room.clock.now().wall
    await wait_for(room, "", 2)  # once in its interval
    now = room.clock.now().wall
    assert (now - since).total_seconds() == pytest.approx(LONG_S, abs=LOOK_S)
    assert room.told("stopped") == []
    take(PUMP, "OPERATOR")(room)
    await wait_for(room, "stopped", 1)
    assert room.told("stopped")[0][1]["reason"] == f"{PUMP} is OPERATOR, set by dora"
    assert (room.clock.now().wall - now).total_seconds() <= LOOK_S
    assert room.counts == [0, 1]
