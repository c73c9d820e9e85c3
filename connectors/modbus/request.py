"""Modbus requests, encoded once and sent often, and the expected form of their answers."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu import bit_message as bits
from pymodbus.pdu import register_message as registers

from ..model.tags import Table

HEADER = struct.Struct(">HHHB")
"""Transaction, protocol, length of the rest, unit."""

_PDUS: Mapping[Table, Callable[..., ModbusPDU]] = {
    "coil": bits.ReadCoilsRequest,
    "discrete": bits.ReadDiscreteInputsRequest,
    "holding": registers.ReadHoldingRegistersRequest,
    "input": registers.ReadInputRegistersRequest,
}
BIT_TABLES: frozenset[Table] = frozenset({"coil", "discrete"})
_ANSWER = struct.Struct(">HHBBB")  # protocol, length, unit, function, bytes of data


@dataclass(frozen=True, slots=True)
class Request:
    """One request and the form of a good answer to it."""

    tail: bytes  # bytes after the transaction id
    function: int
    unit: int  # the unit that is asked
    # bytes of an answer between transaction id and data; empty if its length is unknown
    head: bytes = b""
    size: int = 1 << 16  # bytes of a good answer with its header; larger than any answer if unknown


def raw_request(unit: int, pdu: bytes) -> Request:
    """Returns a request of any kind, without a known length of its answer."""
    return Request(HEADER.pack(0, 0, len(pdu) + 1, unit)[2:] + pdu, pdu[0], unit)


def read_request(unit: int, table: Table, start: int, count: int) -> Request:
    """Returns the request that reads this number of bits or registers.

    Source: Modbus Application Protocol 1.1b3, 6.1 to 6.4; Modbus Messaging on TCP/IP 1.0b, 3.1.3.
    """
    pdu = _PDUS[table](address=start, count=count, dev_id=unit)
    data = (count + 7) // 8 if table in BIT_TABLES else 2 * count
    plain = raw_request(unit, bytes([pdu.function_code]) + pdu.encode())
    head = _ANSWER.pack(0, data + 3, unit, plain.function, data)
    return Request(plain.tail, plain.function, unit, head, 2 + len(head) + data)
