"""Doors of a site, and permits as the gate would build them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from handwheel.connectors.actuation.door import Door, open_door
from handwheel.connectors.actuation.permit import Permit, permit_clock_s
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value


@asynccontextmanager
async def opened(site: Site, *tags: Tag) -> AsyncGenerator[Door]:
    """A door for these tags, all of one connection."""
    door = await open_door(site, tags[0].connection, tags)
    try:
        yield door
    finally:
        await door.close()


async def deliver(door: Door, permit: Permit) -> None:
    """Sends a permit's frame and judges the answer, as the gate's steps do one after the other."""
    door.check_echo(await door.send(permit))


def permit_for(door: Door, tag: Tag, value: Value, within_s: float = 5.0) -> Permit:
    """What the gate would build if a person approved this now."""
    encoder = door.encoder
    wire = encoder.encode(tag, value).wire
    until_s = permit_clock_s() + within_s
    return Permit("R-7K3MQ2XA/c1", tag, wire, encoder.identity, until_s, intent_seq=1)
