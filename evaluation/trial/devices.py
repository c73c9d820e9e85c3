"""Devices of a site in memory, with the real write session and no socket."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from handwheel.connectors.actuation.device_writer import OutcomeUnknown, Refusal
from handwheel.connectors.actuation.heartbeat_session import HeartbeatSession
from handwheel.connectors.actuation.write_session import WriteSession
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.encoder import ModbusEncoder, identity_of
from handwheel.connectors.model.computed_tags import ComputedTags
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    BAD_NODE_UNKNOWN,
    GOOD,
    DataValue,
    StatusCode,
    Value,
)
from handwheel.connectors.session.protocols import Session, Survey

SIMULATOR = "Handwheel in-memory simulated plant"
"""Own name of every device in memory, by which the gate knows that it is simulated."""

_REFUSED = "exception 3 (illegal data value)"
_RENEWED_S = 0.2  # after it a value that has not changed is read anew, so that none seems old


@dataclass(frozen=True, slots=True)
class Frame:
    """Frame that has arrived at a device."""

    connection: str
    wire: bytes  # unit and PDU


class MemoryDevices:
    """Modbus devices in memory, each of which can be read and takes frames.

    Args:
        site: From `in_memory_site`, or with Modbus connections only.
        values: The value of each tag at the beginning, in the tag's unit.

    Attributes:
        values: The present value of each tag. A tag without one is unknown to its device.
        statuses: The status of each tag whose reading is not good.
        unreachable: Why a connection cannot be reached, by its name.
        names: The own name of the device of each connection.
        frames: Every frame that has arrived, in order.
    """

    def __init__(self, site: Site, values: Mapping[str, Value]) -> None:
        self.site = site
        self.values = dict(values)
        self.statuses: dict[str, StatusCode] = {}
        self.unreachable: dict[str, str] = {}
        self.names = dict.fromkeys(site.connections, SIMULATOR)
        self.frames: list[Frame] = []
        self._tags = site.measured(site.tags.values())
        self._computed = ComputedTags(site, site.tags.values())
        self._readings: dict[str, DataValue] = {}
        self._renewed_s = float("-inf")

    def read(self, tags: Sequence[Tag]) -> dict[str, DataValue]:
        """Reads some tags now. An unknown one comes back as `BadNodeIdUnknown`."""
        if any(tag.computation for tag in tags):
            every = self.readings()
            return {tag.name: every[tag.name] for tag in tags}
        now_s = monotonic()
        return {tag.name: self._reading(tag, now_s) for tag in tags}

    def read_all(self) -> dict[str, DataValue]:
        """Reads every tag of the site now. See `read`."""
        return dict(self._computed.complete(self.read(self._tags)))

    def readings(self) -> dict[str, DataValue]:
        """Reads every tag of the site as fast as a scan needs it.

        A value that has not changed keeps its reading, at most for 0.2 s of the computer's time.
        """
        now_s, values = monotonic(), self.values
        if now_s - self._renewed_s > _RENEWED_S:
            self._renewed_s = now_s
            self._readings = {tag.name: self._usual(tag.name, now_s) for tag in self._tags}
        found = self._readings
        for name, reading in found.items():
            if reading.value != values.get(name):
                found[name] = self._usual(name, now_s)
        found = dict(found)
        for name in self._not_good():
            found[name] = self._reading(self.site.tags[name], now_s)
        return dict(self._computed.complete(found))

    def _not_good(self) -> Iterator[str]:
        yield from self.statuses.keys() & self._readings.keys()
        if self.unreachable:
            yield from (tag.name for tag in self._tags if tag.connection in self.unreachable)

    def _reading(self, tag: Tag, now_s: float) -> DataValue:
        usual = self._usual(tag.name, now_s)
        if tag.connection in self.unreachable:
            return usual.with_status(BAD_NO_COMMUNICATION)
        return usual.with_status(self.statuses.get(tag.name, usual.status))

    def _usual(self, name: str, now_s: float) -> DataValue:
        """Returns the reading of a tag whose device can be reached and tells no other status."""
        value = self.values.get(name)
        return DataValue(value, BAD_NODE_UNKNOWN if value is None else GOOD, None, None, now_s)

    def encoder(self, connection: str) -> ModbusEncoder:
        """Returns the encoder of writes to the device of a connection, with its identity."""
        config = self.site.connections[connection]
        assert isinstance(config, ModbusConnection)  # as the docstring of this class asks
        return ModbusEncoder(connection, config, identity_of(self.names[connection], config))

    def survey(self, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        """Reads tags and returns the encoders of others, as a person's terminal does.

        Raises:
            NotConnected: A device cannot be reached.
        """
        connections = dict.fromkeys(tag.connection for tag in (*self.site.measured(read), *write))
        for connection in connections:
            self.check_reachable(connection)
        encoders = {tag.connection: self.encoder(tag.connection) for tag in write}
        return Survey(self.read(read), encoders)

    def check_reachable(self, connection: str) -> None:
        """Raises `NotConnected` if the device of a connection cannot be reached."""
        if reason := self.unreachable.get(connection):
            raise NotConnected({connection: reason})

    async def open_write_session(
        self, site: Site, connection: str, tags: Sequence[Tag]
    ) -> WriteSession:
        """Opens the real write session with a device in memory.

        Raises:
            NotConnected: The device cannot be reached.

        Effect: OBSERVE. Retry: none. Timeout: none; a device in memory answers at once.
        """
        self.check_reachable(connection)
        heartbeats = frozenset(tag.name for tag in tags if site.is_heartbeat(tag))
        writer = self.writer(connection)
        return WriteSession(writer, await writer.encoder(tags), tags, heartbeats)

    async def open_heartbeat_session(self, site: Site, tag: Tag) -> HeartbeatSession:
        """Opens the real write session of a heartbeat. Effect and errors: `open_write_session`."""
        self.check_reachable(tag.connection)
        writer = self.writer(tag.connection)
        return HeartbeatSession(site, writer, await writer.encoder([tag]), tag)

    def writer(self, connection: str) -> "MemoryWriter":
        """Returns the protocol's part of a write session with a device."""
        return MemoryWriter(self, connection)

    def connector(self, site: Site, connection: str) -> "MemoryConnector":
        """Returns the connector that opens sessions to read a device. See `ConnectorFor`."""
        return MemoryConnector(self, connection, site.connections[connection].scan)

    def arrive(self, frame: Frame) -> bytes:
        """Takes a frame, executes it, and returns the device's answer.

        Raises:
            Refusal: The device refuses the frame; nothing changed.

        Effect: ACTUATE, on a device in memory. Retry: none. Timeout: none.
        """
        self.frames.append(frame)
        for tag, value in self.written_by(frame):
            if not self.write(tag, value):
                raise Refusal(_REFUSED, was_sent=True)
        return frame.wire

    def written_by(self, frame: Frame) -> list[tuple[Tag, Value]]:
        """Returns the tags that a frame writes, with their values. Mostly there is one."""
        encoder = self.encoder(frame.connection)
        found = [
            (tag, _value(encoder, tag, frame.wire))
            for tag in self._tags
            if tag.connection == frame.connection and tag.writable
        ]
        return [(tag, value) for tag, value in found if value is not None]

    def frame_text(self, frame: Frame) -> str:
        """Returns what a frame writes, such as `P-101B.run_cmd=1`."""
        written = self.written_by(frame)
        return " or ".join(
            f"{tag.name}={value if isinstance(value, str) else f'{value:g}'}"
            for tag, value in written
        )

    def write(self, tag: Tag, value: Value) -> bool:
        """Lets a device execute a write. Returns whether it takes the value now."""
        self.values[tag.name] = value
        return True


