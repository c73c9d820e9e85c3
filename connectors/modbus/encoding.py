"""Writes as Modbus bytes: one tag, one request, and nothing that would send it."""

import struct
from collections.abc import Mapping

from ..coercion import DeviceType, coerce
from ..endpoints import ModbusConnection
from ..session import Encoded, Identity
from ..tags import Encoding, RegisterAddress, Tag
from ..values import Value
from .codec import decode, encode

WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS = 5, 6, 16

_ON, _OFF = 0xFF00, 0x0000
_SINGLE = struct.Struct(">BBHH")  # unit, function, address, value
_DOUBLE = struct.Struct(">BBHHBHH")  # unit, function, address, count, bytes, two registers
_DEVICE_TYPES: Mapping[Encoding, DeviceType] = {
    "bit": "bool",
    "int16": "int16",
    "uint16": "uint16",
    "int32": "int32",
    "uint32": "uint32",
    "float32": "float32",
}


class ModbusEncoder:
    """Encodes writes to one unit; see `Encoder`.

    A coil goes by function 5, one holding register by 6, two by 16.

    Args:
        name: The connection's name in the site file.
        config: Unit and byte order.
        identity: Who answers there.

    Source: Modbus Application Protocol 1.1b3, 6.5, 6.6, 6.12.
    """

    def __init__(self, name: str, config: ModbusConnection, identity: Identity) -> None:
        self._name = name
        self._config = config
        self._identity = identity

    @property
    def identity(self) -> Identity:
        """Who would be written to."""
        return self._identity

    def encode(self, tag: Tag, value: Value) -> Encoded:
        """Encodes one write; see `Encoder.encode`."""
        address = self._address(tag)
        coerced = coerce(tag, _DEVICE_TYPES[address.encoding], value)
        assert not isinstance(coerced, str)  # no encoding of registers holds text
        words = encode(coerced, address.encoding, self._config.order)
        unit, start = self._config.unit, address.address
        if address.table == "coil":
            wire = _SINGLE.pack(unit, WRITE_COIL, start, _ON if words[0] else _OFF)
        elif len(words) == 1:
            wire = _SINGLE.pack(unit, WRITE_REGISTER, start, words[0])
        else:
            wire = _DOUBLE.pack(unit, WRITE_REGISTERS, start, 2, 4, *words)
        return Encoded(coerced, wire)

    def decode(self, tag: Tag, wire: bytes) -> Value:
        """Returns the value in a write of this tag, whatever else the bytes say.

        Raises:
            ValueError: They are no write of an item of this size, or hold no number.
        """
        address = self._address(tag)
        form = _DOUBLE if address.count == 2 else _SINGLE
        if len(wire) != form.size:
            raise ValueError("not the length of a write of this tag")
        words = form.unpack(wire)[-address.count :]
        value, status = decode(words, address.encoding, tag.kind, self._config.order)
        if value is None:
            raise ValueError(status.name)
        return value

    def _address(self, tag: Tag) -> RegisterAddress:
        address = tag.address
        if tag.connection != self._name or not isinstance(address, RegisterAddress):
            raise ValueError(f"is not on the connection {self._name}")
        if not tag.writable or address.table not in {"coil", "holding"}:
            raise ValueError("is not writable")
        if self._config.unit == 0:
            # On a serial line behind a gateway it reaches every device, and none answers.
            raise ValueError("unit 0 is a broadcast, and is not written to")
        return address
