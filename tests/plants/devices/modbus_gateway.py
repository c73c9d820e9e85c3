"""A gateway with units behind it, some of which do not answer, and a session with it."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.modbus.session import ModbusSession
from handwheel.connectors.modbus.transport import ModbusTransport
from handwheel.connectors.model.endpoints import ModbusConnection, ReadPort
from handwheel.connectors.model.tags import RegisterAddress, Tag
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue

from .misbehaving import Device, modbus_device, registers, reply

SILENT = 0
TIMEOUT_S = 0.4


def tag(unit: int | None) -> Tag:
    where = RegisterAddress("holding", 7, "uint16", unit=unit)
    return Tag(f"U{unit or 0}.pv", "pkg", "int", where)


OWN, SECOND, THIRD = tag(None), tag(2), tag(3)
TAGS = [THIRD, OWN, SECOND]


class Gateway:
    def __init__(self, faults: Mapping[int, int]) -> None:
        self.faults = dict(faults)
        self.device = Device()

    def answer(self, request: bytes) -> Iterable[bytes]:
        fault = self.faults.get(request[6])
        if fault is None:
            return [registers(request)]
        return [] if fault == SILENT else [reply(request, bytes([request[7] | 0x80, fault]))]

    def take_units(self) -> list[int]:
        units = [request[6] for request in self.device.requests]
        self.device.requests.clear()
        return units


def connector(port: int, timeout_s: float = TIMEOUT_S, window: int = 1) -> ModbusConnector:
    read = ReadPort(port=port)
    config = ModbusConnection(kind="modbus", host="127.0.0.1", read=read, window=window)
    return ModbusConnector("pkg", config.model_copy(update={"timeout": timeout_s}))


@asynccontextmanager
async def behind(
    faults: Mapping[int, int], timeout_s: float = TIMEOUT_S, window: int = 1
) -> AsyncGenerator[tuple[Gateway, ModbusSession]]:
    gateway = Gateway(faults)
    async with modbus_device(gateway.answer) as gateway.device:
        session = await connector(gateway.device.port, timeout_s, window).open()
        try:
            yield gateway, session
        finally:
            await session.close()


@asynccontextmanager
async def transport_to(
    device: Device, timeout_s: float = 5.0, window: int = 1
) -> AsyncGenerator[ModbusTransport]:
    transport = await ModbusTransport.open("127.0.0.1", device.port, timeout_s, window)
    try:
        yield transport
    finally:
        await transport.close()


async def come_back(session: ModbusSession, tags: Sequence[Tag] = TAGS) -> None:
    async with asyncio.timeout(50):
        while by_tag(await session.read(tags)) != alive(*tags):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def by_tag(readings: Mapping[str, DataValue]) -> dict[str, tuple[object, object]]:
    return {name: (reading.value, reading.status) for name, reading in readings.items()}


def alive(*tags: Tag) -> dict[str, tuple[object, object]]:
    return {each.name: (7, GOOD) for each in tags}


def dead(*tags: Tag) -> dict[str, tuple[object, object]]:
    return {each.name: (None, BAD_NO_COMMUNICATION) for each in tags}
