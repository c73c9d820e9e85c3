"""Checks of a session's life, which is independent and leaves nothing behind."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import monotonic

from ..errors import NotConnected
from .rig import Rig
from .suite import SLACK_S, Suite, capabilities_of, check_hidden, check_lost, read_exactly, until

_DESCRIPTORS = Path("/proc/self/fd")
_CLOSED_S = 1.0


class SessionChecks(Suite):
    """Rules of every session."""

    async def test_connector_names_itself(self) -> None:
        """Name, endpoint, scan interval and the two flags exist before a session."""
        async with self._rigged() as rig:
            connector = rig.connector
            assert connector.name, "no name"
            assert connector.where, "no endpoint"
            assert connector.scan_s > 0.0
            assert all(tag.connection == connector.name for tag in (*rig.tags, rig.unknown))
            flags = (connector.has_cyclic_stamps, connector.is_subscribed)
            assert all(isinstance(each, bool) for each in flags)

    async def test_capabilities_are_claimed(self) -> None:
        """A session's capabilities are exactly those of `quality.toml`."""
        async with self._opened() as (rig, session):
            found = capabilities_of(session, encodes=rig.has("encode"))
            assert "subscribes" in found or not rig.connector.is_subscribed
            if self.quality is not None:
                claimed = self.claimed_capabilities()
                assert found == claimed, f"claimed {sorted(claimed)}, found {sorted(found)}"

    async def test_healthy_session_has_no_faults(self) -> None:
        """A session whose device delivers everything has no faults and answers a probe."""
        async with self._opened() as (rig, session):
            await session.probe()
            await read_exactly(session, rig.items)
            assert not session.faults, f"all is delivered, but it has faults: {session.faults}"

    async def test_sessions_are_fresh(self) -> None:
        """Each `open` gives another, independent session."""
        async with self._opened() as (rig, one):
            other = await rig.connector.open()
            try:
                assert other is not one, "the same session twice"
                await asyncio.gather(read_exactly(one, rig.items), read_exactly(other, rig.items))
            finally:
                await other.close()
            await read_exactly(one, rig.items)

    async def test_close_is_final(self) -> None:
        """A session can be closed twice and then raises `NotConnected`."""
        async with self._opened() as (rig, session):
            await session.close()
            await session.close()
            await check_lost(rig, lambda: session.read(rig.tags), rig.timeout_s)

    async def test_close_is_quick(self) -> None:
        """Closing takes about 1 s at most and raises nothing, even with a lost device."""
        async with self._rigged("link") as rig:
            for disturb in (rig.wire.half_open, rig.wire.cut):
                session = await rig.connector.open()
                await session.read(rig.tags)
                disturb()
                begun_s = monotonic()
                closing = asyncio.ensure_future(session.close())
                await asyncio.wait([closing], timeout=_CLOSED_S + SLACK_S)
                is_closed = closing.cancel() is False
                await asyncio.wait([closing])
                assert is_closed, f"not closed within {monotonic() - begun_s:.1f} s"
                closing.result()
                rig.wire.mend()

    async def test_nothing_is_left(self) -> None:
        """A closed session leaves no task and no descriptor, also after a cut."""
        async with self._left_clean() as rig:
            for disturb in (lambda: None, rig.wire.cut):
                await _use(rig, disturb)
                rig.wire.mend()

    async def test_cancelled_open_leaves_nothing(self) -> None:
        """A cancelled `open` of a silent device leaves no task and no socket."""
        async with self._left_clean() as rig:
            rig.wire.half_open()
            opening = asyncio.ensure_future(rig.connector.open())
            await asyncio.sleep(0.05)
            opening.cancel()
            await asyncio.wait([opening], timeout=_CLOSED_S + SLACK_S)
            assert opening.done(), "an open that is cancelled goes on"
            if not opening.cancelled():  # `open` was only a TCP connection
                await opening.result().close()
            rig.wire.mend()

    async def test_nothing_writes(self) -> None:
        """Opening, reading, probing and encoding send no write to the device."""
        async with self._opened("writes") as (rig, session):
            assert rig.writes is not None
            before = rig.writes()
            await session.read([*rig.tags, rig.unknown])
            await session.probe()
            with suppress(NotConnected):  # a connection that does not write has no encoder
                await session.encoder([write.tag for write in rig.encode])
            assert rig.writes() == before, "a write has reached the device"

    async def test_secrets_stay_hidden(self) -> None:
        """Connector, session and errors do not show the secret of the login."""
        async with self._opened("secrets", "link") as (rig, session):
            check_hidden(rig, rig.connector, rig.connector.where, session, session.faults)
            rig.wire.cut()
            await check_lost(rig, lambda: session.read(rig.tags), rig.timeout_s)

    @asynccontextmanager
    async def _left_clean(self) -> AsyncGenerator[Rig]:
        """Makes a rig, and checks that what is done with it leaves no task and no descriptor."""
        async with self._rigged("link") as rig:
            await _use(rig, lambda: None)  # makes what is made only once
            await _settle()
            tasks, descriptors = _tasks(), _descriptors()
            yield rig
            await until(lambda: _descriptors() <= descriptors, SLACK_S, "a descriptor is left")
            await until(lambda: _tasks() <= tasks, SLACK_S, "a task is left")


async def _use(rig: Rig, disturb: Callable[[], None]) -> None:
    session = await rig.connector.open()
    try:
        await session.read(rig.tags)
        disturb()
        with suppress(NotConnected):
            await session.probe()
    finally:
        await session.close()


async def _settle() -> None:
    """Waits until the device's side of a closed session is gone, also in this process."""
    count = -1
    while count != (count := _descriptors() + len(_tasks())):  # noqa: ASYNC110 - no event tells
        await asyncio.sleep(0.05)


def _tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks()


def _descriptors() -> int:
    return sum(1 for _ in _DESCRIPTORS.iterdir()) if _DESCRIPTORS.is_dir() else 0
