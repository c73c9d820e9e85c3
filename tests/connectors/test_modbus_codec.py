"""Registers to values, against bytes from `struct` and a table worked out by hand."""

import struct
from math import inf, nan
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.modbus.codec import decode
from handwheel.connectors.tags import Encoding, Kind, Order
from handwheel.connectors.values import BAD_SENSOR_FAILURE, GOOD

ORDERS: tuple[Order, ...] = get_args(Order)
FORMATS: dict[Encoding, str] = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "float32": ">f",
}


def on_the_wire(encoding: Encoding, value: float, order: Order) -> list[int]:
    """The registers in which a device of this order sends a value."""
    raw = struct.pack(FORMATS[encoding], value)
    if len(raw) == 4:
        raw = bytes(raw["ABCD".index(letter)] for letter in order)
    return list(struct.unpack(f">{len(raw) // 2}H", raw))


@pytest.mark.parametrize(
    ("order", "integer", "number"),
    [
        # 0x12345678, and 123456.789 as 47 F1 20 65
        ("ABCD", [0x1234, 0x5678], [0x47F1, 0x2065]),
        ("CDAB", [0x5678, 0x1234], [0x2065, 0x47F1]),
        ("BADC", [0x3412, 0x7856], [0xF147, 0x6520]),
        ("DCBA", [0x7856, 0x3412], [0x6520, 0xF147]),
    ],
)
def test_the_four_orders_by_hand(order: Order, integer: list[int], number: list[int]) -> None:
    assert decode(integer, "uint32", "int", order) == (0x12345678, GOOD)
    value, status = decode(number, "float32", "float", order)
    assert value == pytest.approx(123456.789, abs=0.005)
    assert status == GOOD
    assert on_the_wire("uint32", 0x12345678, order) == integer


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("encoding", "words", "value"),
    [
        ("uint16", [0xFFFE], 65534),
        ("int16", [0xFFFE], -2),
        ("int16", [0x8000], -32768),
        ("bit", [1], True),
        ("bit", [0], False),
    ],
)
def test_one_register_has_no_order(
    encoding: Encoding, words: list[int], value: int, order: Order
) -> None:
    assert decode(words, encoding, "int", order) == (value, GOOD)


@given(st.data(), st.sampled_from(sorted(FORMATS)), st.sampled_from(ORDERS))
def test_every_encoding_in_every_order_is_decoded(
    data: st.DataObject, encoding: Encoding, order: Order
) -> None:
    bits = 16 if encoding.endswith("16") else 32
    offset = 1 << (bits - 1) if encoding.startswith("i") else 0
    numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
    integers = st.integers(-offset, (1 << bits) - 1 - offset)
    value = data.draw(numbers if encoding == "float32" else integers)
    words = on_the_wire(encoding, value, order)
    kind: Kind = "float" if encoding == "float32" else "int"
    assert decode(words, encoding, kind, order) == (value, GOOD)
    as_float, _ = decode(words, encoding, "float", order)
    assert isinstance(as_float, float)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_what_is_no_number_is_a_failed_sensor(value: float, order: Order) -> None:
    words = on_the_wire("float32", value, order)
    assert decode(words, "float32", "float", order) == (None, BAD_SENSOR_FAILURE)
    words = on_the_wire("float32", 3.5, order)
    assert decode(words, "float32", "float", order) == (3.5, GOOD)
