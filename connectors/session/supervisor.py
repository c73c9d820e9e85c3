"""One supervisor per connection: scans its tags, and comes back by itself after a loss."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from ..errors import NotConnected
from ..model.tags import Tag
from ..model.values import DataValue
from .backoff import SessionPauses, between_attempts
from .protocols import Connector, Sample, Session, Subscribes
from .scan_groups import KEEP_ALIVE_S, ScanGroup, groups_of
from .subscription_health import ReportsHealth

_READ_ANEW_S = 60.0
"""How often what is told is also read: a server may lose a change, or a node, without a word."""

_logger = logging.getLogger(__name__)


class ConnectionState(Enum):
    """What the supervisor is doing; degraded is connected, and a part does not work."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without data: from the last scan before a loss to the first one after it, UTC.

    Attributes:
        end: `None` while it lasts.
    """

    start: datetime
    reason: str
    end: datetime | None = None


class SampleListener(Protocol):
    """Is told everything that comes, at once; it must return soon, and raise nothing."""

    def arrived(self, samples: Sequence[Sample]) -> None:
        """Takes readings in the order in which they came; after a loss, all of them bad."""
        ...

    def gap(self, connection: str, gap: Gap) -> None:
        """Takes a gap twice: when it begins, and when it has ended."""
        ...


class Connection:
    """Scans the tags of one device and keeps the latest reading of each.

    Every attempt to connect uses a fresh client. On a loss each tag turns bad at
    once, keeping its last known value for display, and a gap is announced.

    Args:
        connector: Opens the sessions.
        tags: What is scanned; one with an interval of its own in that.
        listeners: Who is told everything that comes.

    Attributes:
        reason: Why it is lost, or what of it does not work.
        scans: How many have come; where changes are told, how often the device spoke.
        overflows: How many values were lost because a queue ran over.
        gaps: The last hundred.
    """

    def __init__(
        self, connector: Connector, tags: Sequence[Tag], listeners: Sequence[SampleListener] = ()
    ) -> None:
        self._connector = connector
        self._is_told = connector.is_subscribed
        self._groups = groups_of(tags, connector.scan_s, monotonic(), is_told=self._is_told)
        self._listeners = tuple(listeners)
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._faults: Mapping[str, str] = {}
        self._heard_s = monotonic()
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
        """The endpoint for people."""
        return self._connector.where

    @property
    def is_connected(self) -> bool:
        """Whether there is a session that delivers, be it in part."""
        return self.state in {ConnectionState.CONNECTED, ConnectionState.DEGRADED}

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._supervise(), name=f"connection {self.name}")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._task is not None
        # Once is not enough: on Python 3.11 asyncio.wait_for, which asyncua connects with,
        # loses a cancellation that comes in the moment in which the connection stands.
        while not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task], timeout=0.5)
        self.state = ConnectionState.DISCONNECTED

    def latest(self) -> Mapping[str, DataValue]:
        """Returns the latest reading of each tag; one older than three scans is not good."""
        now_s, by_source = monotonic(), self._connector.has_cyclic_stamps
        readings: dict[str, DataValue] = {}
        for group in self._groups:
            readings |= group.latest(now_s, by_source=by_source)
        return readings

    async def next_scan(self) -> None:
        """Waits for the next scan, or for the loss of the connection."""
        async with self._news:
            await self._news.wait()

    async def ready(self, within_s: float) -> Session:
        """Returns the session that stands, once there is one; for a single call, not to be kept.

        Args:
            within_s: How long to wait for it, seconds.

        Raises:
            NotConnected: There is none in time.
        """
        try:
            async with asyncio.timeout(within_s), self._news:
                await self._news.wait_for(lambda: self.is_connected)
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
                # Side by side: closing what is lost may take a second.
                pause_s = pauses.after(monotonic() - opened_s)
                await asyncio.gather(session.close(), asyncio.sleep(pause_s))
            except BaseException:  # cancelled, be it before the closing has begun
                await session.close()
                raise

    async def _use(self, session: Session) -> None:
        """Scans or listens until the session is lost, and tells of the loss."""
        try:
            await (self._follow(session) if self._is_told else self._scan(session))
        except NotConnected as error:
            await self._lose(error.endpoints.get(self.name, str(error)))
        except Exception as error:  # the supervisor: a fault in one session must not end it
            _logger.exception("connection %s: unexpected error", self.name)
            await self._lose(f"unexpected {type(error).__name__}: {error}")

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
        # A session counts only once it has delivered a scan: a device that accepts
        # and then hangs up must meet the back-off, not a flood of sessions.
        session: Session | None = None
        try:
            session = await self._connector.open()
            for group in self._groups:
                await self._read(session, group)
                group.due_s = asyncio.get_running_loop().time() + group.scan_s
        except BaseException as error:
            if session is not None:
                await session.close()
            if isinstance(error, NotConnected) or not isinstance(error, Exception):
                raise
            _logger.exception("connection %s: unexpected error", self.name)
            reason = f"unexpected {type(error).__name__}: {error}"
            raise NotConnected({self.name: reason}) from error
        self._session, self._faults, self._heard_s = session, {}, monotonic()
        return session

    def _note_attempt(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        if isinstance(error, NotConnected):
            self.reason = error.endpoints.get(self.name, str(error))

    async def _scan(self, session: Session) -> None:
        loop = asyncio.get_running_loop()
        await self._stand(session)
        while True:
            group = min(self._groups, key=lambda each: each.due_s)
            await self._rest(session, group.due_s)
            begun_s = loop.time()
            group.due_s = max(group.due_s + group.scan_s, begun_s)
            await self._read(session, group)
            group.note_scan(loop.time() - begun_s)
            await self._stand(session)

    async def _rest(self, session: Session, until_s: float) -> None:
        """Sleeps; a device that is to be read seldom is asked for a sign of life meanwhile."""
        loop = asyncio.get_running_loop()
        while (left_s := until_s - loop.time()) > KEEP_ALIVE_S:
            await asyncio.sleep(min(KEEP_ALIVE_S, left_s))
            await session.probe()
        await asyncio.sleep(max(left_s, 0.0))

    async def _read(self, session: Session, group: ScanGroup) -> Mapping[str, DataValue]:
        asked_s = monotonic()
        readings = await session.read(group.tags)
        self._tell(group.take(readings, asked_s))
        return readings

    async def _follow(self, session: Session) -> None:
        if not isinstance(session, Subscribes):
            raise NotConnected({self.name: f"{self.where}: it does not tell changes"})
        groups = {group.scan_s: group.tags for group in self._groups}
        subscription, before = await session.subscribe(groups), self.overflows
        watched = subscription if isinstance(subscription, ReportsHealth) else None
        await self._stand(session)
        read_s = monotonic()
        while True:
            samples = await subscription.changes()
            for group in self._groups:
                group.change(samples)
                group.show_life(watched.spoke_s(group.scan_s) if watched else monotonic())
            self.overflows = before + subscription.overflows
            self._tell(samples)
            if monotonic() - read_s > _READ_ANEW_S:
                read_s = monotonic()
                for group in self._groups:
                    readings = await self._read(session, group)
                    if watched:
                        watched.compare(readings)
            await self._stand(session)

    async def _stand(self, session: Session) -> None:
        if session.faults.keys() - self._faults.keys():
            for group in self._groups:  # it may be about tags that are read seldom
                group.due_s = asyncio.get_running_loop().time()
        self._faults, self._heard_s = dict(session.faults), monotonic()
        faults = dict(self._faults)
        for group in self._groups:
            faults |= group.faults
        self.state = ConnectionState.DEGRADED if faults else ConnectionState.CONNECTED
        self.reason = "; ".join(f"{part}: {why}" for part, why in faults.items())
        self.scans += 1
        if self.gaps and self.gaps[-1].end is None:
            begun = self.gaps.pop()
            self._note_gap(Gap(begun.start, begun.reason, datetime.now(UTC)))
        await self._announce()

    async def _lose(self, reason: str) -> None:
        self.state, self.reason = ConnectionState.DISCONNECTED, reason
        for group in self._groups:
            self._tell(group.lose())
        if not self.gaps or self.gaps[-1].end is not None:
            silent = timedelta(seconds=monotonic() - self._heard_s)
            self._note_gap(Gap(datetime.now(UTC) - silent, reason))
        await self._announce()

    def _note_gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        for listener in self._listeners:
            listener.gap(self.name, gap)

    def _tell(self, samples: Sequence[Sample]) -> None:
        for listener in self._listeners:
            listener.arrived(samples)

    async def _announce(self) -> None:
        async with self._news:
            self._news.notify_all()
