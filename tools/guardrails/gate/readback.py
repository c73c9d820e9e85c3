"""After the frame: does the device show what was sent."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.session import Session
from handwheel.connectors.tags import Tag
from handwheel.connectors.values import DataValue, Quality

from ..ledger.transitions import ACKNOWLEDGED
from .passage import Passage

_PAUSE_S = 0.05


@dataclass(frozen=True, slots=True)
class Readback:
    """What was found.

    Attributes:
        is_as_sent: Whether the tag read as sent; true where nothing can be read back.
        is_read: Whether it could be read at all.
        words: The finding for people and the journal.
    """

    is_as_sent: bool
    is_read: bool
    words: str


async def read_back(passage: Passage) -> Readback:
    """15: reads the tag on a fresh session until it shows what was sent, or time is up.

    Effect: OBSERVE. Retry: until the action's `within`. Timeout: that, and the connection's
    `timeout` for a request under way.
    """
    action, site = passage.action, passage.post.site
    if action.readback is None:
        return Readback(True, True, ACKNOWLEDGED)  # the sixth check: the site file says so too
    tag = site.tags[action.readback]
    connector = passage.post.connector(site, tag.connection)
    until_s = monotonic() + action.within_s
    found = Readback(False, False, f"{tag.name} could not be read within {action.within_s:g} s")
    session: Session | None = None
    try:
        while True:
            try:
                session = session or await connector.open()
                found = _judge(passage, tag, (await session.read([tag]))[tag.name])
            except NotConnected:
                if session is not None:
                    await session.close()
                session = None
            if found.is_as_sent or monotonic() >= until_s:
                return found
            await asyncio.sleep(_PAUSE_S)
    finally:
        if session is not None:
            await session.close()


def _judge(passage: Passage, tag: Tag, reading: DataValue) -> Readback:
    shown = f"{tag.name} reads {tag.show_value(reading.scalar)} {tag.unit}".rstrip()
    if reading.quality is not Quality.GOOD or reading.scalar is None:
        return Readback(False, False, f"{shown} ({reading.status.name})")
    if tag.name == passage.action.tag:
        # Raw: the value that was read must encode to the very bytes that were sent.
        try:
            is_same = (
                passage.open_door.encoder.encode(tag, reading.scalar).wire.hex()
                == passage.action.wire
            )
        except ValueError:
            is_same = False
    else:
        is_same = reading.scalar == passage.action.value
    return Readback(is_same, True, shown if is_same else f"{shown}, not {passage.action.shown}")
