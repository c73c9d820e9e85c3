"""Tags of one Read, and the conversion of its answers into readings."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import repeat
from math import isfinite
from sys import float_info
from typing import cast

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from ...model.tags import Kind, NodeAddress, Tag
from ...model.values import GOOD, DataValue, Quality, StatusCode, never_read
from .codec import plain, reading, utc
from .fast_read import EncodedRead
from .node_ids import Nodes
from .read_answers import Answers, Columns, column
from .services import attribute, standard
from .source_times import SourceTimes

_SERVER_TIME = attribute(standard(ObjectIds.Server_ServerStatus_CurrentTime))
_AS_IS: Mapping[Kind, type] = {"bool": bool, "enum": int, "float": float, "int": int, "string": str}
_MOST = float_info.max
_DATA_VALUE = partial(tuple.__new__, DataValue)  # takes half the time of the constructor


class Chunk:
    """The tags and items of one Read.

    Attributes:
        tags: Those that are asked for.
        unknown: Tags without a node.
        items: Items of the request, with the server's time if `has_clock`; may be empty.
        arrays: Names of the tags that are arrays.
    """

    def __init__(self, tags: Sequence[Tag], nodes: Nodes, *, has_clock: bool) -> None:
        found = [(tag, nodes.node(tag)) for tag in tags]
        known = [(tag, node) for tag, node in found if node is not None]
        self._nodes = nodes
        self.tags = tuple(tag for tag, _ in known)
        self.unknown = tuple(tag for tag, node in found if node is None)
        self.items = [_item(tag, node) for tag, node in known]
        self._has_clock = has_clock and bool(known)
        if self._has_clock:
            self.items.append(_SERVER_TIME)
        self.arrays = tuple(tag.name for tag in self.tags if tag.is_array)
        self._names = tuple(tag.name for tag in self.tags)
        self._as_is = tuple(_plain_type(tag) for tag in self.tags)
        self._types = self._as_is + (datetime,) * self._has_clock
        floats = [place for place, each in enumerate(self._as_is) if each is float]
        self._floats = column(floats) if floats else None
        self._times = SourceTimes(len(self.items))
        self._answers = Answers(len(self.items))
        self._encoded: EncodedRead | None = None

    @property
    def encoded(self) -> EncodedRead:
        """The encoded request."""
        if self._encoded is None:
            self._encoded = EncodedRead(self.items)
        return self._encoded

    def columns(self, body: bytes, handle: int) -> Columns | None:
        """Decodes an answer. See `Answers.columns`."""
        return self._answers.columns(body, handle)

    def missing(self, now_s: float) -> dict[str, DataValue]:
        """Returns the readings of the tags without a node."""
        return {tag.name: never_read(self._nodes.refusal(tag), now_s) for tag in self.unknown}

    def decoded(self, results: Sequence[ua.DataValue], now_s: float) -> dict[str, DataValue]:
        """Returns the readings from results that asyncua has decoded."""
        clock = plain(results[-1]) if self._has_clock else (None, GOOD)
        server_time = _server_time(*clock)
        readings: dict[str, DataValue] = {}
        for tag, result in zip(self.tags, results, strict=False):  # the clock is the last
            source_time = utc(result.SourceTimestamp)
            readings[tag.name] = reading(tag, *plain(result), source_time, server_time, now_s)
        return readings

    def readings(self, columns: Columns, now_s: float) -> dict[str, DataValue]:
        """Returns the readings of an answer, the same as `decoded` would."""
        raws, statuses, sources = columns
        clock = (raws[-1], StatusCode(statuses[-1])) if self._has_clock else (None, GOOD)
        server_time, times = _server_time(*clock), self._times.of(sources)
        rows = zip(raws, repeat(GOOD), times, repeat(server_time), repeat(now_s), strict=False)
        all_good = map(_DATA_VALUE, rows)
        readings = dict(zip(self._names, all_good, strict=False))
        for place in self._others(raws, statuses):
            tag, status = self.tags[place], StatusCode(statuses[place])
            readings[tag.name] = reading(tag, raws[place], status, times[place], server_time, now_s)
        return readings

    def _others(self, raws: Sequence[object], statuses: Sequence[int]) -> list[int]:
        """Returns the places of values that are not good, finite and of the tag's type."""
        if not any(statuses) and tuple(map(type, raws)) == self._types:
            floats = self._floats(raws) if self._floats else ()
            if isfinite(sum(cast(tuple[float, ...], floats))):
                return []
        return [
            place
            for place, (as_is, raw, status) in enumerate(
                zip(self._as_is, raws, statuses, strict=False)
            )
            if status
            or type(raw) is not as_is
            or (as_is is float and not -_MOST <= cast(float, raw) <= _MOST)
        ]


def _item(tag: Tag, node: ua.NodeId) -> ua.ReadValueId:
    item = attribute(node, AttributeIds.Value)
    if isinstance(tag.address, NodeAddress) and tag.address.index:
        item.IndexRange = ua.NumericRange(tag.address.index)
    return item


def _plain_type(tag: Tag) -> type | None:
    """Returns the type of a value that needs no conversion."""
    return None if tag.is_array or tag.is_scaled else _AS_IS[tag.kind]


def _server_time(raw: object, status: StatusCode) -> datetime | None:
    if isinstance(raw, datetime) and status.quality is not Quality.BAD:
        return utc(raw)
    return None
