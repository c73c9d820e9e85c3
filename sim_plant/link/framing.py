"""Cuts a stream into the units that a link delays and alters."""

import struct
from collections.abc import Callable

Framing = Callable[[bytearray], list[bytes]]
"""Takes every complete unit out of the buffer, from its beginning; the rest stays in it."""

_MBAP = struct.Struct(">HHH")  # transaction, protocol, length of what follows
_MBAP_MOST = 254
_UACP = struct.Struct("<3sxI")  # kind, chunk type, length of it all
_UACP_KINDS = {b"HEL", b"ACK", b"ERR", b"RHE", b"OPN", b"CLO", b"MSG"}


def chunks(buffer: bytearray) -> list[bytes]:
    """Takes all received bytes as one unit."""
    units = [bytes(buffer)] if buffer else []
    buffer.clear()
    return units


def modbus_frames(buffer: bytearray) -> list[bytes]:
    """Takes Modbus TCP frames and other bytes. Source: Modbus on TCP/IP 1.0b, 3.1.3."""
    return _units(buffer, _MBAP.size, _mbap_size)


def opcua_messages(buffer: bytearray) -> list[bytes]:
    """Takes chunks of OPC UA TCP and other bytes. Source: OPC UA Part 6, 6.7.2 and 7.1.2."""
    return _units(buffer, _UACP.size, _uacp_size)


def _units(buffer: bytearray, header: int, size_of: Callable[[bytearray], int]) -> list[bytes]:
    units: list[bytes] = []
    while len(buffer) >= header:
        size = size_of(buffer)
        if size < header:
            return units + chunks(buffer)
        if size > len(buffer):
            break
        units.append(bytes(buffer[:size]))
        del buffer[:size]
    return units


def _mbap_size(buffer: bytearray) -> int:
    _, protocol, length = _MBAP.unpack_from(buffer)
    return _MBAP.size + length if protocol == 0 and 0 < length <= _MBAP_MOST else 0


def _uacp_size(buffer: bytearray) -> int:
    kind, size = _UACP.unpack_from(buffer)
    return size if kind in _UACP_KINDS else 0
