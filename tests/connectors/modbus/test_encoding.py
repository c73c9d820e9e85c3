"""Writes as Modbus bytes, and what a device says of itself."""

from collections.abc import Iterable
from dataclasses import replace
from math import nan
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.block import Block
from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.modbus.encoder import ModbusEncoder
from handwheel.connectors.model.coercion import DeviceType, held, read_as
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.tags import Encoding, Kind, NodeAddress, Order, RegisterAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.connectors.session.protocols import DeviceIdentity, Encoded

from ...plants.devices.misbehaving import Answer, modbus_device, registers, reply
from .test_codec import ORDERS, on_the_wire, range_of

WHOLE: tuple[Encoding, ...] = ("int16", "uint16", "int32", "uint32", "int64", "uint64")
MODES = {"local": 0, "remote": 1}
RUN = Tag("P-101A.run_cmd", "pkg", "bool", RegisterAddress("coil", 16, "bit"), writable=True)


def holding(
    kind: Kind,
    encoding: Encoding,
    members: dict[str, int] | None = None,
    scaling: tuple[float, float] = (1.0, 0.0),
) -> Tag:
    address = RegisterAddress("holding", 0x0102, encoding)
    tag = Tag("P-101A.item", "pkg", kind, address, members=members or {}, writable=True)
    return replace(tag, scale=scaling[0], offset=scaling[1])


def read_back(tag: Tag, wire: bytes, order: Order) -> DataValue:
    """What a session reads when the device holds what was written, without the encoder."""
    assert isinstance(tag.address, RegisterAddress)
    count = tag.address.count
    is_coil = tag.address.table == "coil"
    data = bytes([wire[-2:] == b"\xff\x00"]) if is_coil else wire[-2 * count :]
    block = Block(3, tag.address.table, tag.address.address, count, (tag,), order)
    return block.decode(data, 0.0)[tag.name]


def encoder(order: Order = "ABCD", unit: int = 3) -> ModbusEncoder:
    config = ModbusConnection(kind="modbus", host="127.0.0.1", unit=unit, order=order)
    return ModbusEncoder("pkg", config, DeviceIdentity("modbus", "", "", True, False))


MODE = holding("enum", "uint16", MODES)
TENTHS = holding("float", "uint16", scaling=(0.1, -5.0))
CENTS = holding("float", "int64", scaling=(0.01, -5.0))
TEXT = replace(MODE, kind="string", address=RegisterAddress("holding", 1, "string", length=4))
BIT = replace(RUN, address=RegisterAddress("holding", 1, "bit", 3))
BEHIND = replace(RUN, address=RegisterAddress("coil", 16, "bit", unit=2))
WIRES: list[tuple[Tag, Value, Order, str]] = [
    (RUN, True, "ABCD", "03 05 0010 ff00"),
    (MODE, 1, "ABCD", "03 06 0102 0001"),
    (holding("int", "int16"), -2, "DCBA", "03 06 0102 fffe"),
    (holding("int", "uint32"), 0x01020304, "ABCD", "03 10 0102 0002 04 01020304"),
    (holding("int", "uint32"), 0x01020304, "CDAB", "03 10 0102 0002 04 03040102"),
    (holding("int", "uint32"), 0x01020304, "BADC", "03 10 0102 0002 04 02010403"),
    (holding("int", "uint32"), 0x01020304, "DCBA", "03 10 0102 0002 04 04030201"),
    (holding("float", "float32"), 0.1, "ABCD", "03 10 0102 0002 04 3dcccccd"),
    (holding("float", "float32"), -0.0, "ABCD", "03 10 0102 0002 04 00000000"),
    (holding("float", "float32"), -1e-60, "ABCD", "03 10 0102 0002 04 00000000"),
    (holding("int", "uint64"), 0x0102030405060708, "CDAB", "03 10 0102 0004 08 0708050603040102"),
    (holding("int", "int64"), 0x0102030405060708, "DCBA", "03 10 0102 0004 08 0807060504030201"),
    (holding("float", "float64"), 0.1, "ABCD", "03 10 0102 0004 08 3fb999999999999a"),
    (TENTHS, 35.04, "ABCD", "03 06 0102 0190"),
    (replace(TENTHS, scale=-0.1), -5.0, "ABCD", "03 06 0102 0000"),
]  # fmt: skip


