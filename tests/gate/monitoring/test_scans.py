"""What the gate reads: it goes on to other tags without a moment in between."""
# The gate's rounds are driven by hand.
# pyright: reportPrivateUsage=false

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.connectors.session.protocols import Session
from handwheel.tools.guardrails.gate.monitoring.scanner import OVERLAP_S, Scanner
from handwheel.tools.guardrails.gate.monitoring.watched_tags import (
    tags_of_request,
    tags_of_suspended,
)
from handwheel.tools.requests.lease_and_effects import Terms, parse_expectation

from ...plants.in_memory import MemoryConnector, MemoryPlant
from ..flood.flood import altered
from ..testbed.authority_grant import AGENTS
from ..testbed.with_oracle import START, Watched

RUN, MODE, SETPOINT = "P-101A.run_cmd", "P-101A.mode", "PIC-102.sp"
BOTH = frozenset({RUN, MODE})


class Line(MemoryConnector):
    """Sessions that are counted; a new one, or the next reading, may have to wait or fail.

    Attributes:
        free: Whether another session is let in; until then it waits.
        is_lost: Whether the device answers nothing.
        open_now: How many sessions are open, or waiting.
    """

    def __init__(self, plant: MemoryPlant, name: str) -> None:
        super().__init__(plant, name)
        self.free = asyncio.Event()
        self.free.set()
        self.is_lost = False
        self.open_now = 0

    async def open(self) -> Session:
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
    reader = room.running._reader
    assert isinstance(reader, Scanner)
    return reader


async def turns(times: int = 20) -> None:
    """Lets whatever can go on go on."""
    for _ in range(times):
        await asyncio.sleep(0)


async def test_the_old_scan_goes_on_until_the_new_one_delivers(
    room: Watched, lines: Mapping[str, Line]
) -> None:
    scans, pkg = scans_of(room), lines["pkg"]
    await scans.follow(frozenset({RUN}))
    await turns()
    assert scans.latest().keys() == {RUN}
    pkg.free.clear()
    await scans.follow(BOTH)
    await turns()
    await scans.follow(BOTH)
    assert scans.latest()[RUN].status == GOOD
    assert pkg.open_now == 2
    pkg.free.set()
    await turns()
    await scans.follow(BOTH)
    assert all(each.status == GOOD for each in scans.latest().values())
    assert (scans.tags, pkg.open_now) == (BOTH, 1)
    await scans.follow(frozenset({RUN}))  # fewer: it is kept
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
    await scans.follow(BOTH)
    room.clock.forward(0.1)
    await turns()
    await scans.follow(BOTH)
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


EFFECT = Terms(effects=(parse_expectation("PIC-102.sp > 100 kPa within 2 min"),))
# The tag itself, what its equipment must be in, and the limit across tags.
PLAIN = {"P-101A.run_cmd", "P-101A.mode", "PT-102.pv"}
LOST = "X-9.pv > 1"


def evidence(draft: dict[str, Any], text: str) -> None:
    draft.update(AGENTS)  # only a run has evidence
    said = {"id": "e", "side": "for", "truth": "true", "shown": text, "source": "x"}
    draft.setdefault("evidence", []).append(said | {"text": text})


PLACES: dict[str, Callable[[dict[str, Any], str], None]] = {
    "requirement": lambda draft, text: draft["commands"][0]["requires"].append(
        {"text": text, "why": "if"}
    ),
    "effect": lambda draft, text: draft["commands"][0]["effects"].append(
        {"text": text, "within_s": 60.0}
    ),
    "evidence": evidence,
}


@pytest.mark.parametrize("place", PLACES)
async def test_what_cannot_be_judged_here_adds_no_tag_and_hides_none(
    room: Watched, place: str
) -> None:
    """Somebody filed it for another site's tags; all the rest of it is still looked at."""
    honest, _ = room.desk.request([START], terms=EFFECT)

    def change(draft: dict[str, Any]) -> None:
        PLACES[place](draft, LOST)
        PLACES[place](draft, "P-101B.reset == false")

    request = altered(honest, change)
    room.force_filed(request)
    wanted = {*PLAIN, "PIC-102.sp", "P-101B.reset"}
    record = room.desk.record(request.request_id)
    assert tags_of_request(room.context, record) == wanted
    gone = replace(room.context, site=replace(room.site, tags={}))
    assert tags_of_request(gone, record) == set(request.tags)
    assert room.running._wanted() == wanted
    room.desk.say("reject", request, "anna")
    assert room.running._wanted() == frozenset()


async def test_what_is_expected_of_the_plant_is_read_before_it_is_approved(room: Watched) -> None:
    room.desk.propose(START)
    assert room.running._wanted() == PLAIN
    room.desk.propose(START, terms=EFFECT)
    assert room.running._wanted() == {*PLAIN, "PIC-102.sp"}
