"""Register image that maps plant tags to coils, inputs and registers."""

import struct
from collections.abc import Mapping, Sequence
from math import nan

from ...errors import NotWritable
from ...model import Encoding, PlantTag, Register, Table, Value
from ..process_image import ProcessImage

_FORMATS: Mapping[Encoding, str] = {"uint16": ">H", "uint32": ">I", "float32": ">f"}


class UnknownAddress(Exception):
    """At least one address of the request is not in the map."""


class RegisterImage:
    """Serves the process image as Modbus tables, big endian, high word first, bad floats as NaN.

    Attributes:
        process: The process image.
    """

    def __init__(self, image: ProcessImage) -> None:
        self.process = image
        self._version = -1
        self._words: dict[Table, dict[int, int]] = {}
        self._items: dict[tuple[Table, int], PlantTag] = {}
        for tag in image.tags:
            if isinstance(tag.address, Register):
                self._items[tag.address.table, tag.address.address] = tag

    def read(self, table: Table, address: int, count: int) -> list[int]:
        """Returns `count` words or bits. Raises `UnknownAddress` if one is not in the map."""
        if self._version != self.process.version:
            self._words = self._encode()
            self._version = self.process.version
        words = self._words[table]
        try:
            return [words[each] for each in range(address, address + count)]
        except KeyError:
            raise UnknownAddress(f"{table} {address}, {count} items") from None

    def _encode(self) -> dict[Table, dict[int, int]]:
        tables: dict[Table, dict[int, int]] = {
            "coil": {},
            "discrete": {},
            "input": {},
            "holding": {},
        }
        values, qualities = self.process.values, self.process.qualities
        for (table, address), tag in self._items.items():
            assert isinstance(tag.address, Register)
            encoding = tag.address.encoding
            is_bad = encoding == "float32" and qualities.get(tag.name) == "bad"
            words = _words(encoding, nan if is_bad else values[tag.name])
            tables[table].update(zip(range(address, address + len(words)), words, strict=True))
        return tables

    def write(self, table: Table, address: int, words: Sequence[int]) -> list[tuple[str, Value]]:
        """Writes words or bits from `address` on, all or none, and returns the tags written.

        Raises:
            UnknownAddress: One of them is not in the map.
            WriteRejected: The plant refuses a write; nothing changed.
        """
        self.read(table, address, len(words))
        writes: list[tuple[str, Value]] = []
        for offset, word in enumerate(words):
            tag = self._items.get((table, address + offset))
            if tag is None or not isinstance(tag.address, Register):
                raise NotWritable(f"{table} {address + offset} is the middle of a value")
            is_single = tag.address.encoding in {"bit", "uint16"}
            if not is_single:
                raise NotWritable(f"{tag.name} takes no writes")
            writes.append((tag.name, bool(word) if tag.kind == "bool" else word))
        self.process.write(writes)
        return writes


def _words(encoding: Encoding, value: Value) -> tuple[int, ...]:
    if encoding == "bit":
        return (int(bool(value)),)
    raw = struct.pack(_FORMATS[encoding], value)
    return struct.unpack(f">{len(raw) // 2}H", raw)