def test_a_write_has_its_exact_bytes() -> None:
    for tag, value, order, wire in WIRES:
        assert encoder(order).encode(tag, value).wire.hex() == wire.replace(" ", "")


ELSEWHERE = Tag("P-1.run", "other", "bool", RegisterAddress("coil", 16, "bit"), writable=True)
ON_OPCUA = Tag("P-1.run", "pkg", "bool", NodeAddress("nsu=urn:x;i=1"), writable=True)
READ_ONLY = Tag("P-1.run", "pkg", "bool", RegisterAddress("coil", 16, "bit"))
INPUT = Tag("P-1.pv", "pkg", "int", RegisterAddress("input", 1, "uint16"), writable=True)
REFUSED: list[tuple[Tag, Value, str]] = [
    (RUN, 1, "takes true or false, not 1"),
    (holding("float", "float32"), True, "takes a number, not True"),
    (holding("float", "float32"), nan, "takes a finite number, not nan"),
    (holding("float", "float32"), 3.5e38, "beyond the range of a float32"),
    (holding("float", "float32"), 10**400, "beyond the range of every type"),
    (holding("int", "uint16"), -1, "-1 is beyond the range of a uint16, 0 to 65535"),
    (holding("int", "int16"), 32768, "32768 is beyond the range"),
    (holding("int", "uint16"), 1.5, "holds whole numbers"),
    (MODE, 2, "takes local=0, remote=1, not 2"),
    (ELSEWHERE, True, "is not on the connection pkg"),
    (ON_OPCUA, True, "is not on the connection pkg"),
    (READ_ONLY, True, "is not writable"),
    (INPUT, 1, "is not writable"),
    (TEXT, "AUTO", "texts are not written"),
    (BIT, True, "bits of registers"),
    (BEHIND, True, "is at another unit"),
    (replace(RUN, address=RegisterAddress("coil", 16, "bit", unit=3)), True, "is at another unit"),
    (TENTHS, 6548.6, r"6548\.6 is beyond the range of a scaled uint16, -5 to 6548\.5"),
    (holding("float", "float32", scaling=(2.0, 0.0)), 1.0, "is scaled, and the device holds a f"),
    (holding("float", "float64", scaling=(1.0, 3.0)), 1.0, "is scaled, and the device holds a f"),
    (CENTS, 1.1626002440241756e16, "maps several numbers to it"),
    (holding("float", "uint16", scaling=(1e-320, 0.0)), 1.0, "beyond the range"),
]


def test_what_does_not_fit_is_refused_with_a_reason() -> None:
    for tag, value, reason in REFUSED:
        with pytest.raises(ValueError, match=reason):
            encoder().encode(tag, value)


def test_a_broadcast_is_never_encoded() -> None:
    assert encoder(unit=1).encode(RUN, True).wire.hex() == "01050010ff00"
    with pytest.raises(ValueError, match="broadcast"):
        encoder(unit=0).encode(RUN, True)


NUMBERS = st.integers() | st.integers(-(2**33), 2**33) | st.floats() | st.floats(width=32)
ANY = st.booleans() | NUMBERS | st.text(max_size=3)
ENCODINGS = st.sampled_from([*WHOLE, "float32", "float64", "bit"])


@given(ANY, ENCODINGS, st.sampled_from(ORDERS), st.booleans())
def test_a_reader_finds_the_coerced_value(
    value: Value, encoding: Encoding, order: Order, is_float: bool
) -> None:
    kind: Kind = "bool" if encoding == "bit" else "float" if is_float else "int"
    tag = RUN if encoding == "bit" else holding(kind, encoding)
    here = encoder(order)
    try:
        encoded = here.encode(tag, value)
    except ValueError:
        return
    assert type(encoded.value) is {"bool": bool, "float": float, "int": int}[kind]
    assert here.encode(tag, encoded.value) == encoded
    assert here.decode(tag, encoded.wire) == encoded.value
    # Independently of the encoder's own decoding: as the device would hand it to a reader.
    assert read_back(tag, encoded.wire, order)[:2] == (encoded.value, GOOD)


