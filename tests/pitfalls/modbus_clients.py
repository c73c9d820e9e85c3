"""Our Modbus client and a naive one behind one shape, so that both meet the same device."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol

from pymodbus.exceptions import ModbusException

from handwheel.connectors.errors import NotConnected, WriteOutcomeUnknown, WriteRefused
from handwheel.connectors.modbus.connector import ModbusConnector
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.tags import Encoding, RegisterAddress, Tag
from handwheel.connectors.model.values import Quality
from handwheel.connectors.session.protocols import Session

from ..connectors.actuation.permits import deliver, opened, permit_for
from ..sites.site_text import SITE, TAGS, load
from .naive.modbus import NaiveModbus

PATIENT_S = 5.0
SETTING = 7
_WRITABLE = f"""\
  TIC-1.mode: {{connection: pkg, table: holding, address: {SETTING}, type: int, writable: true}}
"""
Words = tuple[object, ...]


class Plc(Protocol):
    """A client of one device."""

    async def read(self, address: int, count: int = 2) -> Words | str:
        """Returns the registers that it takes for good, or why it has none."""
        ...

    async def write(self, value: int) -> str:
        """Writes a register and returns what it says of the outcome."""
        ...


class Client(Protocol):
    """Opens a client of the device at a port; the folder is for its site."""

    def __call__(
        self, port: int, folder: Path, timeout_s: float = PATIENT_S
    ) -> AbstractAsyncContextManager[Plc]: ...


def config_of(port: int, timeout_s: float = PATIENT_S, **keys: object) -> ModbusConnection:
    return ModbusConnection.model_validate(
        {
            "kind": "modbus",
            "host": "127.0.0.1",
            "read": {"port": port},
            "timeout": f"{1000 * timeout_s:g} ms",
            "scan": "50 ms",
            **keys,
        }
    )


def register(address: int, encoding: Encoding = "uint16", unit: int | None = None) -> Tag:
    """A tag of one register, or of several."""
    place = RegisterAddress("holding", address, encoding, unit=unit)
    return Tag(f"R-{unit or 1}-{address}.pv", "plc", "int", place)


class _Ours:
    def __init__(self, port: int, folder: Path, timeout_s: float) -> None:
        self._connector = ModbusConnector("plc", config_of(port, timeout_s))
        self._timeout = f"timeout: {1000 * timeout_s:g} ms"
        self._port = port
        self._folder = folder
        self._session: Session | None = None

    async def read(self, address: int, count: int = 2) -> Words | str:
        tags = [register(address + n) for n in range(count)]
        try:
            self._session = self._session or await self._connector.open()
            readings = list((await self._session.read(tags)).values())
        except NotConnected as error:
            await self.close()
            return str(error)
        if any(reading.quality is not Quality.GOOD for reading in readings):
            return readings[0].status.name
        return tuple(reading.value for reading in readings)

    async def write(self, value: int) -> str:
        port = f"read: {{port: {self._port}}}\n    write: {{port: {self._port}}}"
        text = SITE.replace("read: {port: 5020}", port).replace("timeout: 2 s", self._timeout)
        site = load(self._folder / "site", text, TAGS + _WRITABLE)
        tag = site.tags["TIC-1.mode"]
        async with opened(site, tag) as session:
            try:
                await deliver(session, permit_for(session, tag, value))
            except WriteRefused as error:
                return f"refused: {error.code}"
            except WriteOutcomeUnknown as error:
                return f"unknown: {error}"
        return "done"

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()


@asynccontextmanager
async def ours(port: int, folder: Path, timeout_s: float = PATIENT_S) -> AsyncGenerator[Plc]:
    client = _Ours(port, folder, timeout_s)
    try:
        yield client
    finally:
        await client.close()


class _Naive:
    def __init__(self, client: NaiveModbus) -> None:
        self._client = client

    async def read(self, address: int, count: int = 2) -> Words | str:
        try:
            return tuple(await self._client.registers(address, count))
        except ModbusException as error:
            return type(error).__name__

    async def write(self, value: int) -> str:
        try:
            await self._client.write(SETTING, value)
        except ModbusException as error:
            return type(error).__name__
        return "done"


@asynccontextmanager
async def naive(port: int, folder: Path, timeout_s: float = PATIENT_S) -> AsyncGenerator[Plc]:
    del folder
    async with NaiveModbus(port, timeout_s) as client:
        yield _Naive(client)


CLIENTS: Mapping[str, Client] = {"ours": ours, "naive": naive}
