"""Plans as few Modbus reads as the device allows, and learns which it refuses."""

import asyncio
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise

from ..model.tags import Order, Table, Tag
from .block import Block
from .codec import register_address

MAX_ITEMS: Mapping[Table, int] = {"coil": 2000, "discrete": 2000, "input": 125, "holding": 125}

_Place = tuple[int, Table]  # unit and table
_Piece = tuple[int, int, int, Tag]  # first address, the one behind the last, number, tag
_TAGS_AT_ONCE = 500


class Planner:
    """Merges tags into blocks across gaps, but not across refused addresses.

    A refused block is split at its widest gap and asked again, until the parts are accepted or a
    part is a single tag. The borders are kept until the unit answers for an address that it
    refused, because its memory map has then changed.

    Args:
        most: Limit of items in one request, by table.
        unit: Unit of tags that name none.
        order: Byte and word order of tags without one of their own.

    Source: own; merging over gaps is what users of comparable connectors ask for most.
    """

    def __init__(
        self, most: Mapping[Table, int] = MAX_ITEMS, unit: int = 1, order: Order = "ABCD"
    ) -> None:
        self._most = most
        self._unit = unit
        self._order: Order = order
        self._borders: dict[_Place, set[int]] = {}
        self._refused: dict[_Place, list[int]] = {}  # in ascending order
        self._plans: dict[tuple[str, ...], list[Block]] = {}

    async def plan(self, tags: Sequence[Tag]) -> list[Block]:
        """Returns the blocks that cover these tags, units ascending. Kept until it learns.

        It yields to the event loop, since planning may take long.
        """
        key = tuple(tag.name for tag in tags)
        if key not in self._plans:
            blocks: list[Block] = []
            for block in self._blocks(tags):
                if block is None:
                    await asyncio.sleep(0)
                else:
                    blocks.append(block)
            self._plans[key] = blocks
        return self._plans[key]

    def accept(self, block: Block) -> None:
        """Forgets what was learned of a unit if it answered for a refused address."""
        if self._refused and self._has_refused((block.unit, block.table), *_span(block)):
            for learned in (self._borders, self._refused):
                for place in [each for each in learned if each[0] == block.unit]:
                    del learned[place]
            self._plans.clear()

    def single(self, tag: Tag) -> Block:
        """Returns the block of one tag, refused or not."""
        return self._merge([tag])[0]

    def split(self, block: Block) -> list[Block]:
        """Splits a refused block at its widest gap, unless it has only one address."""
        place = (block.unit, block.table)
        self._plans.clear()
        ends: dict[int, int] = {}
        for tag in block.tags:
            start = register_address(tag).address
            ends[start] = max(_end(tag), ends.get(start, 0))
        starts = sorted(ends)
        if len(starts) < 2:
            self._refuse(place, block)
            return []
        middle = (starts[0] + starts[-1]) / 2.0
        gaps = [
            (start - ends[before], -abs(start - middle), start)
            for before, start in pairwise(starts)
        ]
        border = max(gaps, key=lambda gap: gap[:2])[2]
        self._borders.setdefault(place, set()).add(border)
        return self._merge(block.tags)

    def _refuse(self, place: _Place, block: Block) -> None:
        known = self._refused.setdefault(place, [])
        for address in range(*_span(block)):
            if not self._has_refused(place, address, address + 1):
                insort(known, address)

    def _has_refused(self, place: _Place, start: int, end: int) -> bool:
        known = self._refused.get(place, [])
        at = bisect_left(known, start)
        return at < len(known) and known[at] < end

    def _merge(self, tags: Iterable[Tag]) -> list[Block]:
        return [block for block in self._blocks(tags) if block is not None]

    def _blocks(self, tags: Iterable[Tag]) -> Iterator[Block | None]:
        """Yields the blocks, and `None` after each 1 ms of work or so."""
        places: dict[_Place, list[_Piece]] = {}
        for number, tag in enumerate(tags):
            address = register_address(tag)
            unit = self._unit if address.unit is None else address.unit
            start = address.address
            piece = (start, start + address.count, number, tag)
            places.setdefault((unit, address.table), []).append(piece)
            if number % _TAGS_AT_ONCE == _TAGS_AT_ONCE - 1:
                yield None
        for place in sorted(places):
            done = 0
            for block in self._runs(place, places[place]):
                yield block
                done += len(block.tags)
                if done >= _TAGS_AT_ONCE:
                    done = 0
                    yield None

    def _runs(self, place: _Place, pieces: list[_Piece]) -> Iterator[Block]:
        most, borders = self._most[place[1]], self._borders.get(place, set())
        is_limited = place in self._refused
        run: list[Tag] = []
        start = end = 0
        pieces.sort()
        for first, last, _, tag in pieces:
            stop = max(end, last)
            if run and (
                first in borders
                or stop - start > most
                or (is_limited and self._has_refused(place, start, stop))
            ):
                yield Block(*place, start, end - start, tuple(run), self._order)
                run = []
            if not run:
                start, stop = first, last
            run.append(tag)
            end = stop
        if run:
            yield Block(*place, start, end - start, tuple(run), self._order)


def _span(block: Block) -> tuple[int, int]:
    return block.start, block.start + block.count


def _end(tag: Tag) -> int:
    address = register_address(tag)
    return address.address + address.count
