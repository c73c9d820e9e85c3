"""Registers to values, against bytes from `struct` and a table worked out by hand."""

import struct
from dataclasses import replace
from itertools import product
from math import inf, nan
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.modbus.block import Block
from handwheel.connectors.modbus.codec import register_layout
from handwheel.connectors.model.tags import Encoding, Kind, Order, RegisterAddress, Tag
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, DataValue, StatusCode, Value

ORDERS: tuple[Order, ...] = get_args(Order)
FORMATS: dict[Encoding, str] = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "uint64": ">Q",
    "float32": ">f",
    "float64": ">d",
}


def on_the_wire(encoding: Encoding, value: float, order: Order) -> bytes:
    """The registers in which a device of this order sends a value."""
    raw = struct.pack(FORMATS[encoding], value)
    words = [raw[at : at + 2] for at in range(0, len(raw), 2)]
    if len(words) > 1 and order in {"CDAB", "DCBA"}:
        words.reverse()
    if len(words) > 1 and order in {"BADC", "DCBA"}:
        words = [word[::-1] for word in words]
    return b"".join(words)


def range_of(encoding: Encoding) -> tuple[int, int]:
    """The least and the greatest whole number of a type."""
    bits = 8 * struct.calcsize(FORMATS[encoding])
    low = 0 if encoding.startswith("u") else -(2 ** (bits - 1))
    return low, low + 2**bits - 1


def _tag(encoding: Encoding, kind: Kind = "int", address: int = 0, name: str = "T-1.pv") -> Tag:
    return Tag(name, "pkg", kind, RegisterAddress("holding", address, encoding))


def _decode(
    words: list[int], encoding: Encoding, kind: Kind, order: Order
) -> tuple[Value | None, StatusCode]:
    return register_layout(_tag(encoding, kind), order).decode(
        struct.pack(f">{len(words)}H", *words)
    )


