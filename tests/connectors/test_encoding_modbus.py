"""Writes as Modbus bytes, and what a device says of itself."""

from collections.abc import Iterable
from math import copysign, inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.coercion import DeviceType, coerce
from handwheel.connectors.endpoints import ModbusConnection
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.hosts import is_loopback
from handwheel.connectors.modbus.codec import decode
from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.modbus.encoding import ModbusEncoder
from handwheel.connectors.session import Identity
from handwheel.connectors.tags import Encoding, Kind, NodeAddress, Order, RegisterAddress, Tag
from handwheel.connectors.values import GOOD, Value

from .devices import Answer, modbus_device, registers, reply

ORDERS: tuple[Order, ...] = ("ABCD", "CDAB", "BADC", "DCBA")
WHOLE: tuple[Encoding, ...] = ("int16", "uint16", "int32", "uint32")
MODES = {"local": 0, "remote": 1}
RUN = Tag("P-101A.run_cmd", "pkg", "bool", RegisterAddress("coil", 16, "bit"), writable=True)


def holding(kind: Kind, encoding: Encoding, members: dict[str, int] | None = None) -> Tag:
    address = RegisterAddress("holding", 0x0102, encoding)
    return Tag("P-101A.item", "pkg", kind, address, members=members or {}, writable=True)


def encoder(order: Order = "ABCD", unit: int = 3) -> ModbusEncoder:
    config = ModbusConnection(kind="modbus", host="127.0.0.1", unit=unit, order=order)
    return ModbusEncoder("pkg", config, Identity("modbus", "", "", True, False))


MODE = holding("enum", "uint16", MODES)
WIRES: list[tuple[Tag, Value, Order, str]] = [
    (RUN, True, "ABCD", "03 05 0010 ff00"),
    (RUN, False, "DCBA", "03 05 0010 0000"),
    (MODE, 1, "ABCD", "03 06 0102 0001"),
    (holding("int", "int16"), -2, "DCBA", "03 06 0102 fffe"),
    (holding("int", "uint32"), 0x01020304, "ABCD", "03 10 0102 0002 04 01020304"),
    (holding("int", "uint32"), 0x01020304, "CDAB", "03 10 0102 0002 04 03040102"),
    (holding("int", "uint32"), 0x01020304, "BADC", "03 10 0102 0002 04 02010403"),
    (holding("int", "uint32"), 0x01020304, "DCBA", "03 10 0102 0002 04 04030201"),
    (holding("float", "float32"), 0.1, "ABCD", "03 10 0102 0002 04 3dcccccd"),
    (holding("float", "float32"), 350, "CDAB", "03 10 0102 0002 04 000043af"),
    (holding("float", "float32"), -0.0, "ABCD", "03 10 0102 0002 04 00000000"),
    (holding("float", "float32"), -1e-60, "ABCD", "03 10 0102 0002 04 00000000"),
    (holding("float", "uint16"), 350.0, "ABCD", "03 06 0102 015e"),
]  # fmt: skip


@pytest.mark.parametrize(("tag", "value", "order", "wire"), WIRES)
def test_a_write_has_its_exact_bytes(tag: Tag, value: Value, order: Order, wire: str) -> None:
    assert encoder(order).encode(tag, value).wire.hex() == wire.replace(" ", "")


def test_a_person_sees_what_will_really_be_there() -> None:
    tag = holding("float", "float32")
    assert encoder().encode(tag, 0.1).value == 0.10000000149011612
    zero = encoder().encode(tag, -0.0).value
    assert isinstance(zero, float)
    assert copysign(1.0, zero) == 1.0
    assert isinstance(encoder().encode(tag, 350).value, float)
    assert isinstance(encoder().encode(holding("int", "uint16"), 350.0).value, int)


