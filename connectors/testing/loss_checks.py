"""Checks of loss: always `NotConnected`, always in time, and over when the device is back."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager

from ..model.values import DataValue, Quality
from ..session.protocols import Sample
from ..session.supervisor import Connection, Gap
from .rig import Rig
from .suite import Suite, check_lost, fits, read_exactly, until

_GIVING_UP_S = 1.0  # in which a session that did not come about is closed
_BACK_S = 8.0


class LossChecks(Suite):
    """What holds when the device is gone, refuses or falls silent."""

    async def test_refused_call_is_not_connected(self) -> None:
        """A device that cannot be reached or hangs up is `NotConnected` under its name."""
        async with self._rigged("link") as rig:
            assert rig.link is not None
            rig.link.cut()
            await check_lost(rig, lambda: _read_anew(rig), 2.0 * rig.timeout_s + _GIVING_UP_S)
            rig.link.mend()
            await _reads_again(rig)

    async def test_silent_call_is_not_connected(self) -> None:
        """A device that accepts and says nothing is `NotConnected` after the time-out."""
        async with self._rigged("link") as rig:
            assert rig.link is not None
            rig.link.half_open()
            await check_lost(rig, lambda: _read_anew(rig), 2.0 * rig.timeout_s + _GIVING_UP_S)
            rig.link.mend()
            await _reads_again(rig)

    async def test_lost_session_is_not_connected(self) -> None:
        """A session whose device is gone raises `NotConnected`, now and ever after."""
        async with self._opened("link") as (rig, session):
            assert rig.link is not None
            await read_exactly(session, rig.items)
            rig.link.cut()
            await check_lost(rig, lambda: session.read(rig.tags), rig.timeout_s)
            rig.link.mend()
            await check_lost(rig, lambda: session.read(rig.tags), rig.timeout_s)
            await check_lost(rig, session.probe, rig.timeout_s)
            await session.close()
            await _reads_again(rig)

    async def test_silent_read_is_not_connected(self) -> None:
        """A device that falls silent during a session is `NotConnected` after the time-out."""
        async with self._opened("link") as (rig, session):
            assert rig.link is not None
            await read_exactly(session, rig.items)
            rig.link.half_open()
            await check_lost(rig, lambda: session.read(rig.tags), rig.timeout_s)
            rig.link.mend()

    async def test_silent_probe_is_not_connected(self) -> None:
        """A device that shows no sign of life is `NotConnected` after the time-out."""
        async with self._opened("link") as (rig, session):
            assert rig.link is not None
            await session.probe()
            rig.link.half_open()
            await check_lost(rig, session.probe, rig.timeout_s)
            rig.link.mend()

    async def test_cut_turns_every_tag_bad(self) -> None:
        """Supervised, a loss turns all tags bad at once; the last values stay, a gap is told."""
        async with self._supervised() as (rig, connection, ears):
            assert rig.link is not None
            before = connection.latest()
            rig.link.cut()
            await ears.until_gaps(1)
            for reading in connection.latest().values():
                assert reading.quality is Quality.BAD, f"lost, but {reading}"
            assert _values(connection.latest()) == _values(before), "the last values are not kept"
            told = {name for name, last in ears.last.items() if last.quality is Quality.BAD}
            assert told == {tag.name for tag in rig.tags}, "not every tag was told bad"
            assert (connection.is_connected, ears.gaps[0].end) == (False, None)
            assert ears.gaps[0].reason

    async def test_comes_back_by_itself(self) -> None:
        """Supervised, a device that is back is read again, and the end of the gap is told."""
        async with self._supervised() as (rig, connection, ears):
            assert rig.link is not None
            rig.link.cut()
            await ears.until_gaps(1)
            rig.link.mend()
            await ears.until_gaps(2)
            assert ears.gaps[1].end is not None
            assert ears.gaps[1].start == ears.gaps[0].start
            await _until_held(rig, connection)

    @asynccontextmanager
    async def _supervised(self) -> AsyncGenerator[tuple[Rig, Connection, "_Ears"]]:
        ears = _Ears()
        async with (
            self._rigged("link") as rig,
            Connection(rig.connector, rig.tags, [ears]) as connection,
        ):
            await _until_held(rig, connection)
            yield rig, connection, ears


class _Ears:
    """Hears what a listener is told."""

    def __init__(self) -> None:
        self.gaps: list[Gap] = []
        self.last: dict[str, DataValue] = {}

    def arrived(self, samples: Sequence[Sample]) -> None:
        self.last |= dict(samples)

    def gap(self, connection: str, gap: Gap) -> None:
        del connection
        self.gaps.append(gap)

    async def until_gaps(self, count: int) -> None:
        told = "no gap is told" if count == 1 else "it does not come back"
        await until(lambda: len(self.gaps) >= count, _BACK_S, told)


def _values(readings: Mapping[str, DataValue]) -> Mapping[str, object]:
    return {name: reading.value for name, reading in readings.items()}


async def _until_held(rig: Rig, connection: Connection) -> None:
    """Waits until the supervisor holds what the device does."""

    def holds() -> bool:
        latest = connection.latest()
        return all(fits(latest[item.tag.name], item) for item in rig.items)

    await until(holds, _BACK_S, "the supervisor does not hold what the device does")


async def _read_anew(rig: Rig) -> Mapping[str, DataValue]:
    """Opens and reads; where there is no more than a TCP connection to open, the read fails."""
    session = await rig.connector.open()
    try:
        return await session.read(rig.tags)
    finally:
        await session.close()


async def _reads_again(rig: Rig) -> None:
    session = await rig.connector.open()
    try:
        await read_exactly(session, rig.items)
    finally:
        await session.close()
