"""A device in memory: it holds values, tells changes, and can be disturbed like a real one."""

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
"""How many changes it keeps for a subscriber."""
_OVERFLOW = 0x0480


@dataclass(frozen=True, slots=True)
class HeldValue:
    """What stands at one node.

    Attributes:
        type: In which the device holds it.
    """

    value: Value | Array | None
    status: StatusCode
    source_time: datetime
    type: DeviceType


@dataclass(slots=True)
class Subscriber:
    """A subscriber: what it has not fetched yet, and how much of it was lost.

    Attributes:
        tags: By node; several tags may name one.
    """

    tags: Mapping[str, Sequence[str]]
    queue: deque[Sample] = field(default_factory=deque[Sample])
    overflows: int = 0
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, samples: Sequence[Sample]) -> None:
        """Takes changes; the oldest give way, and the one after them says so."""
        self.queue += samples
        while len(self.queue) > QUEUE:
            self.queue.popleft()
            self.overflows += 1
            name, reading = self.queue[0]
            self.queue[0] = name, reading.with_status(StatusCode(reading.status | _OVERFLOW))
        self.news.set()


class FakeDevice:
    """Holds values by node, and is the `Link` to itself.

    Attributes:
        writes: What clients have written; a connector must leave it empty.
        loss: Grows with each loss; a session that began before one is lost.
    """

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.loss = 0
        self._held: dict[str, HeldValue] = {}
        self._refused: set[str] = set()
        self._ears: list[Subscriber] = []
        self._is_cut = False
        self._delay_s = 0.0
        self._speaks = asyncio.Event()
        self._speaks.set()

    def hold(
        self,
        tag: Tag,
        value: Value | Array | None,
        status: StatusCode = GOOD,
        *,
        type_: DeviceType = "float64",
        source_time: datetime | None = None,
    ) -> None:
        """Holds a value at a tag's node from now on, and tells who has subscribed to it.

        Args:
            type_: In which the device holds it; of a node that is there already it stays.
            source_time: When it was sampled; now, if it does not say.
        """
        node = str(tag.address)
        if node in self._held:
            type_ = self._held[node].type
        self._held[node] = HeldValue(value, status, source_time or datetime.now(UTC), type_)
        self._refused.discard(node)
        self._tell(node)

    def refuse(self, tag: Tag) -> None:
        """Refuses a tag's node from now on, until it is held anew."""
        self._refused.add(str(tag.address))
        self._tell(str(tag.address))

    def cut(self) -> None:
        """Hangs up, and on whoever calls, until mended."""
        self._is_cut = True
        self._lose()

    def half_open(self) -> None:
        """Falls silent until mended."""
        self._speaks.clear()

    def delay(self, seconds: float) -> None:
        """Answers so much later, each way."""
        self._delay_s = 2.0 * seconds

    def mend(self) -> None:
        """Is well again; who was called in the silence has to call anew."""
        self._is_cut, self._delay_s = False, 0.0
        if not self._speaks.is_set():
            self._lose()
            self._speaks.set()

    def apply(self, wire: bytes) -> None:
        """Carries out a write of `FakeEncoder`, as if it had been approved."""
        node, value = json.loads(wire)
        held = self._held[node]
        self._held[node] = HeldValue(value, GOOD, datetime.now(UTC), held.type)
        self._tell(node)

    async def answer(self, loss: int, timeout_s: float) -> None:
        """Lets a request through, after the delay.

        Args:
            loss: The device's, when the session began.

        Raises:
            ConnectionError: The session is lost, or nobody is to be reached.
            TimeoutError: There was no answer in time.
        """
        async with asyncio.timeout(timeout_s):
            await asyncio.sleep(self._delay_s)
            await self._speaks.wait()
        if self._is_cut or loss != self.loss:
            raise ConnectionError("connection reset by peer")

    @property
    def speaks(self) -> bool:
        """Whether it answers at all."""
        return self._speaks.is_set()

    @property
    def nodes(self) -> Mapping[str, HeldValue]:
        """What it holds, by node."""
        return self._held

    def reading_of(self, tag: Tag) -> DataValue:
        """Returns what it would answer now."""
        return self._reading(str(tag.address))

    def listen(self, tags: Sequence[Tag]) -> Subscriber:
        """Begins to tell the changes of these tags, what it holds now first."""
        names: dict[str, list[str]] = {}
        for tag in tags:
            names.setdefault(str(tag.address), []).append(tag.name)
        ear = Subscriber(names)
        ear.hear([(tag.name, self.reading_of(tag)) for tag in tags])
        self._ears.append(ear)
        return ear

    def _reading(self, node: str) -> DataValue:
        now = monotonic()
        if node not in self._held:
            return never_read(BAD_NODE_UNKNOWN, now)
        if node in self._refused:
            return never_read(BAD_NOT_READABLE, now)
        held = self._held[node]
        return DataValue(held.value, held.status, held.source_time, datetime.now(UTC), now)

    def _tell(self, node: str) -> None:
        for ear in self._ears:
            ear.hear([(name, self._reading(node)) for name in ear.tags.get(node, ())])

    def _lose(self) -> None:
        self.loss += 1
        for ear in self._ears:
            ear.news.set()
        self._ears.clear()
