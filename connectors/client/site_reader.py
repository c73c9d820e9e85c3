"""Readers of all connections of a site."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Self

from ..errors import NotConnected
from ..model.computed_tags import ComputedTags
from ..model.endpoints import InstalledConnection, ModbusConnection
from ..model.site import Site
from ..model.tags import Tag
from ..model.values import DataValue
from ..session.installed import connect_installed
from ..session.protocols import Connector, Encoder, Session, Survey
from ..session.supervisor import Connection, SampleListener
from ..session.unexpected import as_not_connected
from .computed_samples import ComputedSamples
from .one_shot import open_session

_TOGETHER_S = 0.02
"""How long the scans of other connections are waited for after one."""

_READY_S = 1.0
"""How long an open connection is waited for before a session of its own is opened."""

_LookAt = Callable[[str, Sequence[Tag], Sequence[Tag]], Awaitable[Survey]]

ConnectorFor = Callable[[Site, str], Connector]
"""Returns the connector of one of a site's connections. See `connector_for`."""


def connector_for(site: Site, name: str) -> Connector:
    """Returns the connector of a connection, importing only its own protocol's library.

    One of another package that cannot be used never opens a session, and says why.
    """
    config = site.connections[name]
    if isinstance(config, InstalledConnection):
        return connect_installed(name, config, site.root)
    if isinstance(config, ModbusConnection):
        from ..modbus.connector import ModbusConnector

        return ModbusConnector(name, config)
    from ..opcua.connector import OpcuaConnector

    return OpcuaConnector(name, config, site.root)


def by_connection(tags: Sequence[Tag]) -> dict[str, list[Tag]]:
    """Groups tags by their connection, in order."""
    groups: dict[str, list[Tag]] = {}
    for tag in tags:
        groups.setdefault(tag.connection, []).append(tag)
    return groups


async def read_once(
    site: Site, tags: Sequence[Tag], connector: ConnectorFor = connector_for
) -> dict[str, DataValue]:
    """Reads the tags over sessions that are opened and closed for it.

    Returns:
        One value per tag, in the order asked for. Bad quality is a value.

    Raises:
        NotConnected: Lists every endpoint that is down.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: the connection's `timeout` for
    each of three attempts to connect, with pauses of 0.25 s, and then for each request. Closing
    adds up to 1 s to each attempt.
    """
    return dict((await survey(site, tags, (), connector)).readings)


async def read_reachable(
    site: Site, tags: Sequence[Tag]
) -> tuple[dict[str, DataValue], dict[str, str]]:
    """Reads the tags of all connections that can be reached, as `read_once` does.

    Returns:
        One value per tag of those connections, in the order asked for, and the reason of each
        connection that is down.
    """
    found, down = await _survey_all(site, tags, (), connector_for)
    return dict(found.readings), down


async def survey(
    site: Site, read: Sequence[Tag], write: Sequence[Tag], connector: ConnectorFor = connector_for
) -> Survey:
    """Reads the plant once over read sessions that are closed again.

    Args:
        write: Tags to encode later, for which the device is asked once.

    Returns:
        One value per tag read, in the order asked for, where bad quality is a value; and one
        encoder for each connection of a tag in `write`.

    Raises:
        NotConnected: Lists every endpoint that is down, is not the configured one, or has no
            `write` although a tag in `write` is on it.

    Effect: OBSERVE. Retry: twice, on the connection only. Timeout: as for `read_once`.
    """
    found, down = await _survey_all(site, read, write, connector)
    if down:
        raise NotConnected(down)
    return found


async def _survey_all(
    site: Site, read: Sequence[Tag], write: Sequence[Tag], connector: ConnectorFor
) -> tuple[Survey, dict[str, str]]:
    return await _gathered(
        site, read, write, lambda name, reads, writes: _look(connector(site, name), reads, writes)
    )


