"""A heartbeat that counts seldom is looked after as often as any other."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from ..testbed.heartbeat import PUMP, BeatingRoom, make_beating_site, take

EVERY_S = 30.0
LOOK_S = 1.0


@pytest.fixture
async def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[BeatingRoom]:
    """A room whose heartbeat runs by itself; whoever waits lets people's clocks go on so long."""
    room, sleep = BeatingRoom(make_beating_site(tmp_path, f"{EVERY_S:g} s")), asyncio.sleep

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


async def until(room: BeatingRoom, kind: str, times: int) -> None:
    """Waits, in people's time for two intervals at most, for a row or a count."""
    ends = room.clock.now().wall + timedelta(seconds=2 * EVERY_S)
    while len(room.told(kind) if kind else room.counts) < times:
        assert room.clock.now().wall < ends, (kind, room.counts)
        await asyncio.sleep(0.0)


@pytest.mark.parametrize("is_taken", [True, False])
async def test_it_stops_within_a_second_and_not_at_its_next_count(
    room: BeatingRoom, *, is_taken: bool
) -> None:
    await until(room, "", 1)
    since = room.clock.now().wall
    if is_taken:
        take(PUMP, "OPERATOR")(room)
        await until(room, "stopped", 1)
        assert room.told("stopped")[0][1]["reason"] == f"{PUMP} is OPERATOR, set by dora"
        assert (room.clock.now().wall - since).total_seconds() <= LOOK_S
        assert room.counts == [0]
    else:  # it goes on, once in its interval
        await until(room, "", 2)
        assert (room.clock.now().wall - since).total_seconds() == pytest.approx(EVERY_S, abs=LOOK_S)
        assert room.told("stopped") == []
