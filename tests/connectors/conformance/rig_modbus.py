"""A Modbus device on a real socket as a rig of the conformance kit."""

import struct
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from math import nan

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.tags import Encoding, Kind, RegisterAddress, Table, Tag
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, StatusCode, Value
from handwheel.connectors.testing import AcceptedWrite, Item, Rig
from handwheel.sim_plant.link.proxy import LinkProxy

from ...plants.devices.misbehaving import modbus_device, reply

_TIMEOUT_S = 0.6
_LAST = 100
_TABLES: Mapping[int, Table] = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
_FORMS: Mapping[Encoding, str] = {
    "int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f",
    "uint64": ">Q", "float64": ">d",
}  # fmt: skip


def _item(
    name: str,
    kind: Kind,
    place: tuple[Table, int, Encoding],
    value: Value | None,
    status: StatusCode = GOOD,
) -> Item:
    writable = place[0] in {"coil", "holding"} and status == GOOD
    members = {"manual": 0, "auto": 1} if kind == "enum" else {}
    tag = Tag(f"{name}.pv", "pkg", kind, RegisterAddress(*place), members=members,
              writable=writable)  # fmt: skip
    return Item(tag, value, status)


_ITEMS = [
    _item("A", "float", ("holding", 0, "float32"), 350.5),
    _item("B", "int", ("holding", 2, "int16"), -3),
    _item("C", "bool", ("coil", 7, "bit"), True),
    _item("D", "enum", ("holding", 9, "uint16"), 1),
    _item("E", "int", ("holding", 90, "uint32"), 70_000),
    _item("F", "float", ("input", 0, "float32"), 7.25),
    _item("G", "int", ("input", 40, "int32"), -70_000),
    _item("H", "bool", ("discrete", 3, "bit"), True),
    _item("I", "float", ("input", 4, "float32"), None, BAD_SENSOR_FAILURE),
    _item("J", "float", ("input", 6, "int16"), 12.0),
    _item("K", "float", ("input", 8, "float64"), 0.1),
    _item("L", "int", ("input", 12, "uint64"), 2**64 - 1),
    Item(Tag("M.pv", "pkg", "string", RegisterAddress("input", 20, "string", length=3)), "PLC 7"),
    Item(Tag("N.pv", "pkg", "bool", RegisterAddress("input", 30, "bit", bit=9)), True),
]
A, B, C, D = (item.tag for item in _ITEMS[:4])


class _Memory:
    """Coils and registers, in the order CDAB, and the writes that clients have sent."""

    def __init__(self) -> None:
        self.words: dict[tuple[Table, int], int] = {}
        self.refused: set[tuple[Table, int]] = set()
        self.writes = 0
        for item in _ITEMS:
            assert not isinstance(item.value, tuple)
            self.hold(item.tag, nan if item.value is None else item.value)

    def hold(self, tag: Tag, value: Value) -> None:
        address = tag.address
        assert isinstance(address, RegisterAddress)
        if isinstance(value, str):
            raw = value.encode().ljust(2 * address.length, b"\0")
            words = struct.unpack(f">{address.length}H", raw)
        elif address.encoding == "bit":
            words = (int(value) << (address.bit or 0),)
        else:
            number = value if address.encoding in {"float32", "float64"} else int(value)
            raw = struct.pack(_FORMS[address.encoding], number)
            words = struct.unpack(f">{len(raw) // 2}H", raw)[::-1]
        self._put(address.table, address.address, words)

    def apply(self, wire: bytes) -> None:
        """Carries out a write: unit, function, address, and one value or several."""
        function, address = wire[1], int.from_bytes(wire[2:4], "big")
        if function == 5:
            self._put("coil", address, (int(wire[4] == 0xFF),))
        else:
            raw = wire[4:] if function == 6 else wire[7:]
            self._put("holding", address, struct.unpack(f">{len(raw) // 2}H", raw))

    def answer(self, request: bytes) -> Iterable[bytes]:
        function = request[7]
        if function not in _TABLES:
            self.writes += function in {5, 6, 15, 16, 22, 23}
            return [reply(request, bytes([function | 0x80, 1]))]
        table = _TABLES[function]
        start, count = struct.unpack(">HH", request[8:12])
        places: list[tuple[Table, int]] = [
            (table, address) for address in range(start, start + count)
        ]
        if start + count > _LAST or not self.refused.isdisjoint(places):
            return [reply(request, bytes([function | 0x80, 2]))]
        words = [self.words.get(place, 0) for place in places]
        if function > 2:
            data = struct.pack(f">{count}H", *words)
        else:
            number = sum(bit << place for place, bit in enumerate(words))
            data = number.to_bytes((count + 7) // 8, "little")
        return [reply(request, bytes([function, len(data)]) + data)]

    def _put(self, table: Table, start: int, words: Iterable[int]) -> None:
        self.words |= {(table, start + place): word for place, word in enumerate(words)}


@asynccontextmanager
async def modbus_rig() -> AsyncGenerator[Rig]:
    memory = _Memory()
    async with modbus_device(memory.answer) as device, LinkProxy(device.port) as link:
        yield _rig(memory, link)


def _rig(memory: _Memory, link: LinkProxy) -> Rig:
    config = ModbusConnection.model_validate(
        {"kind": "modbus", "host": "127.0.0.1", "order": "CDAB", "scan": "50 ms",
         "timeout": f"{_TIMEOUT_S} s", "read": {"port": link.port}, "write": {"port": link.port}}
    )  # fmt: skip

    async def change(tag: Tag, value: Value) -> None:
        assert isinstance(tag.address, RegisterAddress)
        memory.refused.discard((tag.address.table, tag.address.address))
        memory.hold(tag, value)

    async def refuse(tag: Tag) -> None:
        assert isinstance(tag.address, RegisterAddress)
        memory.refused.add((tag.address.table, tag.address.address))

    async def apply(wire: bytes) -> None:
        memory.apply(wire)

    return Rig(
        connector=ModbusConnector("pkg", config),
        timeout_s=_TIMEOUT_S,
        items=_ITEMS,
        unknown=_item("nowhere", "float", ("input", 2 * _LAST, "float32"), None).tag,
        link=link,
        change=change,
        refuse=refuse,
        writes=lambda: memory.writes,
        encode=[
            AcceptedWrite(A, 0.1, 0.10000000149011612), AcceptedWrite(B, 7, 7),
            AcceptedWrite(C, False, False), AcceptedWrite(D, 0, 0),
        ],
        refused=[(A, 1e39), (B, 40_000), (B, 0.5), (D, 2)],
        apply=apply,
        cannot={
            "uncertain": "Modbus sends no quality",
            "information": "Modbus sends no quality",
            "times": "Modbus sends no times",
            "secrets": "Modbus has no login",
        },
    )  # fmt: skip
