"""Write sessions of a heartbeat: no action writes it, and only a count that fits is sent."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from asyncua import ua

from handwheel.connectors.actuation import heartbeat_session, write_session
from handwheel.connectors.actuation.device_writer import DeviceWriter
from handwheel.connectors.actuation.heartbeat_session import (
    HeartbeatSession,
    open_heartbeat_session,
)
from handwheel.connectors.actuation.permit import HeartbeatPermit, Permit, permit_clock_s
from handwheel.connectors.actuation.write_session import WriteSession
from handwheel.connectors.errors import NotConnected, WriteRefused
from handwheel.connectors.modbus.encoder import ModbusEncoder
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.opcua.encoder import OpcuaEncoder, Target
from handwheel.connectors.session.protocols import DeviceIdentity

from ...plants.in_memory import PaperWriter
from ..testbed.heartbeat import BEAT, BeatingRoom

RUN = "P-101A.run_cmd"


@pytest.fixture
async def room(beating_room: BeatingRoom) -> BeatingRoom:
    return beating_room


def leave_for(session: HeartbeatSession, tag: Tag, count: int) -> HeartbeatPermit:
    return HeartbeatPermit(tag, count, session.identity, permit_clock_s() + 5.0, started_seq=1)


@pytest.mark.parametrize("name", [BEAT, RUN])
async def test_an_action_writes_no_heartbeat(room: BeatingRoom, name: str) -> None:
    tags, encoder = [room.site.tags[BEAT], room.site.tags[RUN]], room.plant.encoder("pkg")
    session = WriteSession(PaperWriter(room.plant, "pkg"), encoder, tags, [BEAT])
    tag = room.site.tags[name]
    wire = encoder.encode(tag, 1 if name == BEAT else True).wire
    permit = Permit("R-1/c1", tag, wire, encoder.identity, permit_clock_s() + 5.0, intent_seq=1)
    if name == RUN:
        session.check_echo(await session.send(permit))
        assert room.plant.values[RUN] is True
        return
    with pytest.raises(WriteRefused, match=f"not sent: {write_session.HEARTBEAT.reason}"):
        await session.send(permit)
    assert (room.plant.frames, room.plant.values[BEAT]) == ([], 0)


SPOILT: dict[str, tuple[Callable[[HeartbeatPermit], HeartbeatPermit], str]] = {
    "not begun": (
        lambda permit: replace(permit, started_seq=0), heartbeat_session.NOT_STARTED.reason,
    ),
    "another tag": (
        lambda permit: replace(permit, tag=replace(permit.tag, name="P-101B.hb")),
        write_session.OTHER_TAG.reason,
    ),
    "no count": (lambda permit: replace(permit, count=-1), heartbeat_session.NO_COUNT.reason),
    "another device": (
        lambda permit: replace(permit, identity=replace(permit.identity, name="another")),
        write_session.OTHER_DEVICE.reason,
    ),
    "too late": (
        lambda permit: replace(permit, until_s=permit_clock_s()), write_session.EXPIRED.reason,
    ),
}  # fmt: skip


@pytest.mark.parametrize("attack", SPOILT)
async def test_a_count_without_its_leave_is_not_sent(room: BeatingRoom, attack: str) -> None:
    spoil, reason = SPOILT[attack]
    tag = room.site.tags[BEAT]
    session = await room.open_heartbeat_session(room.site, tag)
    with pytest.raises(WriteRefused, match=f"not sent: {reason}"):
        await session.beat(spoil(leave_for(session, tag, 7)))
    assert room.counts == []
    await session.beat(leave_for(session, tag, 7))
    assert room.counts == [7]


async def test_a_count_that_the_device_cannot_hold_is_not_sent(room: BeatingRoom) -> None:
    """The server's node has eight bits, whatever the site says of the tag."""
    tag = replace(room.site.tags[BEAT], address=NodeAddress("nsu=urn:works;s=hb"))
    site = replace(room.site, tags={**room.site.tags, BEAT: tag})
    node = Target(ua.NodeId(ua.String("hb"), ua.Int16(1)), ua.VariantType.SByte)
    encoder = OpcuaEncoder(DeviceIdentity("opcua", "", "", True, False), {BEAT: node}, {BEAT: tag})
    session = HeartbeatSession(site, PaperWriter(room.plant, "pkg"), encoder, tag)
    with pytest.raises(WriteRefused, match=f"not sent: {write_session.OTHER_BYTES.reason}"):
        await session.beat(leave_for(session, tag, 128))
    assert room.plant.frames == []
    await session.beat(leave_for(session, tag, 127))
    assert [frame.wire for frame in room.plant.frames] == [session.wire(127)]


class _Session(PaperWriter):
    """A write session that can be seen to be closed, with a device that may not say who it is."""

    is_closed = False
    fault = ""

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        if self.fault:
            raise NotConnected({"pkg": self.fault})
        return await super().encoder(tags)

    async def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("fault", ["no answer within 2 s", ""])
async def test_a_session_with_a_device_that_does_not_say_who_it_is_is_closed(
    room: BeatingRoom, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """Some devices have one session only: one that is left open keeps the next look out."""
    session = _Session(room.plant, "pkg")
    session.fault = fault

    async def open_writer(site: Site, connection: str) -> DeviceWriter:
        assert (site, connection) == (room.site, "pkg")
        return session

    monkeypatch.setattr(heartbeat_session, "open_writer", open_writer)
    tag = room.site.tags[BEAT]
    if fault:
        with pytest.raises(NotConnected, match=fault):
            await open_heartbeat_session(room.site, tag)
        assert (session.is_closed, room.counts) == (True, [])
        return
    beating = await open_heartbeat_session(room.site, tag)
    await beating.beat(leave_for(beating, tag, 7))
    assert (session.is_closed, room.counts) == (False, [7])
    await beating.close()
    assert session.is_closed
