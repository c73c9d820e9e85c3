"""An echo behind a link, and a client that says what becomes of its bytes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from handwheel.sim_plant.link.framing import Framing, chunks
from handwheel.sim_plant.link.proxy import LinkProxy

from ...plants.devices.misbehaving import Device, eventually, listening
from ..server.modbus.modbus_wire import Wire


@dataclass
class Echo(Device):
    """Sends back what it gets, and keeps it."""

    got: bytearray = field(default_factory=bytearray)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            self.got += data
            writer.write(data)
            await writer.drain()


@asynccontextmanager
async def echoing(framing: Framing = chunks) -> AsyncGenerator[tuple[Echo, LinkProxy]]:
    """An echo behind a link; nothing of the link may be open afterwards."""
    echo = Echo()
    async with listening(echo.handle, echo):
        before = _open_files()
        async with LinkProxy(echo.port, framing) as link:
            yield echo, link
        await eventually(lambda: echo.ended == len(echo.accepted_at))
        await eventually(lambda: _open_files() <= before)


def _open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@asynccontextmanager
async def client(link: LinkProxy) -> AsyncGenerator[Wire]:
    reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def echoed(link: LinkProxy, data: bytes) -> bytes:
    """What comes back over a connection of its own, until the end."""
    async with client(link) as here:
        here.writer.write(data)
        here.writer.write_eof()
        return await here.reader.read()


async def comes_back(here: Wire, data: bytes) -> bool:
    here.writer.write(data)
    return await here.reader.readexactly(len(data)) == data


async def is_silent(here: Wire) -> bool:
    try:
        async with asyncio.timeout(0.1):
            await here.reader.read(1)
    except TimeoutError:
        return True
    return False


async def is_reset(here: Wire) -> bool:
    try:
        async with asyncio.timeout(50):
            here.writer.write(b"?")
            return await here.reader.read() == b""  # asyncio may hide a reset behind an end
    except ConnectionError:
        return True
