"""A plant in memory: values, one log of every frame that arrived, and faults on demand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Literal, get_args

from handwheel.connectors.actuation.device_writer import OutcomeUnknown, Refusal
from handwheel.connectors.actuation.write_session import WriteSession
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.encoder import ModbusEncoder
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.connectors.session.protocols import DeviceIdentity, Survey

from .fault_injection import Fuse

Fault = Literal[
    "none", "answer lost", "frame lost", "refused", "not sent", "ignored", "other value",
    "other echo",
]  # fmt: skip
FAULTS: Sequence[Fault] = get_args(Fault)


@dataclass(frozen=True, slots=True)
class Frame:
    """What arrived at a device, as it logged it."""

    connection: str
    wire: bytes


class MemoryPlant:
    """Devices of a site that has Modbus connections only.

    Attributes:
        frames: Every frame that arrived, in order.
        fault: What goes wrong with the next frame.
        is_down: Whether nothing can be reached.
        on_frame: Called before a frame is counted as arrived.
    """

    def __init__(self, site: Site, fuse: Fuse, values: Mapping[str, Value]) -> None:
        self._site = site
        self.fuse = fuse
        self.values = dict(values)
        self.frames: list[Frame] = []
        self.fault: Fault = "none"
        self.is_down = False
        self.names = dict.fromkeys(site.connections, "Handwheel cw-100 simulator")
        self.on_frame: Callable[[Frame], None] = lambda frame: None

    def read(self, tags: Sequence[Tag]) -> dict[str, DataValue]:
        now_s = monotonic()
        return {tag.name: DataValue(self.values[tag.name], GOOD, None, None, now_s) for tag in tags}

    def encoder(self, connection: str) -> ModbusEncoder:
        config = self._site.connections[connection]
        assert isinstance(config, ModbusConnection)
        name = self.names[connection]
        identity = DeviceIdentity("modbus", config.write_where, name, True, "simulator" in name)
        return ModbusEncoder(connection, config, identity)

    def survey(self, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        return Survey(
            self.read(read), {tag.connection: self.encoder(tag.connection) for tag in write}
        )

    async def open_write_session(
        self, site: Site, connection: str, tags: Sequence[Tag]
    ) -> WriteSession:
        """The real write session, before a writer in memory."""
        self.check_up(connection)
        return WriteSession(MemoryWriter(self, connection), self.encoder(connection), tags)

    def connector(self, site: Site, connection: str) -> "MemoryConnector":
        return MemoryConnector(self, connection)

    def check_up(self, connection: str) -> None:
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
        self.frames.append(frame)
        if fault == "refused":
            raise Refusal("exception 4", was_sent=True)
        if fault == "frame lost":
            raise OutcomeUnknown("no answer within 2 s")
        if fault != "ignored":
            self._apply(frame, spoil=fault == "other value")
        self.fuse.reach("frame executed")
        if fault == "answer lost":
            raise OutcomeUnknown("no answer within 2 s")
        return b"" if fault == "other echo" else frame.wire

    def _apply(self, frame: Frame, *, spoil: bool) -> None:
        encoder = self.encoder(frame.connection)
        for tag in self._site.tags.values():
            if tag.connection == frame.connection and tag.writable:
                value = _value(encoder, tag, frame.wire)
                if value is not None:
                    self.values[tag.name] = _spoilt(value) if spoil else value


class MemoryWriter:
    """A write session in memory; see `Writer`."""

    def __init__(self, plant: MemoryPlant, connection: str) -> None:
        self._plant, self._connection = plant, connection

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        return self._plant.encoder(self._connection)

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        self._plant.fuse.reach("fresh look")
        return self._plant.read(tags)

    async def transmit(self, wire: bytes) -> bytes:
        return self._plant.arrive(Frame(self._connection, wire))

    def judge(self, wire: bytes, answer: bytes) -> None:
        if answer != wire:
            raise OutcomeUnknown(f"the answer is {answer.hex()}, not {wire.hex()}")

    async def close(self) -> None:
        pass


class MemoryConnector:
    """Opens read sessions in memory; it is its own session; see `Connector` and `Session`."""

    scan_s = 0.05
    has_cyclic_stamps = False
    is_subscribed = False

    def __init__(self, plant: MemoryPlant, name: str) -> None:
        self._plant = plant
        self.name = self.where = name
        self.faults: Mapping[str, str] = {}

    async def open(self) -> "MemoryConnector":
        self._plant.check_up(self.name)
        return self

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        self._plant.fuse.reach("read")
        return self._plant.read(tags)

    async def probe(self) -> None:
        pass

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        return self._plant.encoder(self.name)

    async def close(self) -> None:
        pass


def _value(encoder: ModbusEncoder, tag: Tag, wire: bytes) -> Value | None:
    """Returns what a frame writes to a tag, or nothing if it is another tag's."""
    try:
        value = encoder.decode(tag, wire)
        is_its_own = encoder.encode(tag, value).wire == wire
    except ValueError:
        return None
    return value if is_its_own else None


def _spoilt(value: Value) -> Value:
    if isinstance(value, bool):
        return not value
    assert isinstance(value, int | float)
    return 1 - value if isinstance(value, int) else value + 1.0
