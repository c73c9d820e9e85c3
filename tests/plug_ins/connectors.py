"""Connectors of another package: one that works, and what each of the others does wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Literal

from handwheel.connectors.model.endpoints import InstalledConnection
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.connectors.session.protocols import Connector, Encoder, Session

CONNECTORS = {
    "constant": f"{__name__}:Constant",
    "gone": "no.such.module:Connection",
    "nameless": f"{__name__}:Nothing",
    "odd": f"{__name__}:CONNECTORS",
}
"""What the package registers."""

Defect = Literal[
    "none", "where", "connect", "junk", "renamed", "slow", "open", "read", "misses", "close"
]


class Constant(InstalledConnection):
    """A device of which each item is its own number."""

    defect: Defect = "none"

    @property
    def where(self) -> str:
        if self.defect == "where":
            raise KeyError("where")
        return "constant://"

    def check_item(self, item: str) -> None:
        if item == "crash":
            raise KeyError(item)
        float(item)

    def connect(self, name: str, root: Path) -> Connector:
        if self.defect == "connect":
            raise TypeError("cannot")
        if self.defect == "junk":
            return 7  # type: ignore[return-value]
        return _Connector(name, self)


class _Connector:
    has_cyclic_stamps = False
    is_subscribed = False

    def __init__(self, name: str, config: Constant) -> None:
        self.name = "another" if config.defect == "renamed" else name
        self.where = config.where
        self.scan_s = 99.0 if config.defect == "slow" else config.scan
        self.config = config

    async def open(self) -> Session:
        if self.config.defect == "open":
            raise ZeroDivisionError("open")
        return _Session(self.config.defect)


class _Session:
    faults: Mapping[str, str] = {}

    def __init__(self, defect: Defect) -> None:
        self._defect = defect

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        if self._defect == "read":
            raise ZeroDivisionError("read")
        read = tags[1:] if self._defect == "misses" else tags
        now_s = monotonic()
        return {
            tag.name: DataValue(float(str(tag.address)), GOOD, None, None, now_s) for tag in read
        }

    async def probe(self) -> None:
        pass

    async def encoder(self, tags: Sequence[Tag]) -> Encoder:
        raise NotImplementedError

    async def close(self) -> None:
        if self._defect == "close":
            raise ZeroDivisionError("close")