async def _gathered(
    site: Site, read: Sequence[Tag], write: Sequence[Tag], look: _LookAt
) -> tuple[Survey, dict[str, str]]:
    """Returns one survey of all connections, and the reason of each that is down."""
    reads, writes = by_connection(site.measured(read)), by_connection(write)
    results = await asyncio.gather(
        *(
            look(name, reads.get(name, []), writes.get(name, []))
            for name in dict.fromkeys([*reads, *writes])
        ),
        return_exceptions=True,
    )
    values: dict[str, DataValue] = {}
    encoders: dict[str, Encoder] = {}
    down: dict[str, str] = {}
    for result in results:
        if isinstance(result, NotConnected):
            down |= result.endpoints
        elif isinstance(result, BaseException):
            raise result
        else:
            values |= result.readings
            encoders |= result.encoders
    completed = ComputedTags(site, read).complete(values)
    values = {tag.name: completed[tag.name] for tag in read if tag.name in completed}
    return Survey(values, encoders), down


async def _look(connector: Connector, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
    async with open_session(connector) as session:
        return await _seen(session, connector.name, read, write)


async def _seen(session: Session, name: str, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
    with as_not_connected(name):
        encoders = {name: await session.encoder(write)} if write else {}
        readings = await session.read(read)
        return Survey({tag.name: readings[tag.name] for tag in read}, encoders)


class SiteReader:
    """Scans tags of a site over all of their connections while the context is open.

    Connections without a tag are not opened. Listeners receive samples and gaps.

    Attributes:
        computed: The tags that are computed from others, from what is scanned here.
    """

    def __init__(
        self, site: Site, tags: Sequence[Tag], listeners: Sequence[SampleListener] = ()
    ) -> None:
        self.computed = ComputedTags(site, tags)
        told = [ComputedSamples(self.computed, listeners)] if self.computed.inputs else listeners
        self.connections = [
            Connection(connector_for(site, name), group, told)
            for name, group in by_connection(site.measured(tags)).items()
        ]
        self._site = site
        self._stack = AsyncExitStack()
        self._waits: dict[str, asyncio.Task[None]] = {}

    async def __aenter__(self) -> Self:
        for connection in self.connections:
            await self._stack.enter_async_context(connection)
        return self

    async def __aexit__(self, *error: object) -> None:
        for wait in self._waits.values():
            wait.cancel()
        await asyncio.gather(*self._waits.values(), return_exceptions=True)
        await self._stack.aclose()

    async def next_scan(self, within_s: float) -> None:
        """Waits for the next scan of any connection, or its loss, at most `within_s`.

        A scan since the last call counts. Others that follow at once are waited for too.
        """
        for each in self.connections:
            if each.name not in self._waits:
                self._waits[each.name] = asyncio.create_task(each.next_scan())
        if not self._waits:
            await asyncio.sleep(within_s)
            return
        await asyncio.wait(
            self._waits.values(), timeout=within_s, return_when=asyncio.FIRST_COMPLETED
        )
        await asyncio.sleep(_TOGETHER_S)
        self._waits = {name: wait for name, wait in self._waits.items() if not wait.done()}

    async def survey(self, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        """Reads the plant once over the sessions that are open, else as the function `survey`.

        Effect: OBSERVE. Retry: once, over a session of its own. Timeout: the connection's.
        """
        found, down = await _gathered(self._site, read, write, self._look)
        if down:
            raise NotConnected(down)
        return found

    async def _look(self, name: str, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        for each in self.connections:
            if each.name == name:
                with suppress(NotConnected):
                    return await _seen(await each.ready(_READY_S), name, read, write)
        return await _look(connector_for(self._site, name), read, write)

    def latest(self) -> Mapping[str, DataValue]:
        """Returns the latest reading of each tag. See `Connection.latest`."""
        values: dict[str, DataValue] = {}
        for connection in self.connections:
            values |= connection.latest()
        return self.computed.complete(values)
