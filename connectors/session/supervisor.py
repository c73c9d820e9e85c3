"""Supervisor of a connection, which scans its tags and reconnects after a loss."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from time import monotonic
from typing import Protocol, Self

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from ..errors import NotConnected
from ..model.tags import Tag
from ..model.values import DataValue
from .backoff import SessionPauses, between_attempts
from .protocols import Connector, Sample, Session, Subscribes
from .scan_groups import KEEP_ALIVE_S, ScanGroup, groups_of
from .subscription_health import ReportsHealth
from .unexpected import as_not_connected, close

_REREAD_S = 60.0
"""How often subscribed tags are also read, since a server may lose a change silently."""


class ConnectionState(Enum):
    """State of a supervised connection. Degraded is connected with a part that fails."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without data, UTC, from the last scan before a loss to the first after it."""

    start: datetime
    reason: str
    end: datetime | None = None  # `None` while it lasts


class SampleListener(Protocol):
    """Receives every sample and gap at once. It must return soon and raise nothing."""

    def arrived(self, samples: Sequence[Sample]) -> None:
        """Takes readings in order of arrival. After a loss, all of them are bad."""
        ...

    def gap(self, connection: str, gap: Gap) -> None:
        """Takes a gap twice, when it begins and when it has ended."""
        ...