ELSEWHERE = Tag("P-1.run", "other", "bool", RegisterAddress("coil", 16, "bit"), writable=True)
ON_OPCUA = Tag("P-1.run", "pkg", "bool", NodeAddress("nsu=urn:x;i=1"), writable=True)
READ_ONLY = Tag("P-1.run", "pkg", "bool", RegisterAddress("coil", 16, "bit"))
INPUT = Tag("P-1.pv", "pkg", "int", RegisterAddress("input", 1, "uint16"), writable=True)
REFUSED: list[tuple[Tag, Value, str]] = [
    (RUN, 1, "takes true or false, not 1"),
    (RUN, 1.0, r"takes true or false, not 1\.0"),
    (RUN, "true", "takes true or false, not 'true'"),
    (holding("float", "float32"), True, "takes a number, not True"),
    (holding("float", "float32"), "350", "takes a number, not '350'"),
    (holding("float", "float32"), nan, "takes a finite number, not nan"),
    (holding("float", "float32"), -inf, "takes a finite number, not -inf"),
    (holding("float", "float32"), 3.5e38, "beyond the range of a float32"),
    (holding("float", "float32"), 10**400, "beyond the range of every type"),
    (holding("int", "uint16"), True, "takes a number, not True"),
    (holding("int", "uint16"), -1, "-1 is beyond the range of a uint16, 0 to 65535"),
    (holding("int", "uint16"), 65536, "65536 is beyond the range"),
    (holding("int", "int16"), 32768, "32768 is beyond the range"),
    (holding("int", "uint16"), 1.5, "holds whole numbers"),
    (holding("int", "uint16"), 10**30, "beyond the range of a uint16"),
    (holding("float", "uint16"), 1.5, "holds whole numbers"),
    (MODE, 2, "takes local=0, remote=1, not 2"),
    (MODE, "remote", "takes a number, not 'remote'"),
    (MODE, True, "takes a number, not True"),
    (ELSEWHERE, True, "is not on the connection pkg"),
    (ON_OPCUA, True, "is not on the connection pkg"),
    (READ_ONLY, True, "is not writable"),
    (INPUT, 1, "is not writable"),
]


@pytest.mark.parametrize(("tag", "value", "reason"), REFUSED)
def test_what_does_not_fit_is_refused_with_a_reason(tag: Tag, value: Value, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        encoder().encode(tag, value)


def test_a_broadcast_is_never_encoded() -> None:
    assert encoder(unit=1).encode(RUN, True).wire.hex() == "01050010ff00"
    with pytest.raises(ValueError, match="broadcast"):
        encoder(unit=0).encode(RUN, True)


ANY = st.one_of(
    st.booleans(), st.integers(), st.integers(-(2**33), 2**33), st.floats(), st.floats(width=32),
    st.text(max_size=3),
)  # fmt: skip


@given(ANY, st.sampled_from([*WHOLE, "float32", "bit"]), st.sampled_from(ORDERS), st.booleans())
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
    assert isinstance(tag.address, RegisterAddress)
    # Independently of the encoder's own decoding: as the device would hand it to a reader.
    raw = encoded.wire[-2 * tag.address.count :]
    words = [int.from_bytes(raw[n : n + 2], "big") for n in range(0, len(raw), 2)]
    assert decode(words, encoding, kind, order) == (encoded.value, GOOD)


BITS: dict[DeviceType, tuple[int, int]] = {
    "int8": (-128, 127), "uint8": (0, 255), "int64": (-(2**63), 2**63 - 1), "uint64": (0, 2**64 - 1)
}  # fmt: skip


@given(st.integers(), st.sampled_from(sorted(BITS)))
def test_whole_numbers_fit_or_are_refused(value: int, device: DeviceType) -> None:
    low, high = BITS[device]
    tag = holding("int", "uint16")
    for each in (low, high, min(max(value, low), high)):
        assert coerce(tag, device, each) == each
    for each in (low - 1, high + 1):
        with pytest.raises(ValueError, match="beyond the range"):
            coerce(tag, device, each)


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


@pytest.mark.parametrize(("answer", "name"), NAMES.values(), ids=NAMES)
async def test_a_device_is_who_it_says(answer: Answer, name: str) -> None:
    async with modbus_device(answer) as device:
        session = await connector(device.port).open()
        identity = (await session.encoder([RUN])).identity
        await session.close()
    assert identity == Identity("modbus", "modbus://127.0.0.1:5021/1", name, True, False)


@pytest.mark.parametrize("answer", SPOILED.values(), ids=SPOILED)
async def test_a_device_that_answers_nonsense_is_not_written_to(answer: Answer) -> None:
    async with modbus_device(answer) as device:
        session = await connector(device.port).open()
        with pytest.raises(NotConnected):
            await session.encoder([RUN])
        await session.close()


@pytest.mark.parametrize(
    ("host", "is_here"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True),
     ("localhost.example", False), ("10.0.0.1", False), ("0.0.0.0", False), ("", False)],
)  # fmt: skip
def test_loopback_is_told_by_the_address_alone(host: str, is_here: bool) -> None:
    assert is_loopback(host) is is_here