class MemoryWriter:
    """Write session of a device in memory. See `DeviceWriter`."""

    def __init__(self, devices: MemoryDevices, connection: str) -> None:
        self.devices, self.connection = devices, connection

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        """Returns the encoder of the device. See `DeviceWriter.encoder`."""
        return self.devices.encoder(self.connection)

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads tags. See `DeviceWriter.read`."""
        return self.devices.read(tags)

    async def transmit(self, wire: bytes) -> bytes:
        """Hands a frame over to the device. See `DeviceWriter.transmit`."""
        return self.devices.arrive(Frame(self.connection, wire))

    def judge(self, wire: bytes, answer: bytes) -> None:
        """Judges an answer, which repeats the frame. See `DeviceWriter.judge`."""
        if answer != wire:
            raise OutcomeUnknown(f"the answer is {answer.hex()}, not {wire.hex()}")

    async def close(self) -> None:
        """Does nothing, since there is no connection."""


class MemoryConnector:
    """Opens sessions to read a device in memory, and is its own session.

    See `Connector` and `Session`.
    """

    has_cyclic_stamps = False
    is_subscribed = False

    def __init__(self, devices: MemoryDevices, connection: str, scan_s: float) -> None:
        self.devices = devices
        self.name = self.where = connection
        self.scan_s = scan_s
        self.faults: Mapping[str, str] = {}

    async def open(self) -> Session:
        """Opens a session. See `Connector.open`."""
        self.devices.check_reachable(self.name)
        return self

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads tags. See `Session.read`."""
        self.devices.check_reachable(self.name)
        return self.devices.read(tags)

    async def probe(self) -> None:
        """Asks for a sign of life. See `Session.probe`."""
        self.devices.check_reachable(self.name)

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        """Returns the encoder of the device. See `Session.encoder`."""
        return self.devices.encoder(self.name)

    async def close(self) -> None:
        """Does nothing, since there is no connection."""


def _value(encoder: ModbusEncoder, tag: Tag, wire: bytes) -> Value | None:
    """Returns the value that a frame writes to a tag, or nothing if it writes another one."""
    try:
        value = encoder.decode(tag, wire)
        is_its_own = encoder.encode(tag, value).wire == wire
    except ValueError:
        return None
    return value if is_its_own else None
