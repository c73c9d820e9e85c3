"""Requests of a plan and the decoders of their answers, compiled once and used each scan."""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import repeat
from operator import itemgetter
from typing import Any, cast

from ..model.tags import Order, Table, Tag
from ..model.values import BAD_SENSOR_FAILURE, GOOD, DataValue, StatusCode
from .codec import Convert, RegisterLayout, register_address, register_layout
from .request import BIT_TABLES, Request, read_request

Decode = Callable[[bytes, float], dict[str, DataValue]]
"""Turns an answer's data and the time of its request into readings of the block's tags."""


@dataclass(frozen=True)
class Block:
    """One request for adjacent items, and the tags that lie in it."""

    unit: int
    table: Table
    start: int
    count: int
    tags: tuple[Tag, ...]
    order: Order = "ABCD"  # byte and word order of tags without one of their own

    @cached_property
    def request(self) -> Request:
        """The encoded request."""
        return read_request(self.unit, self.table, self.start, self.count)

    @cached_property
    def decode(self) -> Decode:
        """Decoder of its answers."""
        names = [tag.name for tag in self.tags]
        offsets = [register_address(tag).address - self.start for tag in self.tags]
        if self.table in BIT_TABLES:
            return _bits(names, offsets)
        items = [register_layout(tag, self.order) for tag in self.tags]
        return _registers(names, [2 * offset for offset in offsets], items)


# Like DataValue._make, but without a Python frame for each of 10,000 tags.
_READING = cast("Callable[[tuple[Any, ...]], DataValue]", partial(tuple.__new__, DataValue))


def _bits(names: Sequence[str], offsets: Sequence[int]) -> Decode:
    # Source: Modbus Application Protocol 1.1b3, 6.1: the first bit is the lowest of a byte.
    places = [(name, at >> 3, 1 << (at & 7)) for name, at in zip(names, offsets, strict=True)]

    def decode(data: bytes, asked_s: float) -> dict[str, DataValue]:
        return {
            name: DataValue(bool(data[byte] & mask), GOOD, None, None, asked_s)
            for name, byte, mask in places
        }

    return decode


def _registers(
    names: Sequence[str], starts: Sequence[int], items: Sequence[RegisterLayout]
) -> Decode:
    unpack, convert = _unpack(starts, items), _convert([each.convert for each in items])

    def decode(data: bytes, asked_s: float) -> dict[str, DataValue]:
        values = convert(unpack(data))
        statuses: Iterable[StatusCode] = repeat(GOOD)
        if None in values:
            statuses = [BAD_SENSOR_FAILURE if value is None else GOOD for value in values]
        fields = zip(values, statuses, repeat(None), repeat(None), repeat(asked_s))
        return dict(zip(names, map(_READING, fields), strict=True))

    return decode


def _convert(converts: Sequence[Convert | None]) -> Callable[[tuple[Any, ...]], Sequence[Any]]:
    if not any(converts):
        return lambda raws: raws
    first = converts[0]
    if first is not None and all(each is first for each in converts):
        return lambda raws: [first(raw) for raw in raws]
    return lambda raws: [
        raw if convert is None else convert(raw)
        for raw, convert in zip(raws, converts, strict=True)
    ]


def _unpack(
    starts: Sequence[int], items: Sequence[RegisterLayout]
) -> Callable[[bytes], tuple[Any, ...]]:
    """Returns a function that unpacks all items, in place or after gathering their bytes."""
    form, at = ">", 0
    for start, each in zip(starts, items, strict=True):
        size = len(each.places)
        if start < at or each.places != tuple(range(size)):
            break
        form += f"{start - at}x{each.form}"
        at = start + size
    else:
        return struct.Struct(form).unpack_from
    gather = itemgetter(
        *(start + each for start, part in zip(starts, items, strict=True) for each in part.places)
    )
    unpack = struct.Struct(">" + "".join(each.form for each in items)).unpack
    return lambda data: unpack(bytes(gather(data)))
