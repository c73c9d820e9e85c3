"""A device in memory that holds values, reports changes and can be disturbed."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic

from ..model.coercion import DeviceType
from ..model.tags import Tag
from ..model.values import BAD_NODE_UNKNOWN, GOOD, Array, DataValue, StatusCode, Value, never_read
from ..session.protocols import Sample

BAD_NOT_READABLE = StatusCode(0x803A0000)
QUEUE = 100
"""Limit of changes kept for a subscriber."""


@dataclass(frozen=True, slots=True)
class HeldValue:
    """Content of one node."""

    value: Value | Array | None
    status: StatusCode
    source_time: datetime
    type: DeviceType  # type in which the device holds it


@dataclass(slots=True)
class Subscriber:
    """A subscriber with its unfetched changes and the number of lost ones."""

    tags: Mapping[str, Sequence[str]]  # tag names by node, which several tags may share
    queue: deque[Sample] = field(default_factory=deque[Sample])
    overflows: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, samples: Sequence[Sample]) -> None:
        """Adds changes. The oldest are dropped, and the next one is marked."""
        self.queue += samples
        while len(self.queue) > QUEUE:
            self.queue.popleft()
            self.overflows += 1
            name, reading = self.queue[0]
            self.queue[0] = name, reading.with_overflow()
        self.changed.set()


class FakeDevice:
    """Holds values by node, and is also the `Link` to itself.

    Attributes:
        writes: Writes of clients. A connector must leave it empty.
        loss: Number of losses. A session that began before the last one is lost.
        nodes: Its values by node.
    """

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.loss = 0
        self.nodes: dict[str, HeldValue] = {}
        self._refused: set[str] = set()
        self._subscribers: list[Subscriber] = []
        self._is_cut = False
        self._delay_s = 0.0
        self._responding = asyncio.Event()
        self._responding.set()

    def set_value(
        self,
        tag: Tag,
        value: Value | Array | None,
        status: StatusCode = GOOD,
        *,
        type_: DeviceType = "float64",
        source_time: datetime | None = None,
    ) -> None:
        """Sets the value of a tag's node and reports it to subscribers.

        Args:
            type_: Type in which the device holds it. An existing node keeps its type.
            source_time: Time of sampling; by default now.
        """
        node = str(tag.address)
        if node in self.nodes:
            type_ = self.nodes[node].type
        self.nodes[node] = HeldValue(value, status, source_time or datetime.now(UTC), type_)
        self._refused.discard(node)
        self._notify(node)

    def refuse(self, tag: Tag) -> None:
        """Refuses a tag's node until its value is set again."""
        self._refused.add(str(tag.address))
        self._notify(str(tag.address))

    def cut(self) -> None:
        """Closes every connection, and refuses new ones until mended."""
        self._is_cut = True
        self._mark_lost()

    def half_open(self) -> None:
        """Stops answering until mended."""
        self._responding.clear()

    def delay(self, seconds: float) -> None:
        """Delays answers by this time each way."""
        self._delay_s = 2.0 * seconds

    def mend(self) -> None:
        """Ends all disturbances. Sessions from a silence are lost."""
        self._is_cut, self._delay_s = False, 0.0
        if not self._responding.is_set():
            self._mark_lost()
            self._responding.set()

    def apply(self, wire: bytes) -> None:
        """Applies a write of `FakeEncoder`, as if it had been approved."""
        node, value = json.loads(wire)
        held = self.nodes[node]
        self.nodes[node] = HeldValue(value, GOOD, datetime.now(UTC), held.type)
        self._notify(node)

    async def answer(self, loss: int, timeout_s: float) -> None:
        """Answers a request after the delay.

        Args:
            loss: The device's `loss` when the session began.

        Raises:
            ConnectionError: The session is lost, or the device cannot be reached.
            TimeoutError: There was no answer in time.
        """
        async with asyncio.timeout(timeout_s):
            await asyncio.sleep(self._delay_s)
            await self._responding.wait()
        if self._is_cut or loss != self.loss:
            raise ConnectionError("connection reset by peer")

    @property
    def is_responding(self) -> bool:
        """Whether it answers at all."""
        return self._responding.is_set()

    def reading_of(self, tag: Tag) -> DataValue:
        """Returns its present reading of a tag."""
        return self._reading(str(tag.address))

    def subscribe(self, tags: Sequence[Tag]) -> Subscriber:
        """Begins to report the changes of these tags, after their present values."""
        names: dict[str, list[str]] = {}
        for tag in tags:
            names.setdefault(str(tag.address), []).append(tag.name)
        subscriber = Subscriber(names)
        subscriber.add([(tag.name, self.reading_of(tag)) for tag in tags])
        self._subscribers.append(subscriber)
        return subscriber

    def _reading(self, node: str) -> DataValue:
        now = monotonic()
        if node not in self.nodes:
            return never_read(BAD_NODE_UNKNOWN, now)
        if node in self._refused:
            return never_read(BAD_NOT_READABLE, now)
        held = self.nodes[node]
        return DataValue(held.value, held.status, held.source_time, None, now)

    def _notify(self, node: str) -> None:
        for subscriber in self._subscribers:
            subscriber.add([(name, self._reading(node)) for name in subscriber.tags.get(node, ())])

    def _mark_lost(self) -> None:
        self.loss += 1
        for subscriber in self._subscribers:
            subscriber.changed.set()
        self._subscribers.clear()
