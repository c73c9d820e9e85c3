"""One supervisor per connection: scans its tags, and comes back by itself after a loss."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from time import monotonic
from types import TracebackType
from typing import Self

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type
from tenacity.wait import wait_base, wait_chain, wait_fixed, wait_random

from .errors import NotConnected
from .session import Connector, Session
from .tags import Tag
from .values import (
    BAD_NO_COMMUNICATION,
    BAD_WAITING,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    Quality,
    never_read,
)

STALE_SCANS = 3
_FIRST_PAUSE_S, _LAST_PAUSE_S = 0.25, 1.0
_STABLE_AFTER_S = 10.0

_logger = logging.getLogger(__name__)


class State(Enum):
    """What the supervisor is doing."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without data: from the loss to the first scan after it, UTC.

    Attributes:
        end: `None` while it lasts.
    """

    start: datetime
    reason: str
    end: datetime | None = None


def _back_off() -> wait_base:
    # At most 1 s apart for the first seconds, so that a short outage is over soon after
    # the device's return; the random part keeps many clients from coming back at once.
    steps = [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 4.0, 8.0, 10.0]
    return wait_chain(*(wait_fixed(seconds) for seconds in steps)) + wait_random(0.0, 0.1)


def aged(reading: DataValue, now_s: float, limit_s: float, *, by_source: bool) -> DataValue:
    """Returns a reading as it counts now.

    Args:
        now_s: Monotonic time, seconds.
        limit_s: Age above which a reading is stale, seconds.
        by_source: Whether the device renews every source time in its cycle; a server that
            stamps only changes would have its constants doubted.

    Returns:
        Bad if it arrived too long ago; else uncertain if it was good, and the device
        sampled it too long ago; else unchanged. A reading without a value keeps its reason.
    """
    if reading.value is None:
        return reading
    if now_s - reading.received_s > limit_s:
        return reading.with_status(BAD_NO_COMMUNICATION)
    if by_source and reading.quality is Quality.GOOD and reading.age_s(now_s) > limit_s:
        return reading.with_status(UNCERTAIN_LAST_USABLE)
    return reading


class Connection:
    """Scans the tags of one device and keeps the latest reading of each.

    Every attempt to connect uses a fresh client. On a loss each tag turns bad at
    once, keeping its last known value for display, and a gap is recorded.

    Args:
        connector: Opens the sessions.
        tags: What is scanned.
    """

    def __init__(self, connector: Connector, tags: Sequence[Tag]) -> None:
        self._connector = connector
        self._tags = tuple(tags)
        self._latest = {tag.name: never_read(BAD_WAITING, monotonic()) for tag in tags}
        self._scanned = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.state = State.DISCONNECTED
        self.reason = ""
        self.scans = 0
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
    def stale_after_s(self) -> float:
        """Age from which a reading is stale: three scan periods."""
        return STALE_SCANS * self._connector.scan_s

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
        self.state = State.DISCONNECTED

    def latest(self) -> Mapping[str, DataValue]:
        """Returns the latest reading of each tag; one older than three scans is not good."""
        now, limit = monotonic(), self.stale_after_s
        by_source = self._connector.has_cyclic_stamps
        return {
            name: aged(reading, now, limit, by_source=by_source)
            for name, reading in self._latest.items()
        }

    async def next_scan(self) -> None:
        """Waits for the next scan, or for the loss of the connection."""
        async with self._scanned:
            await self._scanned.wait()

    async def _supervise(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            session = await self._connect()
            opened_s = monotonic()
            try:
                await self._scan(session)
            except NotConnected as error:
                await self._lose(error.endpoints.get(self.name, str(error)))
            except Exception as error:  # the supervisor: a fault in one session must not end it
                _logger.exception("connection %s: unexpected error", self.name)
                await self._lose(f"unexpected {type(error).__name__}: {error}")
            finally:
                await session.close()
            # Sessions that end soon must not follow each other at full speed.
            if monotonic() - opened_s > _STABLE_AFTER_S:
                pause_s = _FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2.0 * pause_s, _LAST_PAUSE_S)

    async def _connect(self) -> Session:
        self.state = State.CONNECTING
        retrying = AsyncRetrying(
            wait=_back_off(),
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
            self._latest |= await session.read(self._tags)
        except BaseException as error:
            if session is not None:
                await session.close()
            if isinstance(error, NotConnected) or not isinstance(error, Exception):
                raise
            _logger.exception("connection %s: unexpected error", self.name)
            reason = f"unexpected {type(error).__name__}: {error}"
            raise NotConnected({self.name: reason}) from error
        return session

    def _note_attempt(self, attempt: RetryCallState) -> None:
        error = attempt.outcome.exception() if attempt.outcome else None
        if isinstance(error, NotConnected):
            self.reason = error.endpoints.get(self.name, str(error))

    async def _scan(self, session: Session) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        await self._announce(State.CONNECTED)
        while True:
            due = max(due + self._connector.scan_s, loop.time())
            await asyncio.sleep(due - loop.time())
            self._latest |= await session.read(self._tags)
            await self._announce(State.CONNECTED)

    async def _lose(self, reason: str) -> None:
        self.reason = reason
        self._latest = {
            name: reading.with_status(BAD_NO_COMMUNICATION)
            for name, reading in self._latest.items()
        }
        if not self.gaps or self.gaps[-1].end is not None:
            self.gaps.append(Gap(datetime.now(UTC), reason))
        await self._announce(State.DISCONNECTED)

    async def _announce(self, state: State) -> None:
        self.state = state
        if state is State.CONNECTED:
            self.scans += 1
            self.reason = ""
            if self.gaps and self.gaps[-1].end is None:
                last = self.gaps.pop()
                self.gaps.append(Gap(last.start, last.reason, datetime.now(UTC)))
        async with self._scanned:
            self._scanned.notify_all()
