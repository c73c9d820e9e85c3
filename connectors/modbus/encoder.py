"""Encodes writes as Modbus bytes, one request per tag, and sends none."""

import struct
from collections.abc import Mapping

from ..config.hosts import is_loopback
from ..model.coercion import DeviceType, coerce, held
from ..model.endpoints import ModbusConnection
from ..model.tags import Encoding, RegisterAddress, Tag
from ..model.values import Value
from ..session.protocols import DeviceIdentity, Encoded
from .codec import register_layout

WRITE_COIL, WRITE_REGISTER, WRITE_REGISTERS = 5, 6, 16

_ON, _OFF = b"\xff\x00", b"\x00\x00"
_SINGLE = struct.Struct(">BBH")  # unit, function, address; then the value
_SEVERAL = struct.Struct(">BBHHB")  # unit, function, address, count, bytes; then the registers
_DEVICE_TYPES: Mapping[Encoding, DeviceType] = {
    "bit": "bool", "int16": "int16", "uint16": "uint16", "int32": "int32", "uint32": "uint32",
    "int64": "int64", "uint64": "uint64", "float32": "float32", "float64": "float64",
}  # fmt: skip


class ModbusEncoder:
    """Encodes writes to one unit. See `Encoder`.

    Function 5 writes a coil, 6 one holding register, 16 two or four.

    Source: Modbus Application Protocol 1.1b3, 6.5, 6.6, 6.12.
    """

    def __init__(self, name: str, config: ModbusConnection, identity: DeviceIdentity) -> None:
        self._name = name
        self._config = config
        self.identity = identity

    def encode(self, tag: Tag, value: Value) -> Encoded:
        """Encodes one write. See `Encoder.encode`."""
        address = self._address(tag)
        device = _DEVICE_TYPES[address.encoding]
        coerced = coerce(tag, device, value)
        number = held(tag, device, coerced)
        assert not isinstance(number, str)  # no text is written
        unit, start = self._config.unit, address.address
        if address.table == "coil":
            state = _ON if number else _OFF
            return Encoded(coerced, _SINGLE.pack(unit, WRITE_COIL, start) + state)
        data = register_layout(tag, self._config.order).encode(number)
        if len(data) == 2:
            return Encoded(coerced, _SINGLE.pack(unit, WRITE_REGISTER, start) + data)
        head = _SEVERAL.pack(unit, WRITE_REGISTERS, start, len(data) // 2, len(data))
        return Encoded(coerced, head + data)

    def decode(self, tag: Tag, wire: bytes) -> Value:
        """Returns the value in a write of this tag. The other bytes are not checked.

        Raises:
            ValueError: The bytes do not write an item of this size, or hold no number.
        """
        address = self._address(tag)
        size = 2 * address.count
        if len(wire) != (_SINGLE.size if address.count == 1 else _SEVERAL.size) + size:
            raise ValueError("have not the length of a write of this tag")
        if address.table == "coil":
            return any(wire[-size:])
        value, status = register_layout(tag, self._config.order).decode(wire[-size:])
        if value is None:
            raise ValueError(status.name)
        return value

    def _address(self, tag: Tag) -> RegisterAddress:
        address = tag.address
        if tag.connection != self._name or not isinstance(address, RegisterAddress):
            raise ValueError(f"is not on the connection {self._name}")
        if not tag.writable or address.table not in {"coil", "holding"}:
            raise ValueError("is not writable")
        if address.bit is not None or address.encoding not in _DEVICE_TYPES:
            raise ValueError("is read only: bits of registers and texts are not written")
        if (address.table == "coil") != (address.encoding == "bit"):
            raise ValueError("is not writable: a coil holds a bit, and a register none")
        if address.unit is not None:
            raise ValueError("is at another unit, and is not written to through this connection")
        if self._config.unit == 0:
            # On a serial line behind a gateway it reaches every device, and no device answers.
            raise ValueError("unit 0 is a broadcast, and is not written to")
        return address


def identity_of(name: str, config: ModbusConnection) -> DeviceIdentity:
    """Returns the identity of a device of this own name, of vendor, product and revision."""
    return DeviceIdentity(
        kind="modbus",
        where=config.write_where,
        name=name,
        is_loopback=is_loopback(config.host),
        is_simulator=name.startswith("Handwheel ") and name.endswith(" simulated plant"),
    )
