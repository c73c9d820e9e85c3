"""What a Modbus device says of itself, and of its items."""

from collections.abc import Iterable

import pytest

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.session.protocols import DeviceIdentity

from ...plants.devices.misbehaving import Answer, modbus_device, registers, reply


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
