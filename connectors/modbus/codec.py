"""Layout of tags in bits and registers, for every usual type and byte and word order."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import isfinite
from typing import Any

from ..model.coercion import scaled
from ..model.tags import Encoding, Order, RegisterAddress, Tag
from ..model.values import BAD_SENSOR_FAILURE, GOOD, StatusCode, Value

FORMS: Mapping[Encoding, str] = {
    "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "int64": "q", "uint64": "Q",
    "float32": "f", "float64": "d",
}  # fmt: skip
FLOATS: frozenset[Encoding] = frozenset({"float32", "float64"})
_REVERSED_WORDS: frozenset[Order] = frozenset({"CDAB", "DCBA"})
_SWAPPED_BYTES: frozenset[Order] = frozenset({"BADC", "DCBA"})

Convert = Callable[[Any], Value | None]
"""Turns the value of `struct` into the tag's, or into `None` if it is not a number."""


@dataclass(frozen=True, slots=True)
class RegisterLayout:
    """Layout of one tag in its registers."""

    form: str  # format of `struct`, without the byte order
    places: tuple[int, ...]  # place of each of its bytes, the most significant first
    convert: Convert | None  # conversion after unpacking, if any

    def decode(self, raw: bytes) -> tuple[Value | None, StatusCode]:
        """Decodes registers in wire order. A float that is no number is `BadSensorFailure`."""
        (value,) = struct.unpack(">" + self.form, bytes(raw[place] for place in self.places))
        if self.convert is not None:
            value = self.convert(value)
        return value, (BAD_SENSOR_FAILURE if value is None else GOOD)

    def encode(self, number: float) -> bytes:
        """Encodes a number, or raises `struct.error` or `OverflowError` beyond the range."""
        raw = struct.pack(">" + self.form, number)
        return bytes(raw[place] for place in self.places)  # each order is its own inverse


def register_layout(tag: Tag, order: Order) -> RegisterLayout:
    """Returns the layout of a tag in registers, not in coils or discrete inputs.

    A string has two characters in a register, the first in the high byte (in the low one with
    `BADC` and `DCBA`). It ends at the first zero byte, without trailing spaces. Each byte is a
    Latin-1 character, so that no text is refused.

    Args:
        order: Byte and word order of tags without one of their own: the bytes of a 32-bit item as
            they lie in two registers, where big-endian is `ABCD`. For four registers, `CDAB` has
            the lowest word first.
    """
    address = register_address(tag)
    order = address.order or order
    if address.encoding == "string":
        return RegisterLayout(f"{2 * address.length}s", _places(address.length, order, True), _text)
    form = FORMS.get(address.encoding, "H")
    return RegisterLayout(form, _places(address.count, order, False), _convert(tag, address))


def register_address(tag: Tag) -> RegisterAddress:
    """Returns the address of a tag on Modbus."""
    assert isinstance(tag.address, RegisterAddress)
    return tag.address


@cache
def _places(registers: int, order: Order, is_text: bool) -> tuple[int, ...]:
    words = range(registers)
    if order in _REVERSED_WORDS and not is_text:
        words = words[::-1]
    # A single register is big-endian in every order, by the protocol.
    is_swapped = order in _SWAPPED_BYTES and (registers > 1 or is_text)
    return tuple(2 * word + (byte ^ is_swapped) for word in words for byte in (0, 1))


def _convert(tag: Tag, address: RegisterAddress) -> Convert | None:
    bit = address.bit
    if bit is not None:
        return lambda word: bool(word >> bit & 1)
    if tag.is_scaled:
        return lambda number: _finite(scaled(tag, number))
    if address.encoding in FLOATS:
        return _finite
    return float if tag.kind == "float" else None


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None


def _text(raw: bytes) -> str:
    return raw.partition(b"\0")[0].decode("latin-1").rstrip(" ")
