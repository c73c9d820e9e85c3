"""Devices in memory, with faults on demand and a fuse at each point of a frame's way."""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, get_args

from handwheel.connectors.actuation.device_writer import OutcomeUnknown, Refusal
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue, Value
from handwheel.connectors.session.protocols import Survey
from handwheel.evaluation.trial import devices
from handwheel.evaluation.trial.devices import Frame, MemoryDevices

from .fault_injection import Fuse

__all__ = ["FAULTS", "Fault", "Frame", "MemoryConnector", "MemoryPlant", "MemoryWriter"]

Fault = Literal[
    "none", "answer lost", "frame lost", "refused", "not sent", "ignored", "other value",
    "other echo",
]  # fmt: skip
FAULTS: Sequence[Fault] = get_args(Fault)


class MemoryPlant(MemoryDevices):
    """Devices of a site that has Modbus connections only.

    Attributes:
        fault: What goes wrong with the next frame.
        is_down: Whether nothing can be reached.
        on_frame: Called before a frame is counted as arrived.
    """

    def __init__(self, site: Site, fuse: Fuse, values: Mapping[str, Value]) -> None:
        super().__init__(site, values)
        self.set_up_faults(fuse)

    def set_up_faults(self, fuse: Fuse) -> None:
        self.fuse = fuse
        self.fault: Fault = "none"
        self.is_down = self._is_spoilt = False
        self.on_frame: Callable[[Frame], None] = lambda frame: None

    def writer(self, connection: str) -> "MemoryWriter":
        return MemoryWriter(self, connection)

    def connector(self, site: Site, connection: str) -> "MemoryConnector":
        return MemoryConnector(self, connection)

    def survey(self, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        return Survey(
            self.read(read), {tag.connection: self.encoder(tag.connection) for tag in write}
        )

    def check_reachable(self, connection: str) -> None:
        self.fuse.reach("connect")
        if self.is_down:
            raise NotConnected({connection: "connection refused"})

    def arrive(self, frame: Frame) -> bytes:
        """One frame reaches a device, which answers; what it does is the fault's choice."""
        fault, self.fault = self.fault, "none"
        if fault == "not sent":
            raise Refusal("the connection was lost before", was_sent=False)
        try:
            self.on_frame(frame)
        except AssertionError:
            self.frames.append(frame)  # so that it shows, whoever catches this
            raise
        self.fuse.reach("frame leaves")
        if fault in {"refused", "frame lost", "ignored"}:
            self.frames.append(frame)
        else:
            self._is_spoilt = fault == "other value"
            super().arrive(frame)
        if fault == "refused":
            raise Refusal("exception 4", was_sent=True)
        if fault == "frame lost":
            raise OutcomeUnknown("no answer within 2 s")
        self.fuse.reach("frame executed")
        if fault == "answer lost":
            raise OutcomeUnknown("no answer within 2 s")
        return b"" if fault == "other echo" else frame.wire

    def written_by(self, frame: Frame) -> list[tuple[Tag, Value]]:
        found = super().written_by(frame)
        return [(tag, _spoilt(value)) for tag, value in found] if self._is_spoilt else found


class MemoryWriter(devices.MemoryWriter):
    """A write session that passes the fuse when it looks."""

    devices: MemoryPlant

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        self.devices.fuse.reach("fresh look")
        return await super().read(tags)


class MemoryConnector(devices.MemoryConnector):
    """Opens read sessions that pass the fuse."""

    devices: MemoryPlant

    def __init__(self, plant: MemoryPlant, name: str) -> None:
        super().__init__(plant, name, 0.05)

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        self.devices.fuse.reach("read")
        return self.devices.read(tags)


def _spoilt(value: Value) -> Value:
    if isinstance(value, bool):
        return not value
    assert isinstance(value, int | float)
    return 1 - value if isinstance(value, int) else value + 1.0
