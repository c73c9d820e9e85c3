"""Bits and registers to values and back, in every usual byte and word order."""

import struct
from collections.abc import Mapping, Sequence
from math import isfinite

from ..tags import Encoding, Kind, Order
from ..values import BAD_SENSOR_FAILURE, GOOD, StatusCode, Value

_FORMATS: Mapping[Encoding, str] = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "float32": ">f",
}


def decode(
    words: Sequence[int], encoding: Encoding, kind: Kind, order: Order
) -> tuple[Value | None, StatusCode]:
    """Decodes one item.

    Args:
        words: One bit, or one or two registers, as they came.
        kind: The tag's type; a float tag may stand in an integer register.
        order: Byte and word order of items of two registers, as a big-endian `ABCD` would lie.

    Returns:
        The value and `Good`; a float that is not a number comes as `BadSensorFailure`.
    """
    if encoding == "bit":
        return bool(words[0]), GOOD
    raw = struct.pack(f">{len(words)}H", *words)
    if len(words) == 2:
        raw = bytes(raw[order.index(letter)] for letter in "ABCD")
    (number,) = struct.unpack(_FORMATS[encoding], raw)
    if isinstance(number, float) and not isfinite(number):
        return None, BAD_SENSOR_FAILURE
    return (float(number) if kind == "float" else number), GOOD


def encode(number: float, encoding: Encoding, order: Order) -> tuple[int, ...]:
    """Encodes one item, the other way round.

    Args:
        number: In the encoding's range; whole for all but `float32`.
        order: Byte and word order of items of two registers.

    Returns:
        One bit, or one or two registers.

    Raises:
        struct.error, OverflowError: The number is not in the encoding's range.
    """
    if encoding == "bit":
        return (int(bool(number)),)
    raw = struct.pack(_FORMATS[encoding], number if encoding == "float32" else int(number))
    if len(raw) == 4:
        raw = bytes(raw["ABCD".index(letter)] for letter in order)
    return struct.unpack(f">{len(raw) // 2}H", raw)
