"""The write session: it opens for one permit, lets one frame through, and is used up."""

from collections.abc import Collection, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from ..config.secrets import resolve_secret
from ..errors import NotConnected, WriteOutcomeUnknown, WriteRefused
from ..model.endpoints import ModbusConnection, OpcuaConnection
from ..model.site import Site
from ..model.tags import Tag
from ..model.values import DataValue
from ..session.protocols import Encoder
from .device_writer import DeviceWriter, OutcomeUnknown, Refusal, WriteEncoder
from .permit import Permit, permit_clock_s

USED = "this write session was already used"
OTHER_TAG = "the tag is not one that this write session was opened for"
OTHER_DEVICE = "the device is not the one that was approved"
OTHER_BYTES = "the bytes are not a write of this tag"
EXPIRED = "the permit has expired"
NO_INTENT = "the journal has no intent of it"
HEARTBEAT = "the tag is a heartbeat, for which nobody asks"


@dataclass(frozen=True, slots=True)
class WriteAnswer:
    """What a device answered to the frame of a permit, before anybody has judged it.

    Attributes:
        raw: Modbus: the PDU; OPC UA: the item's status code, four bytes, the lowest first.
    """

    permit: Permit
    raw: bytes


def check_accounts(site: Site) -> None:
    """Refuses a site where an account to write with cannot be used; connects to nothing.

    Raises:
        NotConnected: The password of one cannot be had, or on a channel with security our key,
            or the server's certificate is not pinned.
    """
    for name, config in site.connections.items():
        if isinstance(config, OpcuaConnection) and config.write is not None:
            resolve_secret(config.write.secret, site.root, name)
            if reason := config.lacks_certificate(name):
                raise NotConnected({name: reason})
            if config.is_secured:
                from ..opcua.security.application import load_application

                load_application(site.root, name)


async def open_write_session(site: Site, connection: str, tags: Sequence[Tag]) -> "WriteSession":
    """Opens the write session with one device, and asks who it is.

    Args:
        connection: The connection's name in the site file.
        tags: What may be written through it; the permit names one of them.

    Raises:
        NotConnected: The site file grants no writing there, or the device cannot be reached,
            refuses the session, or is another one than configured.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout` to connect, and then
    for each request.
    """
    writer = await open_writer(site, connection)
    try:
        heartbeats = frozenset(tag.name for tag in tags if site.is_heartbeat(tag))
        return WriteSession(writer, await writer.encoder(tags), tags, heartbeats)
    except BaseException:
        await writer.close()
        raise


async def open_writer(site: Site, connection: str) -> DeviceWriter:
    """Opens the protocol's part of a write session.

    Raises:
        NotConnected: See `open_write_session`.
    """
    config = site.connections[connection]
    if isinstance(config, ModbusConnection):
        from .modbus import ModbusWriter

        return await ModbusWriter.open(connection, config)
    from .opcua import OpcuaWriter

    return await OpcuaWriter.open(connection, config, site.root)


class WriteSession:
    """One write session with one device, good for one frame; use `open_write_session`.

    Args:
        writer: The write session.
        encoder: What the device is and takes, as it answered just now.
        tags: What may be written.
        heartbeats: Which of them are heartbeats; those are written by `HeartbeatSession` alone.
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
        """Says who the device is, and which bytes would write a value."""
        return self._encoder

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads tags of this connection over the write session; see `Session.read`."""
        return await self._writer.read(tags)

    async def send(self, permit: Permit) -> WriteAnswer:
        """Sends the permit's bytes in exactly one frame, and returns the answer to it.

        `check_echo` tells whether the answer says that the device did it.

        Any call uses the session up, a refused one too. A cancellation after the frame left is
        answered with `WriteOutcomeUnknown`, and `asyncio.current_task().cancelling()` tells
        of it: the caller records the outcome first, and then ends.

        Raises:
            WriteRefused: Nothing changed: the permit does not fit (`was_sent` is false), or
                the device said no before acting.
            WriteOutcomeUnknown: Anything else. Read back and ask; never send again.

        Effect: ACTUATE. Retry: none, ever. Timeout: the connection's `timeout`.
        """
        name = permit.tag.name
        is_used, self._is_used = self._is_used, True
        objection = USED if is_used else self._objection(permit)
        if objection:
            raise WriteRefused(name, objection, was_sent=False)
        with errors_for(name):
            return WriteAnswer(permit, await self._writer.transmit(permit.wire))

    def check_echo(self, answer: WriteAnswer) -> None:
        """Returns if the answer says that exactly what was sent was done.

        Raises:
            WriteRefused: It says that nothing changed.
            WriteOutcomeUnknown: It says anything else. Read back and ask; never send again.
        """
        with errors_for(answer.permit.tag.name):
            self._writer.judge(answer.permit.wire, answer.raw)

    def _objection(self, permit: Permit) -> str:
        """Returns why nothing may leave, or nothing; the time is looked at last."""
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
        return "" if permit_clock_s() < permit.until_s else EXPIRED

    def _is_write_of(self, tag: Tag, wire: bytes) -> bool:
        """Whether encoding what the bytes say gives these bytes: no other address, size or type."""
        try:
            return self._encoder.encode(tag, self._encoder.decode(tag, wire)).wire == wire
        except ValueError:
            return False

    async def close(self) -> None:
        """Closes the write session within about 1 s; raises no error."""
        await self._writer.close()


@contextmanager
def errors_for(tag: str) -> Generator[None]:
    """Says which tag the writer's no, or its doubt, is about."""
    try:
        yield
    except Refusal as refusal:
        raise WriteRefused(tag, refusal.code, was_sent=refusal.was_sent) from None
    except OutcomeUnknown as doubt:
        raise WriteOutcomeUnknown(tag, str(doubt)) from None
