"""Our Modbus client and a naive one behind one shape, so that both meet the same device."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

from pymodbus.exceptions import ModbusException

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.tags import Encoding, RegisterAddress, Tag
from handwheel.connectors.model.values import Quality
from handwheel.connectors.session.protocols import Session

from ..plants.devices.hostile_modbus import Device
from .naive import NaiveModbus

PATIENT_S = 5.0
Words = tuple[object, ...]


def config_of(port: int, timeout_s: float = PATIENT_S, **keys: object) -> ModbusConnection:
    own = {"kind": "modbus", "host": "127.0.0.1", "read": {"port": port}, "scan": "50 ms"}
    own["timeout"] = f"{1000 * timeout_s:g} ms"
    return ModbusConnection.model_validate(own | keys)


def register(address: int, encoding: Encoding = "uint16", unit: int | None = None) -> Tag:
    place = RegisterAddress("holding", address, encoding, unit=unit)
    return Tag(f"R-{unit or 1}-{address}.pv", "plc", "int", place)


@dataclass
class _Ours:
    """Reads registers by our own sessions; tells why where it has no value."""

    connector: ModbusConnector
    session: Session | None = None

    async def read(self, address: int, count: int = 2) -> Words | str:
        tags = [register(address + n) for n in range(count)]
        try:
            self.session = self.session or await self.connector.open()
            readings = list((await self.session.read(tags)).values())
        except NotConnected as error:
            await self.close()
            return str(error)
        if any(reading.quality is not Quality.GOOD for reading in readings):
            return readings[0].status.name
        return tuple(reading.value for reading in readings)

    async def close(self) -> None:
        session, self.session = self.session, None
        if session is not None:
            await session.close()


@dataclass
class _Naive:
    """Does the same, and takes what it gets."""

    client: NaiveModbus

    async def read(self, address: int, count: int = 2) -> Words | str:
        try:
            return tuple(await self.client.registers(address, count))
        except ModbusException as error:
            return type(error).__name__


Plc = _Ours | _Naive
Client = Callable[..., AbstractAsyncContextManager[Plc]]
"""Opens a client of the device at a port."""


@asynccontextmanager
async def ours(port: int) -> AsyncGenerator[Plc]:
    client = _Ours(ModbusConnector("plc", config_of(port)))
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def naive(port: int) -> AsyncGenerator[Plc]:
    async with NaiveModbus(port, PATIENT_S) as client:
        yield _Naive(client)


Place = tuple[int, int]
"""Unit and address."""

UNITS = (1, 2)
BLOCK = 125
OFFSETS = (0, 16, 32, 48, 64, 80, 96, 122)
# Four blocks of each unit, of 124 registers: two do not fit into one request.
PLACES: Sequence[Place] = [
    (unit, start + offset) for unit in UNITS for start in (0, 128, 256, 384) for offset in OFFSETS
]


class OursChecked:
    """Our session; a new one after each loss, as the supervisor does it."""

    def __init__(self, device: Device, window: int, timeout_s: float) -> None:
        self._config = config_of(device.port, timeout_s, window=window)
        self._tags = {f"T-{unit}-{address}.pv": (unit, address) for unit, address in PLACES}
        self._wanted = [
            Tag(name, "plc", "int", RegisterAddress("holding", address, "uint32", unit=unit))
            for name, (unit, address) in self._tags.items()
        ]
        self._session: Session | None = None

    async def read(self) -> Mapping[Place, int]:
        try:
            # A connector of its own for each session: what is learnt of refusals and dead units
            # is right for a device that means them.
            if self._session is None:
                self._session = await ModbusConnector("plc", self._config).open()
            readings = await self._session.read(self._wanted)
        except NotConnected:
            await self.close()
            return {}
        if self._session.faults:
            await self.close()
        return {
            self._tags[name]: reading.value
            for name, reading in readings.items()
            if reading.quality is Quality.GOOD and isinstance(reading.value, int)
        }

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


class NaiveChecked:
    """pymodbus with its defaults and a short time-out; one request after the other."""

    def __init__(self, client: NaiveModbus) -> None:
        self._client = client

    async def read(self) -> Mapping[Place, int]:
        values: dict[Place, int] = {}
        for unit, address in PLACES[:: len(OFFSETS)]:
            try:
                registers = await self._client.registers(address, BLOCK, unit)
                values |= {
                    (unit, address + n): registers[n] << 16 | registers[n + 1] for n in OFFSETS
                }
            except (ModbusException, IndexError):
                await asyncio.sleep(0.01)
        return values

    async def close(self) -> None:
        """Is left to who made the client."""


@dataclass
class Tally:
    good: int = 0
    none: int = 0
    wrong: list[str] = field(default_factory=list[str])

    @property
    def share(self) -> float:
        """How many of all values that were wanted were good and right."""
        return self.good / (self.good + len(self.wrong) + self.none)


async def endure(device: Device, client: OursChecked | NaiveChecked, replies: int) -> Tally:
    tally = Tally()
    while device.number < replies:
        before = device.number
        values = await client.read()
        for (unit, address), value in values.items():
            if device.is_true(unit, address, value, before):
                tally.good += 1
            else:
                tally.wrong.append(f"unit {unit} register {address} read 0x{value:08X}")
        tally.none += len(PLACES) - len(values)
        await asyncio.sleep(0)
    await client.close()
    return tally
