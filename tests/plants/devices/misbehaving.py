"""Devices that misbehave on purpose, on loopback ports that the kernel chooses."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Answer = Callable[[bytes], Iterable[bytes] | None]
"""From a Modbus request to the pieces of its answer; `None` hangs up."""


@dataclass
class Device:
    """What a device has seen."""

    port: int = 0
    accepted_at: list[float] = field(default_factory=list[float])  # on the loop's clock
    ended: int = 0  # connections that are over
    requests: list[bytes] = field(default_factory=list[bytes])
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until_accepted(self, count: int) -> None:
        """Waits until so many connections have come."""
        await self._until(lambda: len(self.accepted_at) >= count)

    async def until_left(self) -> None:
        """Waits until every connection is over."""
        await self._until(lambda: self.ended == len(self.accepted_at))

    async def _until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(50), self.changed:
            await self.changed.wait_for(is_so)


async def eventually(is_so: Callable[[], bool]) -> None:
    """Waits for what no event tells of."""
    async with asyncio.timeout(50):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def listening(handle: Handle, device: Device | None = None) -> AsyncGenerator[Device]:
    """Serves each connection with `handle` and then closes it."""
    seen = device or Device()
    open_ends: set[asyncio.StreamWriter] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ends.add(writer)
        async with seen.changed:
            seen.accepted_at.append(asyncio.get_running_loop().time())
            seen.changed.notify_all()
        try:
            await handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client has gone
        finally:
            writer.close()
            open_ends.discard(writer)
            async with seen.changed:
                seen.ended += 1
                seen.changed.notify_all()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    seen.port = server.sockets[0].getsockname()[1]
    try:
        yield seen
    finally:
        server.close()
        for writer in open_ends:
            writer.close()
        await seen.until_left()


async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Takes everything and answers nothing, until the other side closes."""
    await reader.read()


async def hang_up(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Closes at once."""


@asynccontextmanager
async def modbus_device(answer: Answer) -> AsyncGenerator[Device]:
    """Answers Modbus requests with whatever `answer` makes of them, piece by piece."""
    device = Device()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            header = await reader.readexactly(6)
            request = header + await reader.readexactly(int.from_bytes(header[4:], "big"))
            device.requests.append(request)
            pieces = answer(request)
            if pieces is None:
                return
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)

    async with listening(handle, device) as seen:
        yield seen


def reply(request: bytes, pdu: bytes) -> bytes:
    """A well-formed answer to a request, around any PDU."""
    return request[:4] + (len(pdu) + 1).to_bytes(2, "big") + request[6:7] + pdu


def registers(request: bytes) -> bytes:
    """The answer of a device whose every register holds its own address."""
    start, count = int.from_bytes(request[8:10], "big"), int.from_bytes(request[10:12], "big")
    words = b"".join(address.to_bytes(2, "big") for address in range(start, start + count))
    return reply(request, request[7:8] + bytes([len(words)]) + words)


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
