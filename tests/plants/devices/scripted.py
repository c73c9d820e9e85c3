"""A device that says what a test wants it to say, for what no real one can be brought to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import (
    BAD_NODE_UNKNOWN,
    GOOD,
    Array,
    DataValue,
    Value,
    never_read,
)
from handwheel.connectors.session.protocols import (
    BrowseEntry,
    Connector,
    Description,
    Encoder,
    Session,
)


@dataclass
class Device:
    """Connector and session in one."""

    values: Mapping[str, Value | Array] = field(default_factory=dict[str, Value | Array])
    descriptions: Mapping[str, Description] = field(default_factory=dict[str, Description])
    below: Mapping[str, Sequence[BrowseEntry]] = field(
        default_factory=dict[str, Sequence[BrowseEntry]]
    )
    faults: Mapping[str, str] = field(default_factory=dict[str, str])
    scan_s: float = 0.5
    down: str = ""
    name: str = "dcs"
    where: str = "script"
    has_cyclic_stamps: bool = False
    is_subscribed: bool = False
    is_closed: bool = False

    async def open(self) -> Session:
        if self.down:
            raise NotConnected({self.name: self.down})
        return self

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        return {tag.name: self.reading(tag.name) for tag in tags}

    def reading(self, name: str) -> DataValue:
        if name not in self.values:
            return never_read(BAD_NODE_UNKNOWN, monotonic())
        return DataValue(self.values[name], GOOD, None, None, monotonic())

    async def describe(self, tags: Sequence[Tag]) -> Mapping[str, Description]:
        return {
            tag.name: self.descriptions[tag.name] for tag in tags if tag.name in self.descriptions
        }

    async def browse(self, node: str = "") -> Sequence[BrowseEntry]:
        if node not in self.below:
            raise ValueError(f"there is no node {node}")
        return self.below[node]

    async def probe(self) -> None:
        pass

    async def encoder(self, tags: Sequence[Tag]) -> Encoder:
        raise NotImplementedError

    async def close(self) -> None:
        self.is_closed = True


@dataclass
class Devices:
    """A site's devices by connection, to stand in for `connector_for`."""

    devices: Mapping[str, Device]

    def __call__(self, site: Site, name: str) -> Connector:
        device = self.devices[name]
        device.name, device.where = name, site.connections[name].where
        return device
