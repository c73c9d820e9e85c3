"""Step 15 checks that the device shows what was sent."""

import asyncio
from time import monotonic

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.connectors.session.protocols import Session

from ...ledger.store.states import ACKNOWLEDGED
from ..state.execution import Execution, Readback

_PAUSE_S = 0.05


async def read_back(execution: Execution) -> None:
    """Step 15 reads the tag on a fresh session until it shows what was sent, or time is up.

    What was refused has changed nothing, and is not looked for.

    Effect: OBSERVE. Retry: until the action's `within`. Timeout: that, and the connection's
    `timeout` for a request under way.
    """
    await execution.close_readers()  # a device may take few sessions
    if execution.refusal is not None:
        return
    if execution.action.readback is None:  # the sixth step: the site file says so too
        execution.readback = Readback(True, True, ACKNOWLEDGED)
    else:
        execution.readback = await _found(execution, execution.action.readback)


async def _found(execution: Execution, name: str) -> Readback:
    action, site = execution.action, execution.context.site
    tag = site.tags[name]
    connector = execution.context.connector(site, tag.connection)
    until_s = monotonic() + action.within_s
    found = Readback(False, False, f"{tag.name} could not be read within {action.within_s:g} s")
    session: Session | None = None
    try:
        while True:
            try:
                session = session or await connector.open()
                found = _judge(execution, tag, (await session.read([tag]))[tag.name])
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


def _judge(execution: Execution, tag: Tag, reading: DataValue) -> Readback:
    shown = f"{tag.name} reads {tag.show_value(reading.scalar)} {tag.unit}".rstrip()
    if reading.quality is not Quality.GOOD or reading.scalar is None:
        return Readback(False, False, f"{shown} ({reading.status.name})")
    if tag.name == execution.action.tag:
        # Raw: the value that was read must encode to the very bytes that were sent.
        try:
            is_same = (
                execution.open_write_session.encoder.encode(tag, reading.scalar).wire.hex()
                == execution.action.wire
            )
        except ValueError:
            is_same = False
    else:
        is_same = reading.scalar == execution.action.value
    return Readback(is_same, True, shown if is_same else f"{shown}, not {execution.action.shown}")
