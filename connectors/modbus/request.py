"""Modbus requests as bytes, encoded once and sent often, and what their answers must look like."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu import bit_message as bits
from pymodbus.pdu import register_message as registers

from ..model.tags import Table

HEADER = struct.Struct(">HHHB")
"""Transaction, protocol, length of what follows, unit."""

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
    """One request, and the one form of a good answer to it.

    Attributes:
        tail: What is sent after the transaction id.
        function: The function code.
        unit: Who is asked.
        head: What an answer must have between the transaction id and its data; empty where
            its length is not known beforehand.
        size: Bytes of a good answer with its header; more than any answer where not known.
    """

    tail: bytes
    function: int
    unit: int
    head: bytes = b""
    size: int = 1 << 16


def raw_request(unit: int, pdu: bytes) -> Request:
    """Returns a request of any kind, the length of whose answer is not known."""
    return Request(HEADER.pack(0, 0, len(pdu) + 1, unit)[2:] + pdu, pdu[0], unit)


def read_request(unit: int, table: Table, start: int, count: int) -> Request:
    """Returns the request that reads so many bits or registers.

    Source: Modbus Application Protocol 1.1b3, 6.1 to 6.4; Modbus Messaging on TCP/IP 1.0b, 3.1.3.
    """
    pdu = _PDUS[table](address=start, count=count, dev_id=unit)
    data = (count + 7) // 8 if table in BIT_TABLES else 2 * count
    plain = raw_request(unit, bytes([pdu.function_code]) + pdu.encode())
    head = _ANSWER.pack(0, data + 3, unit, plain.function, data)
    return Request(plain.tail, plain.function, unit, head, 2 + len(head) + data)
