"""TCP proxy on loopback with faults that can be set while it is in use."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Literal, Self

from .connection import ProxiedConnection
from .flow import Faults, drop
from .framing import Framing, chunks

Direction = Literal["up", "down", "both"]
"""From the client to the plant, from the plant to the client, or both."""


class LinkProxy:
    """Forwards between clients and a port of a plant on loopback while the context is open.

    Without a fault it passes on every byte, close and reset, no faster than the receiver reads.
    A fault starts at once, on present and new connections, in addition to other faults; a
    second call replaces it. `mend` ends them all. Units are delayed and altered; with other ones
    than `chunks` a unit goes on when all of it has come.

    Attributes:
        accepted: Number of connections.
        resets: Number of those that their clients have reset.
    """

    def __init__(self, plant_port: int, framing: Framing = chunks) -> None:
        self._plant_port = plant_port
        self._framing = framing
        self._up, self._down = Faults(), Faults()
        self._is_cut = False
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], ProxiedConnection] = {}
        self.accepted = 0
        self.resets = 0

    @property
    def port(self) -> int:
        """Port of the proxy."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        while self._connections:
            await asyncio.wait(list(self._connections))
        await self._server.wait_closed()

    def delay(self, seconds: float, direction: Direction = "both") -> None:
        """Delays each unit by `seconds`, in order."""
        for faults in self._of(direction):
            faults.delay_s = seconds

    def cut(self) -> None:
        """Resets every present and new connection on both sides, until `mend`."""
        self._is_cut = True
        for task, connection in self._connections.items():
            connection.drop()
            task.cancel()

    def half_open(self, direction: Direction = "both") -> None:
        """Drops everything that is sent, ends of connections included.

        A new connection is accepted, and reaches the plant only if the direction up is alive.
        """
        for faults in self._of(direction):
            faults.is_dead = True

    def alter(self, change: Callable[[bytes], bytes], direction: Direction = "down") -> None:
        """Replaces each unit by the result of `change`, or drops it if that is empty.

        `change` can corrupt, hold back, swap or record the units, or begin a fault at a certain
        one. TCP's checksum is valid behind the proxy, as behind a broken gateway. Neither Modbus
        TCP nor OPC UA without a security policy detects changed data behind the headers.
        """
        for faults in self._of(direction):
            faults.alter = change

    def mend(self) -> None:
        """Ends all faults and sends the delayed units.

        A connection that has lost bytes is reset, since TCP never delivers a stream with a gap.
        """
        self._is_cut = False
        for faults in (self._up, self._down):
            faults.clear()
        for task, connection in self._connections.items():
            if connection.has_hole:
                connection.drop()
                task.cancel()
            connection.release()

    def _of(self, direction: Direction) -> Sequence[Faults]:
        return {"up": (self._up,), "down": (self._down,), "both": (self._up, self._down)}[direction]

    # No coroutine: asyncio would log a connection's task as failed when a reset cancels it.
    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        if self._is_cut:
            drop(writer)
            return
        connection = ProxiedConnection(self._framing, self._up, self._down, writer)
        task = asyncio.create_task(connection.forward(reader, self._plant_port))
        self._connections[task] = connection
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self.resets += self._connections.pop(task).was_reset
