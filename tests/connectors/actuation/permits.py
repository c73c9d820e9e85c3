"""A plant to write to, and permits as the gate would build them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from handwheel.connectors.actuation.permit import Permit, permit_clock_s
from handwheel.connectors.actuation.write_session import WriteSession, open_write_session
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.sim_plant.server.plant_server import PlantServer

from ...plants.served import frames_of


@dataclass
class Works:
    """A plant that stands still, its site, and what it says arrived."""

    server: PlantServer
    site: Site
    log: Path
    seen: int = 0

    def tag(self, name: str) -> Tag:
        return self.site.tags[name]

    def arrived(self) -> list[bytes]:
        """The write of each frame in the plant's own log, as a permit's wire."""
        wires: list[bytes] = []
        for frame in frames_of(self.log)[self.seen :]:
            if frame["protocol"] == "modbus":
                wires.append(bytes([frame["unit"]]) + bytes.fromhex(frame["pdu"]))
            else:
                body = bytes.fromhex(frame["body"])
                assert body[:4] == b"\x01\0\0\0", "more than one item"
                wires.append(body[4:])
        return wires


@asynccontextmanager
async def opened(site: Site, *tags: Tag) -> AsyncGenerator[WriteSession]:
    """A write session for these tags, all of one connection."""
    session = await open_write_session(site, tags[0].connection, tags)
    try:
        yield session
    finally:
        await session.close()


async def deliver(session: WriteSession, permit: Permit) -> None:
    """Sends a permit's frame and judges the answer, as the gate's steps do one after the other."""
    session.check_echo(await session.send(permit))


def permit_for(session: WriteSession, tag: Tag, value: Value, within_s: float = 5.0) -> Permit:
    """What the gate would build if a person approved this now."""
    encoder = session.encoder
    wire = encoder.encode(tag, value).wire
    until_s = permit_clock_s() + within_s
    return Permit("R-7K3MQ2XA/c1", tag, wire, encoder.identity, until_s, intent_seq=1)
