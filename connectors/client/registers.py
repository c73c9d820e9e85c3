"""Raw contents of a Modbus device's tables, address by address."""

import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from ..errors import NotConnected
from ..modbus.identification import identify
from ..modbus.request import BIT_TABLES, read_request
from ..modbus.transport import DeviceException, ModbusTransport, TransportError
from ..model.endpoints import ModbusConnection
from ..model.tags import Table

# The device refuses an address or a count, so that a part of the request may be accepted.
_OF_ADDRESS = frozenset({2, 3, 4})


class RawTables:
    """The four tables of one unit, read as words and bits."""

    def __init__(self, name: str, config: ModbusConnection, transport: ModbusTransport) -> None:
        self._name = name
        self._config = config
        self._transport = transport

    def most(self, table: Table) -> int:
        """Returns how many items of a table one request may ask for."""
        return self._config.max_bits if table in BIT_TABLES else self._config.max_registers

    async def identify(self) -> str:
        """Returns what the device calls itself, or nothing.

        A device without function 43/14 may be lost by it.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`, for each request.
        """
        try:
            return (await identify(self._transport, self._config)).name
        except TransportError:
            return ""

    async def ask(self, table: Table, start: int, count: int) -> list[int] | DeviceException:
        """Sends one request and returns the words or bits, or the device's refusal.

        Raises:
            NotConnected: The device does not answer, or its answer is wrong. It is lost.

        Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`.
        """
        request = read_request(self._config.unit, table, start, count)
        try:
            (answer,) = await self._transport.read_all([request])
        except TransportError as error:
            last = f"..{start + count - 1}" if count > 1 else ""
            reason = f"{self._config.where}: {error}, asked for {table} {start}{last}"
            raise NotConnected({self._name: reason}) from None
        if isinstance(answer, DeviceException):
            return answer
        data, _ = answer
        if table in BIT_TABLES:
            return [data[at >> 3] >> (at & 7) & 1 for at in range(count)]
        return list(struct.unpack(f">{count}H", data))

    async def read(self, table: Table, start: int, count: int) -> dict[int, int | DeviceException]:
        """Returns the word or bit at each address, or the device's refusal of it.

        A refused request is halved until a single address is refused, in requests within the
        connection's `max_registers` and `max_bits`.

        Raises:
            NotConnected: As for `ask`.
        """
        most = self.most(table)
        found: dict[int, int | DeviceException] = {}
        open_ = [
            (at, min(most, start + count - at)) for at in range(start, start + count, most)
        ]  # fmt: skip
        while open_:
            at, size = open_.pop(0)
            answer = await self.ask(table, at, size)
            if not isinstance(answer, DeviceException):
                found |= zip(range(at, at + size), answer, strict=True)
            elif size > 1 and answer.code in _OF_ADDRESS:
                half = size // 2
                open_[:0] = [(at, half), (at + half, size - half)]
            else:
                found |= dict.fromkeys(range(at, at + size), answer)
        return found


@asynccontextmanager
async def open_raw_tables(name: str, config: ModbusConnection) -> AsyncGenerator[RawTables]:
    """Connects for the length of the context.

    Raises:
        NotConnected: Nothing accepts the connection.

    Effect: OBSERVE. Retry: none. Timeout: the connection's `timeout`; closing takes up to 1 s.
    """
    try:
        transport = await ModbusTransport.open(config.host, config.read.port, config.timeout)
    except TransportError as error:
        raise NotConnected({name: f"{config.where}: {error}"}) from None
    try:
        yield RawTables(name, config, transport)
    finally:
        await transport.close()