@given(st.data(), st.sampled_from(WHOLE), st.sampled_from(ORDERS), st.booleans())
def test_every_number_of_the_device_is_written_as_it_is_read(
    data: st.DataObject, encoding: Encoding, order: Order, is_scaled: bool
) -> None:
    scales = st.sampled_from([0.1, -0.1, 0.01, 1 / 3, 0.25, 10.0, 1e-3, 1e6])
    scaling = (data.draw(scales), data.draw(st.sampled_from([0.0, -5.0, 0.7, 1e3])))
    tag = holding("float", encoding, scaling=scaling if is_scaled else (1.0, 0.0))
    number = data.draw(st.integers(*range_of(encoding)))
    assert isinstance(tag.address, RegisterAddress)
    here = encoder(order)
    zero = here.encode(tag, read_as(tag, 0)).wire
    wire = zero[: -2 * tag.address.count] + on_the_wire(encoding, number, order)
    value = here.decode(tag, wire)
    assert value == read_back(tag, wire, order).value
    assert value == (number * scaling[0] + scaling[1] if is_scaled else float(number))
    if abs(number) > 2**49:  # beyond what a float tells apart, with these scales
        return
    assert here.encode(tag, value) == Encoded(value, wire)
    assert held(tag, cast(DeviceType, encoding), value) == number


@given(st.floats(), st.sampled_from(WHOLE), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_scaled_write_that_is_taken_can_be_checked_byte_by_byte(
    value: float, encoding: Encoding, scale: float, offset: float
) -> None:
    tag = holding("float", encoding, scaling=(scale or 1.0, offset))
    here = encoder()
    try:
        encoded = here.encode(tag, value)
    except ValueError:
        return
    assert here.encode(tag, here.decode(tag, encoded.wire)) == encoded
    assert read_back(tag, encoded.wire, "ABCD")[:2] == (encoded.value, GOOD)


def _pdu(text: str) -> Answer:
    return lambda request: [reply(request, bytes.fromhex(text))]


def _in_two(request: bytes) -> Iterable[bytes]:
    first = request[10]
    assert request[7:10] == b"\x2b\x0e\x01"
    part = "ff 01 01 00 04" if first == 0 else "00 00 01 01 02"
    body = b"ACME" if first == 0 else b"X7"
    yield reply(request, bytes.fromhex("2b 0e 01 01" + part) + body)


NAMES: dict[str, tuple[Answer, str]] = {
    "in two answers": (_in_two, "ACME X7"),
    "function unknown": (_pdu("ab 01"), ""),
    "gateway": (_pdu("ab 0b"), ""),
    "nothing said": (_pdu("2b 0e 01 01 00 00 00"), ""),
    "padded": (_pdu("2b 0e 01 01 00 00 02 00 03 41 20 00 02 02 76 31"), "A v1"),
    "steering the terminal": (_pdu("2b 0e 01 01 00 00 01 00 03 1b 5b 6d"), r"\x1b[m"),
}
SPOILED: dict[str, Answer] = {
    "cut": _pdu("2b 0e 01 01 00 00 01 00 04 41"),
    "too long": _pdu("2b 0e 01 01 00 00 01 00 01 41 41"),
    "one object fewer": _pdu("2b 0e 01 01 00 00 02 00 01 41"),
    "another way of asking": _pdu("2b 0e 02 01 00 00 00"),
    "too short": _pdu("2b 0e 01"),
    "hung up": lambda _: None,
    "another function": lambda request: [registers(request)],
}


def connector(port: int) -> ModbusConnector:
    config = ModbusConnection.model_validate(
        {"kind": "modbus", "host": "127.0.0.1", "read": {"port": port}, "write": {"port": 5021}}
    )
    return ModbusConnector("pkg", config)


async def test_a_device_is_who_it_says() -> None:
    for case, (answer, name) in NAMES.items():
        async with modbus_device(answer) as device:
            session = await connector(device.port).open()
            identity = (await session.encoder([])).identity
            await session.close()
        there = DeviceIdentity("modbus", "modbus://127.0.0.1:5021/1", name, True, False)
        assert identity == there, case


async def test_a_device_that_answers_nonsense_is_not_written_to() -> None:
    for answer in SPOILED.values():
        async with modbus_device(answer) as device:
            session = await connector(device.port).open()
            with pytest.raises(NotConnected):
                await session.encoder([])
            await session.close()
