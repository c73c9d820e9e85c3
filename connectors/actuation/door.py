"""The write door: it opens for one permit, lets one frame through, and is used up."""

from collections.abc import Mapping, Sequence

from ..endpoints import ModbusConnection, OpcuaConnection
from ..errors import WriteOutcomeUnknown, WriteRefused
from ..secrets import resolve_secret
from ..session import Encoder
from ..site import Site
from ..tags import Tag
from ..values import DataValue
from .permit import Permit, permit_clock_s
from .writer import Doubt, Refusal, WriteEncoder, Writer

USED = "this door was used before"
OTHER_TAG = "the tag is not one that this door was opened for"
OTHER_DEVICE = "the device is not the one that was approved"
OTHER_BYTES = "the bytes are not a write of this tag"
EXPIRED = "the permit has expired"


def check_accounts(site: Site) -> None:
    """Refuses a site where an account to write with cannot be used; connects to nothing.

    Raises:
        NotConnected: The password of one cannot be had.
    """
    for name, config in site.connections.items():
        if isinstance(config, OpcuaConnection) and config.write is not None:
            resolve_secret(config.write.secret, site.root, name)


async def open_door(site: Site, connection: str, tags: Sequence[Tag]) -> "Door":
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
    writer = await _writer(site, connection)
    try:
        return Door(writer, await writer.encoder(tags), tags)
    except BaseException:
        await writer.close()
        raise


async def _writer(site: Site, connection: str) -> Writer:
    config = site.connections[connection]
    if isinstance(config, ModbusConnection):
        from .modbus import ModbusWriter

        return await ModbusWriter.open(connection, config)
    from .opcua import OpcuaWriter

    return await OpcuaWriter.open(connection, config, site.root)


class Door:
    """One write session with one device, good for one frame; use `open_door`.

    Args:
        writer: The write session.
        encoder: What the device is and takes, as it answered just now.
        tags: What may be written.
    """

    def __init__(self, writer: Writer, encoder: WriteEncoder, tags: Sequence[Tag]) -> None:
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

    async def send(self, permit: Permit) -> None:
        """Sends the permit's bytes in exactly one frame; returns when the device did it.

        Any call uses the door up, a refused one too. A cancellation after the frame left is
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
        try:
            await self._writer.transmit(permit.wire)
        except Refusal as refusal:
            raise WriteRefused(name, refusal.code, was_sent=refusal.was_sent) from None
        except Doubt as doubt:
            raise WriteOutcomeUnknown(name, str(doubt)) from None

    def _objection(self, permit: Permit) -> str:
        """Returns why nothing may leave, or nothing; the time is looked at last."""
        if self._tags.get(permit.tag.name) != permit.tag:
            return OTHER_TAG
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
