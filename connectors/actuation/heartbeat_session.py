"""Write session for heartbeats, which stays open and writes only counts into one tag."""

from ..denial import Denial
from ..errors import WriteRefused
from ..model.heartbeats import LAST_COUNT
from ..model.site import Site
from ..model.tags import Tag
from ..session.protocols import DeviceIdentity
from .device_writer import DeviceWriter, WriteEncoder
from .permit import HeartbeatPermit, permit_clock_s
from .write_session import EXPIRED, OTHER_BYTES, OTHER_DEVICE, OTHER_TAG, errors_for, open_writer

NO_HEARTBEAT = Denial("no-heartbeat", "the site declares no such heartbeat")
NO_COUNT = Denial("no-count", "it is no count of a heartbeat")
NOT_STARTED = Denial("not-started", "the journal does not say that the heartbeat began")


async def open_heartbeat_session(site: Site, tag: Tag) -> "HeartbeatSession":
    """Opens a write session for one heartbeat and asks for the device's identity.

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
    """A session that writes the counts of one heartbeat. Use `open_heartbeat_session`.

    Unlike `WriteSession` it sends many frames, one after the other. Close it once a count was
    refused or its outcome is unknown.

    Args:
        site: Declares which tags are heartbeats.
        writer: Connection of the write account.
        encoder: Identity and types of the device, as it answered when the session was opened.
        tag: The heartbeat.
    """

    def __init__(self, site: Site, writer: DeviceWriter, encoder: WriteEncoder, tag: Tag) -> None:
        self._writer = writer
        self._encoder = encoder
        self._tag = tag
        self._is_declared = site.tags.get(tag.name) == tag and site.is_heartbeat(tag)

    @property
    def identity(self) -> DeviceIdentity:
        """Identity of the device."""
        return self._encoder.identity

    def wire(self, count: int) -> bytes:
        """Returns the bytes that write a count. Raises `ValueError` if it does not fit."""
        return self._encoder.encode(self._tag, count).wire

    async def beat(self, permit: HeartbeatPermit) -> None:
        """Sends one count in exactly one frame and returns when the device did it.

        Raises:
            WriteRefused: Nothing changed.
            WriteOutcomeUnknown: Anything else, also a cancellation after the frame was sent; see
                `WriteSession.send`.

        Effect: ACTUATE. Retry: none, ever. Timeout: the connection's `timeout`.
        """
        name = permit.tag.name
        if denial := self._check(permit):
            raise WriteRefused(name, denial.reason, was_sent=False)
        wire = self.wire(permit.count)
        with errors_for(name):
            self._writer.judge(wire, await self._writer.transmit(wire))

    def _check(self, permit: HeartbeatPermit) -> Denial | None:
        """Returns why the count may not be sent. The time is checked last."""
        is_count = type(permit.count) is int and 0 <= permit.count <= LAST_COUNT
        checks = (
            (NOT_STARTED, permit.started_seq < 1),
            (NO_HEARTBEAT, not self._is_declared),
            (OTHER_TAG, permit.tag != self._tag),
            (NO_COUNT, not is_count),
            (OTHER_DEVICE, permit.identity != self._encoder.identity),
            (OTHER_BYTES, not (is_count and self._is_write_of(permit.count))),
            (EXPIRED, permit_clock_s() >= permit.until_s),
        )
        return next((denial for denial, is_met in checks if is_met), None)

    def _is_write_of(self, count: int) -> bool:
        try:
            return self._encoder.decode(self._tag, self.wire(count)) == count
        except ValueError:
            return False

    async def close(self) -> None:
        """Closes the session within about 1 s. It raises no error."""
        await self._writer.close()
