"""Heartbeat session: counts into the declared tag, nothing else; the plant's log judges."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from handwheel.connectors.actuation import heartbeat_session, write_session
from handwheel.connectors.actuation.heartbeat_session import (
    HeartbeatSession,
    open_heartbeat_session,
)
from handwheel.connectors.actuation.permit import HeartbeatPermit, permit_clock_s
from handwheel.connectors.errors import WriteRefused
from handwheel.connectors.model.heartbeats import HeartbeatSpec
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag

from ...auditor.checks.documents import NoDocument
from ...auditor.checks.heartbeats import head_of
from ...plants.served import frames_of, link_of, served, site_of
from .permits import opened, permit_for

OVER_MODBUS, OVER_OPCUA = "P-101B.mode", "PIC-102.mode"
TAKEN = {OVER_MODBUS: 2, OVER_OPCUA: 0}
"""A count that the plant takes there: it knows these tags as modes, and refuses others."""


@dataclass
class Works:
    """A plant that stands still, and a site that calls two modes of it heartbeats."""

    site: Site
    log: Path

    def arrived(self) -> list[str]:
        return [str(each.get("pdu") or each["body"]) for each in frames_of(self.log)]


@pytest.fixture(scope="module")
async def works(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Works]:
    folder = tmp_path_factory.mktemp("works")
    log = folder / "frames.jsonl"
    async with served(frame_log=log) as server:
        yield Works(declared(site_of(folder / "site", link_of(server))), log)


def declared(site: Site) -> Site:
    tags, equipment = dict(site.tags), dict(site.equipment)
    for name in TAKEN:
        tag = tags[name] = replace(site.tags[name], kind="int", members={}, readback="")
        heartbeat = HeartbeatSpec.model_validate({"tag": name, "every": "1 s"})
        changes = {"heartbeat": heartbeat}
        equipment[tag.equipment] = equipment[tag.equipment].model_copy(update=changes)
    return replace(site, tags=tags, equipment=equipment)


@asynccontextmanager
async def beating(site: Site, tag: Tag) -> AsyncGenerator[HeartbeatSession]:
    session = await open_heartbeat_session(site, tag)
    try:
        yield session
    finally:
        await session.close()


def leave_for(session: HeartbeatSession, tag: Tag, count: int) -> HeartbeatPermit:
    return HeartbeatPermit(tag, count, session.identity, permit_clock_s() + 5.0, started_seq=1)


@pytest.mark.parametrize("name", TAKEN)
async def test_counts_go_one_after_the_other_over_one_session(works: Works, name: str) -> None:
    tag, before = works.site.tags[name], len(works.arrived())
    async with beating(works.site, tag) as session:
        for _ in range(3):
            await session.beat(leave_for(session, tag, TAKEN[name]))
        with pytest.raises(WriteRefused, match="refused by the device"):
            await session.beat(leave_for(session, tag, 77))
    arrived = works.arrived()[before:]
    assert len(arrived) == 4
    assert len(set(arrived[:3])) == 1


@pytest.mark.parametrize("name", TAKEN)
async def test_the_independent_judge_tells_the_count_from_the_rest(works: Works, name: str) -> None:
    tag = works.site.tags[name]
    async with beating(works.site, tag) as session:
        protocol, wires = session.identity.kind, [session.wire(count) for count in (0, 258)]
    (head, width), (other, _) = (head_of(protocol, wire, str(tag.address)) for wire in wires)
    assert head == other
    order: Literal["big", "little"] = "big" if protocol == "modbus" else "little"
    assert [wire[len(head) :] for wire in wires] == [n.to_bytes(width, order) for n in (0, 258)]
    another = str(works.site.tags["P-101A.mode" if protocol == "modbus" else "LIC-101.sp"].address)
    with pytest.raises(NoDocument, match=r"no write of that|no place for"):
        head_of(protocol, wires[0], another)


ATTACKS: dict[str, tuple[Callable[[HeartbeatPermit], HeartbeatPermit], str]] = {
    "not begun": (
        lambda permit: replace(permit, started_seq=0), heartbeat_session.NOT_STARTED.reason,
    ),
    "another tag": (
        lambda permit: replace(permit, tag=replace(permit.tag, name="P-101B.hb")),
        write_session.OTHER_TAG.reason,
    ),
    "too much": (lambda permit: replace(permit, count=32768), heartbeat_session.NO_COUNT.reason),
    "too little": (lambda permit: replace(permit, count=-1), heartbeat_session.NO_COUNT.reason),
    "no number": (lambda permit: replace(permit, count=True), heartbeat_session.NO_COUNT.reason),
    "another device": (
        lambda permit: replace(permit, identity=replace(permit.identity, name="another")),
        write_session.OTHER_DEVICE.reason,
    ),
    "too late": (
        lambda permit: replace(permit, until_s=permit_clock_s()), write_session.EXPIRED.reason,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.parametrize("attack", ATTACKS)
async def test_no_frame_leaves_for_anything_else(works: Works, name: str, attack: str) -> None:
    spoil, reason = ATTACKS[attack]
    tag, before = works.site.tags[name], works.arrived()
    async with beating(works.site, tag) as session:
        honest = leave_for(session, tag, TAKEN[name])
        with pytest.raises(WriteRefused, match=f"not sent: {reason}"):
            await session.beat(spoil(honest))
        assert works.arrived() == before
        await session.beat(honest)  # the twin
    assert len(works.arrived()) == len(before) + 1


async def test_a_tag_that_is_no_heartbeat_gets_no_session(works: Works) -> None:
    tag, before = works.site.tags["P-101A.mode"], works.arrived()
    async with beating(works.site, tag) as session:
        with pytest.raises(
            WriteRefused, match=f"not sent: {heartbeat_session.NO_HEARTBEAT.reason}"
        ):
            await session.beat(leave_for(session, tag, 1))
    assert works.arrived() == before


@pytest.mark.parametrize("name", TAKEN)
async def test_an_action_cannot_write_a_heartbeat(works: Works, name: str) -> None:
    tag, before = works.site.tags[name], works.arrived()
    async with opened(works.site, tag) as session:
        with pytest.raises(WriteRefused, match=f"not sent: {write_session.HEARTBEAT.reason}"):
            await session.send(permit_for(session, tag, TAKEN[name]))
    assert works.arrived() == before
