"""Reads of tags in chunks, each in one request."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from time import monotonic
from typing import cast

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from ..model.tags import NodeAddress, Tag
from ..model.values import BAD_NODE_UNKNOWN, GOOD, DataValue, Quality, StatusCode, never_read
from .codec import plain, reading, utc
from .node_ids import Nodes
from .services import Services, attribute, standard

_SERVER_TIME = attribute(standard(ObjectIds.Server_ServerStatus_CurrentTime))
_MOST_ELEMENTS = 2_000  # of arrays in one Read, since others wait; one array cannot be split

_INFORMATION = 0xFFFF
_REFUSALS = frozenset(
    {
        StatusCodes.BadAttributeIdInvalid,
        StatusCodes.BadIndexRangeInvalid,
        StatusCodes.BadIndexRangeNoData,
        StatusCodes.BadNodeIdInvalid,
        StatusCodes.BadNodeIdUnknown,
        StatusCodes.BadNotReadable,
        StatusCodes.BadSecurityModeInsufficient,
        StatusCodes.BadUserAccessDenied,
    }
)
_Known = tuple[Tag, ua.NodeId]


class TagReader:
    """Reads the tags of one session, and keeps the `refusals` of the server.

    With `has_cyclic_stamps` the server's clock is read too, for the age by the source times.
    """

    def __init__(self, services: Services, nodes: Nodes, *, has_cyclic_stamps: bool) -> None:
        self.refusals = RefusedTags()
        self._services = services
        self._nodes = nodes
        self._has_clock = has_cyclic_stamps
        self._lengths: dict[str, int] = {}  # last number of elements of each array, by tag

    async def read(self, tags: Sequence[Tag]) -> dict[str, DataValue]:
        """Reads the tags in chunks. See `Session.read`."""
        found = [(tag, self._nodes.node(tag)) for tag in tags]
        values: dict[str, DataValue] = {}
        for chunk in self._chunks([(tag, node) for tag, node in found if node is not None]):
            values |= await self._read(chunk)
            await asyncio.sleep(0)
        now_s = monotonic()
        for tag, node in found:
            if node is None:
                values[tag.name] = never_read(self._nodes.refusal(tag), now_s)
        self.refusals.take(values)
        return values

    async def _read(self, chunk: Sequence[_Known]) -> dict[str, DataValue]:
        items = [_item(tag, node) for tag, node in chunk]
        has_clock = self._has_clock and self._services.most_nodes > 1
        items += [_SERVER_TIME] * has_clock
        results = await self._services.read(items, has_structures=False)
        now_s = monotonic()
        server_time = _server_time(*plain(results[-1])) if has_clock else None
        values: dict[str, DataValue] = {}
        for (tag, _), result in zip(chunk, results, strict=False):  # the clock is the last
            source_time = utc(result.SourceTimestamp)
            value = reading(tag, *plain(result), source_time, server_time, now_s)
            values[tag.name] = value
            if tag.is_array:
                self._lengths[tag.name] = len(cast(tuple[object, ...], value.value or ()))
        return values

    def _chunks(self, known: Sequence[_Known]) -> Iterator[list[_Known]]:
        # With a limit of one node there is no place for the clock.
        most = max(self._services.most_nodes - self._has_clock, 1)
        chunk: list[_Known] = []
        elements = 0
        for tag, node in known:
            length = self._lengths.get(tag.name, 0)
            if chunk and (len(chunk) == most or elements + length > _MOST_ELEMENTS):
                yield chunk
                chunk, elements = [], 0
            chunk.append((tag, node))
            elements += length
        if chunk:
            yield chunk


def _item(tag: Tag, node: ua.NodeId) -> ua.ReadValueId:
    item = attribute(node)
    if isinstance(tag.address, NodeAddress) and tag.address.index:
        item.IndexRange = ua.NumericRange(tag.address.index)
    return item


def _server_time(raw: object, status: StatusCode) -> datetime | None:
    if isinstance(raw, datetime) and status.quality is not Quality.BAD:
        return utc(raw)
    return None


class RefusedTags:
    """Refused tags, as of the last read of each."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @property
    def has_unknown(self) -> bool:
        """Whether the server does not know the node of a tag."""
        return BAD_NODE_UNKNOWN.name in self._reasons.values()

    def take(self, readings: Mapping[str, DataValue]) -> None:
        """Takes the readings of some tags."""
        others = {name: each[1] for name, each in readings.items() if each[1] is not GOOD}
        if not others and not self._reasons:
            return
        kept = {name: why for name, why in self._reasons.items() if name not in readings}
        self._reasons = kept | {
            name: status.name
            for name, status in others.items()
            if status & ~_INFORMATION in _REFUSALS
        }

    def faults(self) -> dict[str, str]:
        """Returns the number of refused tags by reason. See `Session.faults`."""
        return count_reasons(self._reasons.values())


def count_reasons(reasons: Iterable[str]) -> dict[str, str]:
    """Returns the number of tags for each reason, as a fault such as `2 tags`."""
    by_count: dict[int, list[str]] = {}
    for reason, count in Counter(reasons).items():
        by_count.setdefault(count, []).append(reason)
    return {
        f"{count} tag{'s' * (count > 1)}{' each' * (len(each) > 1)}": ", ".join(each)
        for count, each in by_count.items()
    }