class Connection:
    """Scans the tags of one device and keeps the latest reading of each.

    Each attempt to connect uses a fresh client. On a loss each tag turns bad at once and keeps its
    last value for display, and a gap is reported. Listeners receive samples and gaps.

    Attributes:
        reason: Reason of a loss or of faults.
        scans: Number of scans; with a subscription, of messages from the device.
        overflows: Number of values lost because a queue overflowed.
        gaps: The last hundred.
    """

    def __init__(
        self, connector: Connector, tags: Sequence[Tag], listeners: Sequence[SampleListener] = ()
    ) -> None:
        self._connector = connector
        self._is_subscribed = connector.is_subscribed
        self._groups = groups_of(
            tags, connector.scan_s, monotonic(), is_subscribed=self._is_subscribed
        )
        self._listeners = tuple(listeners)
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._faults: Mapping[str, str] = {}
        self._last_alive_s = monotonic()
        self.state = ConnectionState.DISCONNECTED
        self.reason = ""
        self.scans = 0
        self.overflows = 0
        self.gaps: deque[Gap] = deque(maxlen=100)

    @property
    def name(self) -> str:
        """The connection's name in the site file."""
        return self._connector.name

    @property
    def where(self) -> str:
        """The endpoint, for display."""
        return self._connector.where

    @property
    def is_connected(self) -> bool:
        """Whether a session delivers, at least in part."""
        return self.state in {ConnectionState.CONNECTED, ConnectionState.DEGRADED}

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._supervise(), name=f"connection {self.name}")
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._task is not None
        # Once is not enough: on Python 3.11, asyncio.wait_for in asyncua's connect loses a
        # cancellation that comes just as the connection is made.
        while not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=0.5)
        self.state = ConnectionState.DISCONNECTED

    def latest(self) -> Mapping[str, DataValue]:
        """Returns the latest reading of each tag. One that is stale is not good."""
        now_s, is_cyclic = monotonic(), self._connector.has_cyclic_stamps
        readings: dict[str, DataValue] = {}
        for group in self._groups:
            readings |= group.latest(now_s, has_cyclic_stamps=is_cyclic)
        return readings

    async def next_scan(self) -> None:
        """Waits for the next scan, or for the loss of the connection."""
        async with self._changed:
            await self._changed.wait()

    async def ready(self, within_s: float) -> Session:
        """Waits for an open session for a single call. Raises `NotConnected` after `within_s`."""
        try:
            async with asyncio.timeout(within_s), self._changed:
                await self._changed.wait_for(lambda: self.is_connected)
        except TimeoutError:
            raise NotConnected({self.name: self.reason or f"{self.where}: no session"}) from None
        assert self._session is not None
        return self._session

    async def _supervise(self) -> None:
        pauses = SessionPauses()
        while True:
            session = await self._connect()
            opened_s = monotonic()
            try:
                await self._use(session)
                self._session = None
                # Concurrently, because closing a lost session may take a second.
                pause_s = pauses.after(monotonic() - opened_s)
                await asyncio.gather(close(self.name, session), asyncio.sleep(pause_s))
            except BaseException:  # cancelled, possibly before the closing began
                await close(self.name, session)
                raise

    async def _use(self, session: Session) -> None:
        """Scans or follows changes until the session is lost, and reports the loss."""
        use = self._follow_changes if self._is_subscribed else self._scan
        try:
            with as_not_connected(self.name):
                await use(session)
        except NotConnected as error:
            await self._mark_lost(error.endpoints.get(self.name, str(error)))

    async def _connect(self) -> Session:
        self.state = ConnectionState.CONNECTING
        retrying = AsyncRetrying(
            wait=between_attempts(),
            retry=retry_if_exception_type(NotConnected),
            after=self._note_attempt,
            reraise=True,
        )
        return await retrying(self._open)

    async def _open(self) -> Session:
        # A session counts only after a scan, so that the back-off applies to a device that
        # accepts and then hangs up.
        with as_not_connected(self.name):
            session = await self._connector.open()
            try:
                for group in self._groups:
                    await self._read(session, group)
                    group.due_s = asyncio.get_running_loop().time() + group.scan_s
            except BaseException:
                await close(self.name, session)
                raise
        self._session, self._faults, self._last_alive_s = session, {}, monotonic()
        return session

    def _note_attempt(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        if isinstance(error, NotConnected):
            self.reason = error.endpoints.get(self.name, str(error))

    async def _scan(self, session: Session) -> None:
        loop = asyncio.get_running_loop()
        await self._mark_connected(session)
        while True:
            group = min(self._groups, key=lambda each: each.due_s)
            await self._wait_until(session, group.due_s)
            begun_s = loop.time()
            group.due_s = max(group.due_s + group.scan_s, begun_s)
            await self._read(session, group)
            group.note_scan(loop.time() - begun_s)
            await self._mark_connected(session)

    async def _wait_until(self, session: Session, until_s: float) -> None:
        """Sleeps. A device with a long interval is probed meanwhile."""
        loop = asyncio.get_running_loop()
        while (left_s := until_s - loop.time()) > KEEP_ALIVE_S:
            await asyncio.sleep(min(KEEP_ALIVE_S, left_s))
            await session.probe()
        await asyncio.sleep(max(left_s, 0.0))

    async def _read(self, session: Session, group: ScanGroup) -> Mapping[str, DataValue]:
        asked_s = monotonic()
        readings = await session.read(group.tags)
        self._notify(group.update(readings, asked_s))
        return readings

    async def _follow_changes(self, session: Session) -> None:
        if not isinstance(session, Subscribes):
            raise NotConnected({self.name: f"{self.where}: it reports no changes"})
        groups = {group.scan_s: group.tags for group in self._groups}
        subscription, before = await session.subscribe(groups), self.overflows
        health = subscription if isinstance(subscription, ReportsHealth) else None
        await self._mark_connected(session)
        read_s = monotonic()
        while True:
            samples = await subscription.changes()
            for group in self._groups:
                group.apply_changes(samples)
                group.note_alive(health.last_alive_s(group.scan_s) if health else monotonic())
            self.overflows = before + subscription.overflows
            self._notify(samples)
            if monotonic() - read_s > _REREAD_S:
                read_s = monotonic()
                for group in self._groups:
                    readings = await self._read(session, group)
                    if health:
                        health.compare(readings)
            await self._mark_connected(session)

    async def _mark_connected(self, session: Session) -> None:
        if session.faults.keys() - self._faults.keys():
            for group in self._groups:  # the fault may concern tags with a long interval
                group.due_s = asyncio.get_running_loop().time()
        self._faults, self._last_alive_s = dict(session.faults), monotonic()
        faults = dict(self._faults)
        for group in self._groups:
            faults |= group.faults
        self.state = ConnectionState.DEGRADED if faults else ConnectionState.CONNECTED
        self.reason = "; ".join(f"{part}: {why}" for part, why in faults.items())
        self.scans += 1
        if self.gaps and self.gaps[-1].end is None:
            begun = self.gaps.pop()
            self._note_gap(Gap(begun.start, begun.reason, datetime.now(UTC)))
        await self._wake_waiters()

    async def _mark_lost(self, reason: str) -> None:
        self.state, self.reason = ConnectionState.DISCONNECTED, reason
        for group in self._groups:
            self._notify(group.mark_bad())
        if not self.gaps or self.gaps[-1].end is not None:
            silent = timedelta(seconds=monotonic() - self._last_alive_s)
            self._note_gap(Gap(datetime.now(UTC) - silent, reason))
        await self._wake_waiters()

    def _note_gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        for listener in self._listeners:
            listener.gap(self.name, gap)

    def _notify(self, samples: Sequence[Sample]) -> None:
        for listener in self._listeners:
            listener.arrived(samples)

    async def _wake_waiters(self) -> None:
        async with self._changed:
            self._changed.notify_all()
