"""Checks of loss, which always raises `NotConnected` in time and ends by itself."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

from ..model.values import DataValue, Quality
from ..session.protocols import Sample
from ..session.supervisor import Connection, Gap
from .rig import Rig
from .suite import Suite, check_lost, fits, read_exactly, until

_GIVING_UP_S = 1.0  # for closing a session that could not be opened
_BACK_S = 8.0


class LossChecks(Suite):
    """Rules for a device that is gone, refuses or falls silent."""

    async def test_refused_call_is_not_connected(self) -> None:
        """An unreachable device raises `NotConnected` under the connection's name."""
        async with self._rigged("link") as rig:
            rig.wire.cut()
            await check_lost(rig, lambda: _read_anew(rig), 2.0 * rig.timeout_s + _GIVING_UP_S)
            rig.wire.mend()
            await _read_anew(rig)

    async def test_silent_call_is_not_connected(self) -> None:
        """A device that accepts but stays silent raises `NotConnected` after the time-out."""
        async with self._rigged("link") as rig:
            rig.wire.half_open()
            await check_lost(rig, lambda: _read_anew(rig), 2.0 * rig.timeout_s + _GIVING_UP_S)
            rig.wire.mend()
            await _read_anew(rig)

    async def test_lost_session_is_not_connected(self) -> None:
        """A session whose device is gone raises `NotConnected`, then and always after."""
        async with self._opened("link") as (rig, session):
            await read_exactly(session, rig.items)
            rig.wire.cut()
            await check_lost(rig, lambda: session.read(rig.tags), rig.timeout_s)
            rig.wire.mend()
            await check_lost(rig, lambda: session.read(rig.tags), rig.timeout_s)
            await check_lost(rig, session.probe, rig.timeout_s)
            await session.close()
            await _read_anew(rig)

    async def test_silent_read_is_not_connected(self) -> None:
        """A device that falls silent in a session raises `NotConnected` after the time-out."""
        async with self._opened("link") as (rig, session):
            await read_exactly(session, rig.items)
            rig.wire.half_open()
            await check_lost(rig, lambda: session.read(rig.tags), rig.timeout_s)
            rig.wire.mend()

    async def test_silent_probe_is_not_connected(self) -> None:
        """A device without a sign of life raises `NotConnected` after the time-out."""
        async with self._opened("link") as (rig, session):
            await session.probe()
            rig.wire.half_open()
            await check_lost(rig, session.probe, rig.timeout_s)
            rig.wire.mend()

    async def test_cut_turns_every_tag_bad(self) -> None:
        """A loss turns all tags bad at once. The last values stay, and a gap is reported."""
        async with self._supervised() as (rig, connection, listener):
            before = connection.latest()
            rig.wire.cut()
            await listener.until_gaps(1)
            for reading in connection.latest().values():
                assert reading.quality is Quality.BAD, f"lost, but {reading}"
            assert _values(connection.latest()) == _values(before), "the last values are not kept"
            bad = {name for name, last in listener.last.items() if last.quality is Quality.BAD}
            assert bad == {tag.name for tag in rig.tags}, "not every tag was reported bad"
            assert (connection.is_connected, listener.gaps[0].end) == (False, None)
            assert listener.gaps[0].reason

    async def test_comes_back_by_itself(self) -> None:
        """A returned device is read again by its supervisor, which reports the gap's end."""
        async with self._supervised() as (rig, connection, listener):
            rig.wire.cut()
            await listener.until_gaps(1)
            rig.wire.mend()
            await listener.until_gaps(2)
            assert listener.gaps[1].end is not None
            assert listener.gaps[1].start == listener.gaps[0].start
            await _until_held(rig, connection)

    @asynccontextmanager
    async def _supervised(self) -> AsyncGenerator[tuple[Rig, Connection, "_GapListener"]]:
        listener = _GapListener()
        async with (
            self._rigged("link") as rig,
            Connection(rig.connector, rig.tags, [listener]) as connection,
        ):
            await _until_held(rig, connection)
            yield rig, connection, listener


class _GapListener:
    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self.last: dict[str, DataValue] = {}

    def arrived(self, samples: Sequence[Sample]) -> None:
        self.last |= dict(samples)

    def gap(self, connection: str, gap: Gap) -> None:
        del connection
        self.gaps.append(gap)

    async def until_gaps(self, count: int) -> None:
        message = "no gap is reported" if count == 1 else "it does not come back"
        await until(lambda: len(self.gaps) >= count, _BACK_S, message)


def _values(readings: Mapping[str, DataValue]) -> Mapping[str, object]:
    return {name: reading.value for name, reading in readings.items()}


async def _until_held(rig: Rig, connection: Connection) -> None:
    def holds() -> bool:
        latest = connection.latest()
        return all(fits(latest[item.tag.name], item) for item in rig.items)

    await until(holds, _BACK_S, "the supervisor does not hold what the device does")


async def _read_anew(rig: Rig) -> None:
    """Opens a session and reads. With only a TCP connection to open, the read fails."""
    session = await rig.connector.open()
    try:
        await read_exactly(session, rig.items)
    finally:
        await session.close()
