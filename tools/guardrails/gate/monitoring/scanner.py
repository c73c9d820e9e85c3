"""Continuous reading of the plant. Each connection is read by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from handwheel.connectors.client.site_reader import by_connection
from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.connectors.session.supervisor import Connection

from ..state.execution import GateContext
from .suspension_monitor import MonitoredConnection

OVERLAP_S = 2.0
"""How long a new scan has beside the old one to deliver: some devices take no second session."""


class PlantReader(Protocol):
    """Reads of the plant what a gate follows. See `Scanner`."""

    @property
    def connections(self) -> Sequence[MonitoredConnection]:
        """The connections that are read now."""
        ...

    @property
    def tags(self) -> frozenset[str]:
        """The tags that are read now."""
        ...

    def latest(self) -> Mapping[str, DataValue]:
        """Returns the latest reading of each tag."""
        ...

    async def follow(self, wanted: frozenset[str]) -> None:
        """Goes on to other tags. See `Scanner.follow`."""
        ...

    async def close(self) -> None:
        """Closes every session."""
        ...


@dataclass(frozen=True, slots=True)
class _Scan:
    connection: Connection
    tags: frozenset[str]
    since_ms: int


class Scanner:
    """The connections that a gate reads, and the tags on each.

    Where more tags of a connection are wanted, a new scan is opened beside the old one, which
    goes on until the new one delivers: a heartbeat that looks at the plant must not miss it.
    """

    def __init__(self, context: GateContext) -> None:
        self._context = context
        self._now: dict[str, _Scan] = {}
        self._next: dict[str, _Scan] = {}
        self._open: list[Connection] = []
        self._wanted = frozenset[str]()
        self._measured: list[Tag] = []
        self._computed = ComputedTags(context.site, ())

    @property
    def connections(self) -> Sequence[Connection]:
        """The connections as they are read now, without those that do not deliver yet."""
        return [each.connection for each in self._now.values()]

    @property
    def tags(self) -> frozenset[str]:
        """The tags that are read now."""
        return frozenset[str]().union(*(each.tags for each in self._now.values()))

    def latest(self) -> Mapping[str, DataValue]:
        """Returns the latest reading of each tag, as `Connection.latest` does.

        Computed tags are computed here, from these readings and no other process' results.
        """
        values: dict[str, DataValue] = {}
        for connection in self.connections:
            values |= connection.latest()
        return self._computed.complete(values)

    async def follow(self, wanted: frozenset[str]) -> None:
        """Goes on to other tags.

        A connection that needs fewer tags goes on as it is. One that needs none is closed.

        Effect: OBSERVE. Retry: the connection's own, for as long as it is open. Timeout: none;
        closing a session may take some seconds.
        """
        site = self._context.site
        if wanted != self._wanted:
            tags = site.find_tags(sorted(wanted))
            self._wanted, self._measured = wanted, site.measured(tags)
            self._computed = ComputedTags(site, tags)
        groups = {
            name: frozenset(each.name for each in group)
            for name, group in by_connection(self._measured).items()
        }
        for name in self._now.keys() - groups.keys():
            await self._drop(name)
        for name, group in groups.items():
            await self._follow(name, group)

    async def close(self) -> None:
        """Closes every session, one that was being closed before too."""
        self._now.clear()
        self._next.clear()
        for connection in tuple(self._open):
            await self._shut(connection)

    async def _follow(self, name: str, tags: frozenset[str]) -> None:
        now = self._now.get(name)
        if now is None:
            self._now[name] = await self._begun(name, tags)
        elif coming := self._next.get(name):
            await self._change_over(now, coming)
        elif not tags <= now.tags:
            self._next[name] = await self._begun(name, tags)

    async def _change_over(self, now: _Scan, coming: _Scan) -> None:
        waited_ms = self._context.clock().boot_ms - coming.since_ms
        if not coming.connection.is_connected and waited_ms < 1000.0 * OVERLAP_S:
            return
        self._now[coming.connection.name] = self._next.pop(coming.connection.name)
        await self._shut(now.connection)

    async def _drop(self, name: str) -> None:
        dropped = [self._now.pop(name, None), self._next.pop(name, None)]
        for scan in filter(None, dropped):
            await self._shut(scan.connection)

    async def _begun(self, name: str, tags: frozenset[str]) -> _Scan:
        connector = self._context.connector(self._context.site, name)
        connection = Connection(connector, self._context.site.find_tags(sorted(tags)))
        await connection.__aenter__()
        self._open.append(connection)
        return _Scan(connection, tags, self._context.clock().boot_ms)

    async def _shut(self, connection: Connection) -> None:
        await connection.__aexit__(None, None, None)
        self._open.remove(connection)  # only now: a gate that ends meanwhile closes it
