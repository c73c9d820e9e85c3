"""Write session for heartbeats, which sends only counts into one tag and stays open."""

from ..errors import WriteRefused
from ..model.heartbeats import LAST_COUNT
from ..model.site import Site
from ..model.tags import Tag
from ..session.protocols import DeviceIdentity
from .device_writer import DeviceWriter, WriteEncoder
from .permit import HeartbeatPermit, permit_clock_s
from .write_session import EXPIRED, OTHER_BYTES, OTHER_DEVICE, OTHER_TAG, errors_for, open_writer

NO_HEARTBEAT = "the site declares no such heartbeat"
NO_COUNT = "it is no count of a heartbeat"
NOT_STARTED = "the journal does not say that the heartbeat began"


async def open_heartbeat_session(site: Site, tag: Tag) -> "HeartbeatSession":
    """Opens a write session of its own for one heartbeat, and asks who the device is.

    Raises:
        NotConnected: See `open_write_session`.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, to connect and for each
    request.
    """
    writer = await open_writer(site, tag.connection)
    try:
        return HeartbeatSession(site, writer, await writer.encoder([tag]), tag)
    except BaseException:
        await writer.close()
        raise


class HeartbeatSession:
    """A write session for the counts of one heartbeat; use `open_heartbeat_session`.

    Unlike `WriteSession` it sends many frames, one after the other. Close it once a count was
    refused or its outcome is unknown.

    Args:
        site: Declares which tags are heartbeats.
        writer: The write session.
        encoder: What the device is and takes, as it answered when the session was opened.
        tag: The heartbeat.
    """

    def __init__(self, site: Site, writer: DeviceWriter, encoder: WriteEncoder, tag: Tag) -> None:
        self._writer = writer
        self._encoder = encoder
        self._tag = tag
        self._is_declared = site.tags.get(tag.name) == tag and site.is_heartbeat(tag)

    @property
    def identity(self) -> DeviceIdentity:
        """Who the device is."""
        return self._encoder.identity

    def wire(self, count: int) -> bytes:
        """Returns the bytes of a count.

        Raises:
            ValueError: The device's type does not hold it.
        """
        return self._encoder.encode(self._tag, count).wire

    async def beat(self, permit: HeartbeatPermit) -> None:
        """Sends one count in exactly one frame; returns when the device did it.

        Raises:
            WriteRefused: Nothing changed.
            WriteOutcomeUnknown: Anything else, a cancellation after the frame left too; see
                `WriteSession.send`.

        Effect: ACTUATE. Retry: none, ever. Timeout: the connection's `timeout`.
        """
        name = permit.tag.name
        if objection := self._objection(permit):
            raise WriteRefused(name, objection, was_sent=False)
        wire = self.wire(permit.count)
        with errors_for(name):
            self._writer.judge(wire, await self._writer.transmit(wire))

    def _objection(self, permit: HeartbeatPermit) -> str:
        """Returns why nothing may leave, or nothing; the time is looked at last."""
        is_count = type(permit.count) is int and 0 <= permit.count <= LAST_COUNT
        objections = (
            (NOT_STARTED, permit.started_seq < 1),
            (NO_HEARTBEAT, not self._is_declared),
            (OTHER_TAG, permit.tag != self._tag),
            (NO_COUNT, not is_count),
            (OTHER_DEVICE, permit.identity != self._encoder.identity),
            (OTHER_BYTES, not (is_count and self._is_write_of(permit.count))),
            (EXPIRED, permit_clock_s() >= permit.until_s),
        )
        return next((words for words, is_so in objections if is_so), "")

    def _is_write_of(self, count: int) -> bool:
        try:
            return self._encoder.decode(self._tag, self.wire(count)) == count
        except ValueError:
            return False

    async def close(self) -> None:
        """Closes the write session within about 1 s; raises no error."""
        await self._writer.close()
