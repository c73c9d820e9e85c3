"""Reads of tags, planned once for each set and with two requests in flight."""

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import cast

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua import ua_binary
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaError

from ..model.tags import Tag
from ..model.values import DataValue
from .wire.data_values import read_results
from .wire.fast_read import PendingRead, is_supported, send
from .wire.node_ids import Nodes
from .wire.publish_requests import protocol_of
from .wire.read_chunk import Chunk
from .wire.refused_tags import RefusedTags
from .wire.services import Services

_IN_FLIGHT = 2
_MOST_ELEMENTS = 2_000  # of arrays in one Read, since others wait; one array cannot be split
_PLANS = 64  # for a connection's intervals and for single reads


class TagReader:
    """Reads the tags of one session, and keeps the `refusals` of the server.

    With `has_cyclic_stamps` the server's clock is read too, for the age by the source times.
    """

    def __init__(self, services: Services, nodes: Nodes, *, has_cyclic_stamps: bool) -> None:
        self.refusals = RefusedTags()
        self._services = services
        self._nodes = nodes
        self._has_clock = has_cyclic_stamps
        self._plans: deque[_Plan] = deque(maxlen=_PLANS)

    def forget(self) -> None:
        """Discards the plans, since node ids may have changed."""
        self._plans.clear()

    async def read(self, tags: Sequence[Tag]) -> dict[str, DataValue]:
        """Reads the tags in chunks. See `Session.read`."""
        plan = self._plan(tuple(tags))
        values = await (self._read_fast(plan) if is_supported() else self._read_slowly(plan))
        self.refusals.take(values)
        return values

    async def _read_slowly(self, plan: "_Plan") -> dict[str, DataValue]:
        values: dict[str, DataValue] = {}
        for place in range(plan.count):
            chunk = await plan.chunk(place)
            if chunk.items:
                results = await self._services.read(chunk.items)
                readings = chunk.decoded(results, monotonic())
                plan.weigh(chunk, readings)
                values |= readings
            values |= chunk.missing(monotonic())
        return values

    async def _read_fast(self, plan: "_Plan") -> dict[str, DataValue]:
        values: dict[str, DataValue] = {}
        in_flight: deque[tuple[Chunk, PendingRead]] = deque()
        coming = iter(range(plan.count))
        try:
            while True:
                # The server works on the next request while this answer is decoded.
                for place in coming:
                    chunk = await plan.chunk(place)
                    values |= chunk.missing(monotonic())
                    if chunk.items:
                        in_flight.append((chunk, await self._services.asked(self._send(chunk))))
                    if len(in_flight) == _IN_FLIGHT:
                        break
                if not in_flight:
                    return values
                chunk, sent = in_flight[0]
                answer = await self._services.asked(sent.answer)
                in_flight.popleft()
                readings = await self._decoded(chunk, answer, sent.handle)
                values |= readings
                if plan.weigh(chunk, readings):
                    await asyncio.sleep(0)  # without it, a waiting answer would be decoded next
        finally:
            for _, sent in in_flight:
                if not sent.answer.cancel() and not sent.answer.cancelled():
                    sent.answer.exception()  # retrieved, since the loss is already reported

    async def _send(self, chunk: Chunk) -> PendingRead:
        client = self._services.client
        protocol = protocol_of(client)
        if client.pre_request_hook is not None:
            await client.pre_request_hook()  # raises the errors of asyncua's own tasks
        return send(protocol, chunk.encoded, self._services.timeout_s)

    async def _decoded(self, chunk: Chunk, answer: Buffer, handle: int) -> dict[str, DataValue]:
        now_s = monotonic()
        with self._services.translated():
            columns = chunk.columns(answer.copy().read(len(answer)), handle)
        if columns is not None:
            return chunk.readings(columns, now_s)
        await asyncio.sleep(0)  # asyncua takes up to 5 ms
        with self._services.translated():
            results = _decoded_by_asyncua(answer, handle)
        return chunk.decoded(self._services.matching(results, len(chunk.items)), now_s)

    def _plan(self, tags: tuple[Tag, ...]) -> "_Plan":
        for place, plan in enumerate(self._plans):
            if plan.tags == tags:
                if plan.is_too_heavy:  # replaced and not changed, because it may be in use
                    self._plans[place] = self._planned(tags, plan.weights)
                return self._plans[place]
        self._plans.append(self._planned(tags, {}))
        return self._plans[-1]

    def _planned(self, tags: tuple[Tag, ...], weights: Mapping[str, int]) -> "_Plan":
        most = self._services.most_nodes
        has_clock = self._has_clock and most > 1  # with a limit of 1 there is no place for it
        return _Plan(tags, self._nodes, most - has_clock, weights, has_clock=has_clock)


class _Plan:
    """Chunks in which a set of tags is read, each prepared at its first read.

    `size` is the number of tags in a chunk, `weights` the last number of elements of each array,
    by tag name.
    """

    def __init__(
        self,
        tags: tuple[Tag, ...],
        nodes: Nodes,
        size: int,
        weights: Mapping[str, int],
        *,
        has_clock: bool,
    ) -> None:
        self.tags = tags
        self._nodes = nodes
        self._has_clock = has_clock
        self._size = size
        self.weights = dict(weights)
        self.is_too_heavy = False  # whether a chunk took too long to decode
        self._parts = self._cut()
        self._chunks: dict[int, Chunk] = {}

    @property
    def count(self) -> int:
        return len(self._parts)

    async def chunk(self, place: int) -> Chunk:
        if place not in self._chunks:
            self._chunks[place] = Chunk(self._parts[place], self._nodes, has_clock=self._has_clock)
            await asyncio.sleep(0)  # this took 2 ms, and encoding takes 1 ms
        return self._chunks[place]

    def weigh(self, chunk: Chunk, readings: Mapping[str, DataValue]) -> bool:
        """Notes the lengths of its arrays and returns whether it has any."""
        weights = {name: _length(readings[name].value) for name in chunk.arrays}
        self.weights |= weights
        if sum(weights.values()) > _MOST_ELEMENTS and len(chunk.tags) > 1:
            self.is_too_heavy = True
        return bool(weights)

    def _cut(self) -> list[tuple[Tag, ...]]:
        parts: list[list[Tag]] = []
        total = 0
        for tag in self.tags:
            weight = self.weights.get(tag.name, 0)
            total += weight
            if not parts or total > _MOST_ELEMENTS or len(parts[-1]) == self._size:
                parts.append([])
                total = weight
            parts[-1].append(tag)
        return [tuple(part) for part in parts]


def _length(value: object) -> int:
    return len(cast(tuple[object, ...], value)) if isinstance(value, tuple) else 0


def _decoded_by_asyncua(answer: Buffer, handle: int) -> list[ua.DataValue]:
    head = answer.copy()
    kind = ua_binary.nodeid_from_binary(head)
    header = ua_binary.struct_from_binary(ua.ResponseHeader, head)
    cast(ua.StatusCode, header.ServiceResult).check()
    is_read = kind.Identifier == ObjectIds.ReadResponse_Encoding_DefaultBinary
    if not is_read or header.RequestHandle != handle:
        raise UaError("the answer is to another request")
    return read_results(answer, has_structures=False)
