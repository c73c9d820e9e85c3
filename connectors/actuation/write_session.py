"""Write session, which sends one frame for one permit."""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..config.secrets import resolve_secret
from ..denial import Denial
from ..errors import NotConnected, WriteOutcomeUnknown, WriteRefused
from ..model.endpoints import InstalledConnection, ModbusConnection, OpcuaConnection
from ..model.site import Site
from ..model.tags import Tag
from ..model.values import DataValue
from ..session.protocols import Encoder
from .device_writer import DeviceWriter, OutcomeUnknown, Refusal, WriteEncoder
from .permit import Permit, permit_clock_s

USED = Denial("session-used", "this write session was already used")
OTHER_TAG = Denial("other-tag", "the tag is not one that this write session was opened for")
OTHER_DEVICE = Denial("other-device", "the device is not the one that was approved")
OTHER_BYTES = Denial("other-bytes", "the bytes are not a write of this tag")
EXPIRED = Denial("permit-expired", "the permit has expired")
NO_INTENT = Denial("no-intent", "the journal has no intent of it")
HEARTBEAT = Denial("heartbeat", "the tag is a heartbeat, which no request may write")


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """A device's answer to the frame of a permit, not yet judged."""

    permit: Permit
    raw: bytes  # Modbus: the PDU. OPC UA: the item's status code, four bytes, little-endian


def check_accounts(site: Site) -> None:
    """Refuses a site whose write accounts cannot be used. It does not connect.

    Raises:
        NotConnected: A password is missing or, on a channel with security, our key is missing or
            the server's certificate is not pinned.
    """
    for name, config in site.connections.items():
        if isinstance(config, OpcuaConnection) and config.write is not None:
            resolve_secret(config.write.secret, site.root, name)
            if denial := config.check_pinned(name):
                raise NotConnected({name: denial.reason})
            if config.is_secured:
                from ..opcua.security.application import load_application

                load_application(site.root, name)


async def open_write_session(site: Site, connection: str, tags: Sequence[Tag]) -> "WriteSession":
    """Opens the write session with one device and asks for its identity.

    Args:
        connection: The connection's name in the site file.
        tags: Tags that may be written; the permit names one of them.

    Raises:
        NotConnected: The site file grants no writing there, or the device cannot be reached,
            refuses the session, or is not the configured one.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout` to connect, and then for each
    request.
    """
    writer = await open_writer(site, connection)
    try:
        heartbeats = frozenset(tag.name for tag in tags if site.is_heartbeat(tag))
        return WriteSession(writer, await writer.encoder(tags), tags, heartbeats)
    except BaseException:
        await writer.close()
        raise


async def open_writer(site: Site, connection: str) -> DeviceWriter:
    """Opens the protocol's part of a write session. Raises as `open_write_session`."""
    config = site.connections[connection]
    if isinstance(config, InstalledConnection):
        raise NotConnected({connection: f"{config.kind}: only OPC UA and Modbus are written"})
    if isinstance(config, ModbusConnection):
        from .modbus import ModbusWriter

        return await ModbusWriter.open(connection, config)
    from .opcua import OpcuaWriter

    return await OpcuaWriter.open(connection, config, site.root)


class WriteSession:
    """A session with one device that sends one frame. Use `open_write_session`.

    Only a `HeartbeatSession` writes the tags in `heartbeats`.
    """

    def __init__(
        self,
        writer: DeviceWriter,
        encoder: WriteEncoder,
        tags: Sequence[Tag],
        heartbeats: Collection[str] = (),
    ) -> None:
        self._heartbeats = frozenset(heartbeats)
        self._writer = writer
        self._encoder = encoder
        self._tags = {tag.name: tag for tag in tags}
        self._is_used = False

    @property
    def encoder(self) -> Encoder:
        """Encoder of this device, with its identity."""
        return self._encoder

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads tags of this connection. See `Session.read`."""
        return await self._writer.read(tags)

    async def send(self, permit: Permit) -> WriteAnswer:
        """Sends the permit's bytes in exactly one frame and returns the answer.

        `check_echo` tells whether the device did it.

        Any call uses up the session, a refused one too. A cancellation after the frame was sent
        raises `WriteOutcomeUnknown`, and `asyncio.current_task().cancelling()` tells of it. The
        caller records the outcome first and then ends.

        Raises:
            WriteRefused: Nothing changed. The permit does not fit (`was_sent` is false), or the
                device refused before acting.
            WriteOutcomeUnknown: Anything else. Read back and ask; never send again.

        Effect: ACTUATE. Retry: none, ever. Timeout: the connection's `timeout`.
        """
        name = permit.tag.name
        is_used, self._is_used = self._is_used, True
        denial = USED if is_used else self._check(permit)
        if denial:
            raise WriteRefused(name, denial.reason, was_sent=False)
        with errors_for(name):
            return WriteAnswer(permit, await self._writer.transmit(permit.wire))

    def check_echo(self, answer: WriteAnswer) -> None:
        """Returns if the device did exactly what was sent.

        Raises:
            WriteRefused: The answer says that nothing changed.
            WriteOutcomeUnknown: The answer says anything else. Read back and ask; never send again.
        """
        with errors_for(answer.permit.tag.name):
            self._writer.judge(answer.permit.wire, answer.raw)

    def _check(self, permit: Permit) -> Denial | None:
        """Returns why the permit may not be sent. The time is checked last."""
        if permit.intent_seq < 1:
            return NO_INTENT
        if self._tags.get(permit.tag.name) != permit.tag:
            return OTHER_TAG
        if permit.tag.name in self._heartbeats:
            return HEARTBEAT
        if permit.identity != self._encoder.identity:
            return OTHER_DEVICE
        if not self._is_write_of(permit.tag, permit.wire):
            return OTHER_BYTES
        return None if permit_clock_s() < permit.until_s else EXPIRED

    def _is_write_of(self, tag: Tag, wire: bytes) -> bool:
        try:
            return self._encoder.encode(tag, self._encoder.decode(tag, wire)).wire == wire
        except ValueError:
            return False

    async def close(self) -> None:
        """Closes the session within about 1 s. It raises no error."""
        await self._writer.close()


@contextmanager
def errors_for(tag: str) -> Generator[None]:
    """Turns a writer's errors into those of a tag."""
    try:
        yield
    except Refusal as refusal:
        raise WriteRefused(tag, refusal.code, was_sent=refusal.was_sent) from None
    except OutcomeUnknown as doubt:
        raise WriteOutcomeUnknown(tag, str(doubt)) from None