def test_the_four_orders_by_hand() -> None:
    cases: list[tuple[Order, list[int], list[int], list[int]]] = [
        # 0x12345678, 123456.789 as 47 F1 20 65, and 0x0123456789ABCDEF
        ("ABCD", [0x1234, 0x5678], [0x47F1, 0x2065], [0x0123, 0x4567, 0x89AB, 0xCDEF]),
        ("CDAB", [0x5678, 0x1234], [0x2065, 0x47F1], [0xCDEF, 0x89AB, 0x4567, 0x0123]),
        ("BADC", [0x3412, 0x7856], [0xF147, 0x6520], [0x2301, 0x6745, 0xAB89, 0xEFCD]),
        ("DCBA", [0x7856, 0x3412], [0x6520, 0xF147], [0xEFCD, 0xAB89, 0x6745, 0x2301]),
    ]
    for order, integer, number, long in cases:
        assert _decode(integer, "uint32", "int", order) == (0x12345678, GOOD)
        assert _decode(long, "int64", "int", order) == (0x0123456789ABCDEF, GOOD)
        value, status = _decode(number, "float32", "float", order)
        assert value == pytest.approx(123456.789, abs=0.005), order
        assert status == GOOD, order
        assert on_the_wire("uint32", 0x12345678, order) == struct.pack(">2H", *integer)
        assert _decode([0xFFFE], "int16", "int", order) == (-2, GOOD)  # one register has no order


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Block, bytes, dict[str, Value]]:
    """A block of many tags with gaps between them, what a device sends, and what is in it."""
    order: Order = draw(st.sampled_from(ORDERS))
    tags: list[Tag] = []
    data, values = b"", dict[str, Value]()
    for number in range(draw(st.integers(1, 8))):
        encoding = draw(st.sampled_from(sorted(FORMATS)))
        data += draw(st.binary(min_size=2, max_size=2)) * draw(st.integers(0, 2))
        is_float = encoding.startswith("float")
        kind: Kind = "float" if is_float else draw(st.sampled_from(["float", "int"]))
        own: Order | None = draw(st.none() | st.sampled_from(ORDERS))
        tag = _tag(encoding, kind, len(data) // 2, f"T-{number}.pv")
        assert isinstance(tag.address, RegisterAddress)
        tag = replace(tag, address=replace(tag.address, order=own))
        if kind == "float" and draw(st.booleans()):
            tag = replace(tag, scale=0.25, offset=-3.0)
        is_long = encoding.endswith("64")
        floats = st.floats(width=64 if is_long else 32, allow_nan=False, allow_infinity=False)
        value = draw(floats if is_float else st.integers(*range_of(encoding)))
        data += on_the_wire(encoding, value, own or order)
        tags.append(tag)
        as_read = float(value) if kind == "float" else value
        values[tag.name] = value * 0.25 - 3.0 if tag.is_scaled else as_read
    shuffled = draw(st.permutations(tags)) if draw(st.booleans()) else tags
    return Block(1, "holding", 0, len(data) // 2, tuple(shuffled), order), data, values


@given(blocks())
def test_every_encoding_in_every_order_is_decoded(
    case: tuple[Block, bytes, dict[str, Value]],
) -> None:
    block, data, values = case
    readings = block.decode(data, 12.5)
    assert readings == {
        name: DataValue(value, GOOD, None, None, 12.5) for name, value in values.items()
    }
    for tag in block.tags:
        reading = readings[tag.name]
        assert type(reading) is DataValue
        assert type(reading.value) is (float if tag.kind == "float" else int)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("encoding", ["float32", "float64"])
def test_what_is_no_number_is_a_failed_sensor(encoding: Encoding, order: Order) -> None:
    tag = _tag(encoding, "float")
    for each, value in product((tag, replace(tag, scale=2.0)), (nan, inf, -inf)):
        read = register_layout(each, order).decode(on_the_wire(encoding, value, order))
        assert read == (None, BAD_SENSOR_FAILURE), value
    assert register_layout(tag, order).decode(on_the_wire(encoding, 3.5, order)) == (3.5, GOOD)
    too_great = replace(_tag("uint16", "float"), scale=1e306)
    block = Block(1, "holding", 0, 2, (too_great, _tag("uint16", "int", 1, "T-2.pv")), order)
    readings = block.decode(b"\xff\xff\x00\x07", 0.0)
    assert [each[:2] for each in readings.values()] == [(None, BAD_SENSOR_FAILURE), (7, GOOD)]


@pytest.mark.parametrize("order", ORDERS)
def test_a_text_has_two_characters_in_a_register(order: Order) -> None:
    where = RegisterAddress("input", 7, "string", length=3)
    block = Block(1, "input", 6, 4, (Tag("T-1.name", "pkg", "string", where),), order)
    texts = {
        b"PUMP 1": "PUMP 1",
        b"AB\0CDE": "AB",
        b" \0    ": "",
        b"caf\xe9 \0": "café",
        bytes([255, 27, 65, 32, 32, 32]): "\xff\x1bA",
    }
    for raw, text in texts.items():
        words = [raw[at : at + 2] for at in range(0, 6, 2)]
        sent = [word[::-1] for word in words] if order in {"BADC", "DCBA"} else words
        assert block.decode(b"xx" + b"".join(sent), 0.0)["T-1.name"].value == text


@pytest.mark.parametrize("order", ORDERS)
@given(word=st.integers(0, 0xFFFF))
def test_bits_of_a_register_count_from_the_lowest(word: int, order: Order) -> None:
    tags = tuple(
        Tag(f"T-{bit}.pv", "pkg", "bool", RegisterAddress("holding", 5, "bit", bit))
        for bit in range(16)
    )
    readings = Block(1, "holding", 5, 1, tags, order).decode(word.to_bytes(2, "big"), 0.0)
    assert [readings[tag.name].value for tag in tags] == [
        each == "1" for each in reversed(f"{word:016b}")
    ]


@given(st.binary(min_size=3, max_size=3), st.permutations(range(24)))
def test_coils_come_lowest_first(data: bytes, addresses: list[int]) -> None:
    tags = tuple(
        Tag(f"T-{at}.pv", "pkg", "bool", RegisterAddress("coil", 100 + at, "bit"))
        for at in addresses
    )
    readings = Block(1, "coil", 100, 24, tags).decode(data, 0.0)
    whole = int.from_bytes(data, "little")
    assert {name: each.value for name, each in readings.items()} == {
        f"T-{at}.pv": whole >> at & 1 == 1 for at in range(24)
    }
