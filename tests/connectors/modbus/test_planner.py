"""Reads are merged within the device's maximum, and around what it refuses."""

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.connectors.modbus.block import Block
from handwheel.connectors.modbus.planner import MAX_ITEMS, Planner
from handwheel.connectors.model.tags import Encoding, RegisterAddress, Table, Tag

Cell = tuple[Table, int]
TABLES: tuple[Table, ...] = ("coil", "discrete", "input", "holding")


def _tag(table: Table, address: int, is_wide: bool = False) -> Tag:
    is_bit = table in {"coil", "discrete"}
    encoding: Encoding = "bit" if is_bit else "float32" if is_wide else "uint16"
    where = RegisterAddress(table, address, encoding)
    return Tag(f"{table}.a{address}", "pkg", "bool" if is_bit else "float", where)


def _cells(tag: Tag) -> set[Cell]:
    assert isinstance(tag.address, RegisterAddress)
    first = tag.address.address
    return {(tag.address.table, first + n) for n in range(tag.address.count)}


def _span(block: Block) -> set[Cell]:
    return {(block.table, address) for address in range(block.start, block.start + block.count)}


@st.composite
def tag_sets(draw: st.DrawFn) -> list[Tag]:
    """Tags that do not overlap, in any order, some of them far apart."""
    tags: list[Tag] = []
    for table in draw(st.lists(st.sampled_from(TABLES), unique=True, min_size=1)):
        address = draw(st.integers(0, 50))
        for gap in draw(st.lists(st.integers(0, 4) | st.integers(0, 300), max_size=12)):
            tag = _tag(table, address + gap, draw(st.booleans()))
            tags.append(tag)
            address += gap + len(_cells(tag))
    return draw(st.permutations(tags))


async def _scan(
    planner: Planner, tags: Sequence[Tag], refused: set[Cell]
) -> tuple[list[str], list[Block]]:
    """Reads as a session does, from a device without the `refused` cells.

    Returns:
        The names of the tags in the order of their answers, and the blocks refused.
    """
    answered: list[str] = []
    refusals: list[Block] = []
    due = list(await planner.plan(tags))
    while due:
        block = due.pop(0)
        if _span(block) & refused:
            refusals.append(block)
            assert len(refusals) <= 2 * len(tags)
            due = planner.split(block) + due
        else:
            planner.accept(block)
            answered += [tag.name for tag in block.tags]
    return answered, refusals


@settings(max_examples=60)
@given(tag_sets())
async def test_every_tag_is_read_once_in_as_few_blocks_as_fit(tags: list[Tag]) -> None:
    planner = Planner()
    blocks = await planner.plan(tags)
    planned = [tag.name for block in blocks for tag in block.tags]
    assert sorted(planned) == sorted(tag.name for tag in tags)
    for block in blocks:
        assert block.count <= MAX_ITEMS[block.table]
        assert all(_cells(tag) <= _span(block) for tag in block.tags)
        assert {(block.table, block.start), (block.table, block.start + block.count - 1)} <= {
            cell for tag in block.tags for cell in _cells(tag)
        }
    for block, following in pairwise(blocks):
        if block.table == following.table:
            end = max(address for _, address in _cells(following.tags[0])) + 1
            assert end - block.start > MAX_ITEMS[block.table]
    assert await planner.plan(tags) is blocks


@settings(max_examples=60)
@given(st.data())
async def test_what_the_device_refuses_is_learnt_and_never_asked_again(data: st.DataObject) -> None:
    tags = data.draw(tag_sets())
    taken = {cell for tag in tags for cell in _cells(tag)}
    missing = data.draw(st.lists(st.sampled_from(tags), max_size=4)) if tags else []
    addresses = st.tuples(st.sampled_from(TABLES), st.integers(0, 400))
    gaps = data.draw(st.sets(addresses)) - taken
    refused = gaps | {cell for tag in missing for cell in _cells(tag)}
    planner = Planner()
    good = sorted(tag.name for tag in tags if tag not in missing)

    answered, refusals = await _scan(planner, tags, refused)
    assert sorted(answered) == good
    tags = [tag for tag in tags if tag not in missing]
    rounds = 0
    while refusals:
        answered, refusals = await _scan(planner, tags, refused)
        assert sorted(answered) == good
        rounds += 1
        assert rounds <= len(good) + 1
    for block in await planner.plan(tags):
        assert not _span(block) & refused
        assert block.count <= MAX_ITEMS[block.table]


def _at(unit: int | None, address: int) -> Tag:
    where = RegisterAddress("holding", address, "uint16", unit=unit)
    return Tag(f"U{unit or 0}.a{address}", "pkg", "int", where)


async def _asked(planner: Planner, tags: Sequence[Tag]) -> list[tuple[int, int, int]]:
    return [(block.unit, block.start, block.count) for block in await planner.plan(tags)]


async def test_units_are_planned_and_learnt_apart() -> None:
    planner = Planner(unit=2)
    tags = [_at(unit, address) for address in (0, 1, 9) for unit in (3, None, 1)]
    assert await _asked(planner, tags) == [(1, 0, 10), (2, 0, 10), (3, 0, 10)]
    refused = (await planner.plan(tags))[1]
    far = planner.split(refused)[1]
    assert planner.split(far) == []
    assert len(planner.split((await planner.plan(tags))[-1])) == 2  # unit 3 has a border too
    left = [each for each in tags if each not in far.tags]
    third = [(3, 0, 2), (3, 9, 1)]
    assert await _asked(planner, left) == [(1, 0, 10), (2, 0, 2), *third]
    planner.accept((await planner.plan(tags))[0])
    assert await _asked(planner, tags) == [(1, 0, 10), (2, 0, 2), (2, 9, 1), *third]
    planner.accept(planner.single(far.tags[0]))
    assert await _asked(planner, tags) == [(1, 0, 10), (2, 0, 10), *third]
    # The connection's own unit, named or not, is one.
    assert await _asked(Planner(unit=2), [_at(None, 0), _at(2, 1)]) == [(2, 0, 2)]


async def test_tags_that_share_registers_are_read_once() -> None:
    bits = [
        Tag(f"W.b{bit}", "pkg", "bool", RegisterAddress("holding", 4, "bit", bit))
        for bit in range(16)
    ]
    text = Tag("W.text", "pkg", "string", RegisterAddress("holding", 2, "string", length=120))
    planner = Planner()
    assert await _asked(planner, [*bits, text, _at(None, 126)]) == [(1, 2, 125)]
    assert await _asked(planner, [*bits, text, _at(None, 127)]) == [(1, 2, 120), (1, 127, 1)]
