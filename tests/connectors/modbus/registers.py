"""Values as a device of any byte order holds them, worked out with `struct`."""

import struct
from typing import get_args

from handwheel.connectors.model.tags import Encoding, Order

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
