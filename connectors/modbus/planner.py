"""Plans as few Modbus reads as the device allows, and learns what it refuses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ..tags import RegisterAddress, Table, Tag

MAX_ITEMS: Mapping[Table, int] = {"coil": 2000, "discrete": 2000, "input": 125, "holding": 125}


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` items from `start` on, and the tags that lie in it."""

    table: Table
    start: int
    count: int
    tags: tuple[Tag, ...]


class Planner:
    """Merges tags into blocks over gaps, never across an address that the device refused.

    A refused block is split at its widest gap and asked again, until the parts are
    accepted or a part is a single tag. The borders found so are remembered until the
    device answers for an address that it refused: its map is another one then.

    Args:
        most: How many items one request for each table may ask for.

    Source: own; merging over gaps is what users of comparable connectors ask for most.
    """

    def __init__(self, most: Mapping[Table, int] = MAX_ITEMS) -> None:
        self._most = most
        self._borders: set[tuple[Table, int]] = set()
        self._refused: set[tuple[Table, int]] = set()
        self._plans: dict[tuple[str, ...], list[Block]] = {}

    def plan(self, tags: Sequence[Tag]) -> list[Block]:
        """Returns the blocks that cover these tags; the plan is kept until something is learned."""
        key = tuple(tag.name for tag in tags)
        if key not in self._plans:
            self._plans[key] = self._merge(tags)
        return self._plans[key]

    def accept(self, block: Block) -> None:
        """Forgets everything learned if the device answered for an address that it refused."""
        if not self._refused.isdisjoint(_cells(block)):
            self._borders.clear()
            self._refused.clear()
            self._plans.clear()

    def alone(self, tag: Tag) -> Block:
        """Returns the block of one tag, refused or not."""
        return _block([tag])

    def split(self, block: Block) -> list[Block]:
        """Splits a refused block at its widest gap; a block of one address cannot be split."""
        starts = sorted({_address(tag).address for tag in block.tags})
        if len(starts) < 2:
            self._refused |= _cells(block)
            self._plans.clear()
            return []
        ends = {
            start: max(_end(t) for t in block.tags if _address(t).address == start)
            for start in starts
        }
        middle = (starts[0] + starts[-1]) / 2.0
        border = max(
            starts[1:],
            key=lambda start: (
                start - ends[starts[starts.index(start) - 1]],
                -abs(start - middle),
            ),
        )
        self._borders.add((block.table, border))
        self._plans.clear()
        return self._merge(block.tags)

    def _merge(self, tags: Iterable[Tag]) -> list[Block]:
        blocks: list[Block] = []
        run: list[Tag] = []
        for tag in sorted(tags, key=lambda each: (_address(each).table, _address(each).address)):
            if run and not self._fits(run, tag):
                blocks.append(_block(run))
                run = []
            run.append(tag)
        return [*blocks, _block(run)] if run else blocks

    def _fits(self, run: Sequence[Tag], tag: Tag) -> bool:
        first, address = _address(run[0]), _address(tag)
        if address.table != first.table or (address.table, address.address) in self._borders:
            return False
        span = range(first.address, _end(tag))
        if len(span) > self._most[address.table]:
            return False
        return not any((address.table, each) in self._refused for each in span)


def _cells(block: Block) -> set[tuple[Table, int]]:
    return {(block.table, block.start + offset) for offset in range(block.count)}


def _address(tag: Tag) -> RegisterAddress:
    assert isinstance(tag.address, RegisterAddress)
    return tag.address


def _end(tag: Tag) -> int:
    address = _address(tag)
    return address.address + address.count


def _block(run: Sequence[Tag]) -> Block:
    first = _address(run[0])
    end = max(_end(tag) for tag in run)
    return Block(first.table, first.address, end - first.address, tuple(run))
