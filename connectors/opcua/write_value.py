"""Reads the bytes of one OPC UA `WriteValue`, without a session."""

import struct
from base64 import b64encode
from collections.abc import Mapping
from uuid import UUID

from ..model.values import Value

_VALUE_ATTRIBUTE = 13
_HAS_VALUE_ONLY = 0x01
_STRING = 12
_NUMBERS: Mapping[int, str] = {
    1: "?", 2: "b", 3: "B", 4: "h", 5: "H", 6: "i", 7: "I", 8: "q", 9: "Q", 10: "f", 11: "d",
}  # fmt: skip


class _Bytes:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, form: str) -> int | float | bool:
        size = struct.calcsize(form)
        value: tuple[int | float | bool] = struct.unpack(f"<{form}", self.take(size))
        return value[0]

    def take(self, size: int) -> bytes:
        if size < 0 or self._at + size > len(self._data):
            raise ValueError("ends too soon")
        self._at += size
        return self._data[self._at - size : self._at]

    def text(self) -> bytes | None:
        size = int(self.number("i"))
        return None if size == -1 else self.take(size)

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._data)


def read_write_value(wire: bytes) -> tuple[str, Value]:
    """Returns the node, without its namespace, and the value that the bytes write.

    The node is in the form of `tags.yaml`, such as `s=PT-102.pv`. Which namespace it is in, only
    the server's session tells.

    Raises:
        ValueError: The bytes are no write of one scalar into the Value attribute.

    Source: OPC UA Part 4, 5.11.4 (Write); Part 6, 5.2 (binary encoding).
    """
    data = _Bytes(wire)
    node = _node(data)
    if data.number("I") != _VALUE_ATTRIBUTE or data.text():
        raise ValueError("write no value, or a part of one")
    if data.number("B") != _HAS_VALUE_ONLY:
        raise ValueError("hold more than a value")
    kind = int(data.number("B"))
    value = _text(data) if kind == _STRING else _number(data, kind)
    if not data.is_at_end:
        raise ValueError("go on behind the value")
    return node, value


def _number(data: _Bytes, kind: int) -> Value:
    if kind not in _NUMBERS:
        raise ValueError("hold a type that is not written")
    return data.number(_NUMBERS[kind])


def _text(data: _Bytes) -> str:
    try:
        return (data.text() or b"").decode()
    except UnicodeDecodeError:
        raise ValueError("hold a text that is no UTF-8") from None


def _node(data: _Bytes) -> str:
    form = int(data.number("B"))
    if form == 0:
        return f"i={data.number('B')}"
    data.number("B" if form == 1 else "H")  # the namespace index of this session
    if form == 1:
        return f"i={data.number('H')}"
    if form == 2:
        return f"i={data.number('I')}"
    if form == 3:
        return f"s={(data.text() or b'').decode('utf-8', 'replace')}"
    if form == 4:
        return f"g={UUID(bytes_le=data.take(16))}"
    if form == 5:
        return f"b={b64encode(data.text() or b'').decode()}"
    raise ValueError("name no node")
