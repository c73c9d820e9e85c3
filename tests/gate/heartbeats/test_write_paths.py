"""Write sessions of a heartbeat: only a count that fits is sent, and none is left open."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from asyncua import ua

from handwheel.connectors.actuation import heartbeat_session, write_session
from handwheel.connectors.actuation.device_writer import DeviceWriter
from handwheel.connectors.actuation.heartbeat_session import (
    HeartbeatSession,
    open_heartbeat_session,
)
from handwheel.connectors.actuation.permit import HeartbeatPermit, permit_clock_s
from handwheel.connectors.errors import NotConnected, WriteRefused
from handwheel.connectors.modbus.encoder import ModbusEncoder
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.opcua.encoder import OpcuaEncoder, Target
from handwheel.connectors.session.protocols import DeviceIdentity

from ...plants.in_memory import MemoryWriter
from ..testbed.heartbeat import BEAT, BeatingRoom


@pytest.fixture
async def room(beating_room: BeatingRoom) -> BeatingRoom:
    return beating_room


def leave_for(session: HeartbeatSession, tag: Tag, count: int) -> HeartbeatPermit:
    return HeartbeatPermit(tag, count, session.identity, permit_clock_s() + 5.0, started_seq=1)


async def test_a_count_that_the_device_cannot_hold_is_not_sent(room: BeatingRoom) -> None:
    """The server's node has eight bits, whatever the site says of the tag."""
    tag = replace(room.site.tags[BEAT], address=NodeAddress("nsu=urn:works;s=hb"))
    site = replace(room.site, tags={**room.site.tags, BEAT: tag})
    node = Target(ua.NodeId(ua.String("hb"), ua.Int16(1)), ua.VariantType.SByte)
    encoder = OpcuaEncoder(DeviceIdentity("opcua", "", "", True, False), {BEAT: node}, {BEAT: tag})
    session = HeartbeatSession(site, MemoryWriter(room.plant, "pkg"), encoder, tag)
    with pytest.raises(WriteRefused, match=f"not sent: {write_session.OTHER_BYTES.reason}"):
        await session.beat(leave_for(session, tag, 128))
    assert room.plant.frames == []
    await session.beat(leave_for(session, tag, 127))
    assert [frame.wire for frame in room.plant.frames] == [session.wire(127)]


class _Session(MemoryWriter):
    """A write session that can be seen to be closed, with a device that may not say who it is."""

    is_closed = False
    fault = ""

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        if self.fault:
            raise NotConnected({"pkg": self.fault})
        return await super().encoder(tags)

    async def close(self) -> None:
        self.is_closed = True


async def test_a_session_with_a_device_that_does_not_say_who_it_is_is_closed(
    room: BeatingRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some devices have one session only: one that is left open keeps the next look out."""
    session, tag = _Session(room.plant, "pkg"), room.site.tags[BEAT]

    async def open_writer(site: Site, connection: str) -> DeviceWriter:
        assert (site, connection) == (room.site, "pkg")
        return session

    monkeypatch.setattr(heartbeat_session, "open_writer", open_writer)
    session.fault = "no answer within 2 s"
    with pytest.raises(NotConnected, match=session.fault):
        await open_heartbeat_session(room.site, tag)
    assert (session.is_closed, room.counts) == (True, [])

    session.fault, session.is_closed = "", False
    beating = await open_heartbeat_session(room.site, tag)
    await beating.beat(leave_for(beating, tag, 7))
    assert (session.is_closed, room.counts) == (False, [7])
    await beating.close()
    assert session.is_closed
