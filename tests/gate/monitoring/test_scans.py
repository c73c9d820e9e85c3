"""The gate goes on to other tags without a moment in between, and sees what is well again."""
# The gate's rounds are driven by hand.
# pyright: reportPrivateUsage=false

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.connectors.session.protocols import Session
from handwheel.tools.guardrails.gate.monitoring.scanner import OVERLAP_S, Scanner
from handwheel.tools.guardrails.gate.monitoring.watched_tags import tags_of_suspended

from ...plants.in_memory import PaperConnector, PaperPlant
from ..testbed.with_oracle import START, Watched

RUN, MODE, SETPOINT = "P-101A.run_cmd", "P-101A.mode", "PIC-102.sp"
BOTH = frozenset({RUN, MODE})


class Line(PaperConnector):
    """Sessions that are counted; a new one, or the next reading, may have to wait or fail.

    Attributes:
        free: Whether another session is let in; until then it waits.
        is_lost: Whether the device answers nothing.
        open_now: How many sessions are open, or waiting.
    """

    def __init__(self, plant: PaperPlant, name: str) -> None:
        super().__init__(plant, name)
        self.free = asyncio.Event()
        self.free.set()
        self.is_lost = False
        self.open_now = 0

    async def open(self) -> Session:  # type: ignore[override]
        self.open_now += 1
        try:
            await self.free.wait()
        except asyncio.CancelledError:
            self.open_now -= 1
            raise
        return self

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        if self.is_lost:
            raise NotConnected({self.name: "no answer"})
        return await super().read(tags)

    async def close(self) -> None:
        self.open_now -= 1


@pytest.fixture
async def lines(room: Watched) -> AsyncGenerator[Mapping[str, Line]]:
    """Both devices; the gate reads them over these."""
    lines = {name: Line(room.plant, name) for name in room.site.connections}

    def connector(_: Site, name: str) -> Line:
        return lines[name]

    context = replace(room.context, connector=connector)
    room.running._reader = Scanner(context)
    yield lines
    await room.running._reader.close()
    assert {each.open_now for each in lines.values()} == {0}


def scans_of(room: Watched) -> Scanner:
    return room.running._reader


async def turns(times: int = 20) -> None:
    """Lets whatever can go on go on."""
    for _ in range(times):
        await asyncio.sleep(0)


async def test_the_old_scan_goes_on_until_the_new_one_delivers(
    room: Watched, lines: Mapping[str, Line]
) -> None:
    scans, pkg = scans_of(room), lines["pkg"]
    assert await scans.follow(frozenset({RUN}))
    await turns()
    assert scans.latest().keys() == {RUN}
    pkg.free.clear()
    assert await scans.follow(BOTH)
    await turns()
    assert not await scans.follow(BOTH)
    assert scans.latest()[RUN].status == GOOD
    assert pkg.open_now == 2
    pkg.free.set()
    await turns()
    assert await scans.follow(BOTH)
    assert all(each.status == GOOD for each in scans.latest().values())
    assert (scans.tags, pkg.open_now) == (BOTH, 1)
    assert not await scans.follow(frozenset({RUN}))  # fewer: it is kept
    assert scans.tags == BOTH


async def test_a_device_with_room_for_one_session_is_let_go_for_the_new_one(
    room: Watched, lines: Mapping[str, Line]
) -> None:
    scans, pkg = scans_of(room), lines["pkg"]
    await scans.follow(frozenset({RUN}))
    await turns()
    pkg.free.clear()
    await scans.follow(BOTH)
    room.clock.forward(OVERLAP_S - 0.1)
    assert not await scans.follow(BOTH)
    room.clock.forward(0.1)
    await turns()
    assert await scans.follow(BOTH)
    assert (scans.tags, pkg.open_now) == (BOTH, 1)


async def test_one_connection_is_no_concern_of_the_other(
    room: Watched, lines: Mapping[str, Line]
) -> None:
    scans = scans_of(room)
    await scans.follow(frozenset({RUN}))
    await turns()
    (before,) = scans.connections
    await scans.follow(frozenset({RUN, SETPOINT}))
    assert {each.name for each in scans.connections} == {"pkg", "dcs"}
    assert scans.connections[0] is before
    await scans.follow(frozenset({SETPOINT}))  # nothing of it is wanted any more
    assert (scans.tags, lines["pkg"].open_now) == (frozenset({SETPOINT}), 0)


async def test_a_gate_that_ends_leaves_no_session_of_a_change(
    room: Watched, lines: Mapping[str, Line]
) -> None:
    scans = scans_of(room)
    await scans.follow(frozenset({RUN}))
    await turns()
    lines["pkg"].free.clear()
    await scans.follow(BOTH)
    await turns()
    assert lines["pkg"].open_now == 2
    await scans.close()
    assert lines["pkg"].open_now == 0


async def test_a_lost_connection_is_watched_until_it_is_well_whoever_asks(
    room: Watched, lines: Mapping[str, Line]
) -> None:
    gate, pkg = room.gate, lines["pkg"]
    assert gate is not None
    pkg.is_lost = True
    request = room.desk.propose(START)
    await gate._follow_tags()
    await turns()
    room.watch()
    room.clock.forward(5.0)
    room.watch()
    assert [each.scope for each in room.context.suspensions.now] == ["pkg"]
    room.desk.say("reject", request, "anna")  # nobody asks for anything any more
    await gate._follow_tags()
    assert START[0] in scans_of(room).tags
    pkg.is_lost = False
    (connection,) = scans_of(room).connections
    await connection.ready(5.0)
    room.watch()
    assert room.context.suspensions.now == ()
    assert [each["reason"] for each in room.rows("gate.resumed")]
    await gate._follow_tags()
    assert (scans_of(room).tags, pkg.open_now) == (frozenset(), 0)  # and then no more


async def test_what_is_read_to_see_a_connection_again(room: Watched) -> None:
    read = frozenset({RUN, SETPOINT})
    assert tags_of_suspended(room.context, read) == frozenset()
    room.context.suspensions.note("site", "disk", "full", room.clock.now())
    assert tags_of_suspended(room.context, read) == frozenset()
    room.context.suspensions.note("pkg", "connection", "no answer", room.clock.now())
    assert tags_of_suspended(room.context, read) == {RUN}
    (alone,) = tags_of_suspended(room.context, frozenset())
    assert room.site.tags[alone].connection == "pkg"
