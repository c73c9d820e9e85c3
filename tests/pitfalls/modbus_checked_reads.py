"""Reads a hostile device again and again and judges every good value by what it says of itself."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pymodbus.exceptions import ModbusException

from handwheel.connectors.errors import NotConnected
from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.tags import RegisterAddress, Tag
from handwheel.connectors.model.values import Quality
from handwheel.connectors.session.protocols import Session

from ..plants.devices.hostile_modbus import Device
from .naive.modbus import NaiveModbus

Place = tuple[int, int]
"""Unit and address."""

UNITS = (1, 2)
BLOCK = 125
OFFSETS = (0, 16, 32, 48, 64, 80, 96, 122)
# Four blocks of each unit, of 124 registers: two do not fit into one request.
PLACES: Sequence[Place] = [
    (unit, start + offset) for unit in UNITS for start in (0, 128, 256, 384) for offset in OFFSETS
]


class Ours:
    """Our session; a new one after each loss, as the supervisor does it."""

    def __init__(self, device: Device, window: int, timeout_s: float) -> None:
        keys = {"host": "127.0.0.1", "read": {"port": device.port}, "window": window}
        keys |= {"kind": "modbus", "timeout": f"{1000 * timeout_s:g} ms"}
        self._config = ModbusConnection.model_validate(keys)
        self._tags = {f"T-{unit}-{address}.pv": (unit, address) for unit, address in PLACES}
        self._wanted = [
            Tag(name, "plc", "int", RegisterAddress("holding", address, "uint32", unit=unit))
            for name, (unit, address) in self._tags.items()
        ]
        self._session: Session | None = None
        self.reasons: Counter[str] = Counter()

    async def read(self) -> Mapping[Place, int]:
        try:
            # A connector of its own for each session: what is learnt of refusals and dead units
            # is right for a device that means them.
            if self._session is None:
                self._session = await ModbusConnector("plc", self._config).open()
            readings = await self._session.read(self._wanted)
        except NotConnected as error:
            self.reasons[_kind(str(error))] += 1
            await self.close()
            return {}
        if self._session.faults:
            self.reasons.update(_kind(why) for why in self._session.faults.values())
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


class Naive:
    """pymodbus with its defaults and a short time-out; one request after the other."""

    def __init__(self, client: NaiveModbus) -> None:
        self._client = client
        self.reasons: Counter[str] = Counter()

    async def read(self) -> Mapping[Place, int]:
        values: dict[Place, int] = {}
        for unit, address in PLACES[:: len(OFFSETS)]:
            try:
                registers = await self._client.registers(address, BLOCK, unit)
                values |= {
                    (unit, address + n): registers[n] << 16 | registers[n + 1] for n in OFFSETS
                }
            except (ModbusException, IndexError) as error:
                self.reasons[type(error).__name__] += 1
                await asyncio.sleep(0.01)
        return values

    async def close(self) -> None:
        """Is left to who made the client."""


def _kind(text: str) -> str:
    """The reason without its numbers."""
    return "".join("#" if each.isdigit() else each for each in text.rpartition(": ")[2])


@dataclass
class Tally:
    good: int = 0
    wrong: int = 0
    none: int = 0
    examples: list[str] = field(default_factory=list[str])

    @property
    def share(self) -> float:
        """How many of all values that were wanted were good and right."""
        return self.good / (self.good + self.wrong + self.none)


async def endure(device: Device, client: Ours | Naive, replies: int) -> Tally:
    tally = Tally()
    while device.number < replies:
        before = device.number
        values = await client.read()
        for (unit, address), value in values.items():
            if device.is_true(unit, address, value, before):
                tally.good += 1
                continue
            tally.wrong += 1
            if len(tally.examples) < 5:
                tally.examples.append(f"unit {unit} register {address} read 0x{value:08X}")
        tally.none += len(PLACES) - len(values)
        await asyncio.sleep(0)
    await client.close()
    return tally
