"""Our Modbus client and a naive one behind one shape, so that both meet the same device."""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

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


def config_of(port: int, timeout_s: float = PATIENT_S, **keys: object) -> ModbusConnection:
    own = {"kind": "modbus", "host": "127.0.0.1", "read": {"port": port}, "scan": "50 ms"}
    own["timeout"] = f"{1000 * timeout_s:g} ms"
    return ModbusConnection.model_validate(own | keys)


def register(address: int, encoding: Encoding = "uint16", unit: int | None = None) -> Tag:
    place = RegisterAddress("holding", address, encoding, unit=unit)
    return Tag(f"R-{unit or 1}-{address}.pv", "plc", "int", place)


@dataclass
class _Ours:
    """Reads registers, and writes one, by our own sessions; tells why where it has no value."""

    connector: ModbusConnector
    port: int
    folder: Path
    timeout_s: float
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

    async def write(self, value: int) -> str:
        port = f"read: {{port: {self.port}}}\n    write: {{port: {self.port}}}"
        timeout = f"timeout: {1000 * self.timeout_s:g} ms"
        text = SITE.replace("read: {port: 5020}", port).replace("timeout: 2 s", timeout)
        site = load(self.folder / "site", text, TAGS + _WRITABLE)
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

    async def write(self, value: int) -> str:
        try:
            await self.client.write(SETTING, value)
        except ModbusException as error:
            return type(error).__name__
        return "done"


Plc = _Ours | _Naive
Client = Callable[..., AbstractAsyncContextManager[Plc]]
"""Opens a client of the device at a port; the folder is for its site."""


@asynccontextmanager
async def ours(port: int, folder: Path, timeout_s: float = PATIENT_S) -> AsyncGenerator[Plc]:
    connector = ModbusConnector("plc", config_of(port, timeout_s))
    client = _Ours(connector, port, folder, timeout_s)
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def naive(port: int, folder: Path, timeout_s: float = PATIENT_S) -> AsyncGenerator[Plc]:
    del folder
    async with NaiveModbus(port, timeout_s) as client:
        yield _Naive(client)


CLIENTS: Mapping[str, Client] = {"ours": ours, "naive": naive}
