"""A TCP proxy on loopback whose link can be spoilt while it is in use."""

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Literal, Self

from .connection import Connection
from .faults import Corruption, Delay, Faults, Truncation
from .flow import drop
from .framing import Framing, chunks

Direction = Literal["up", "down", "both"]
"""From the client to the plant, from the plant to the client, or both."""


class LinkProxy:
    """Stands between clients and a port of a plant while the context is open.

    Without a fault it passes every byte, every close and every reset on, no faster than the
    receiver takes them. A fault begins at once, on live connections and on new ones, beside the
    faults that are there already; calling it again replaces it. All of them end with `mend`.

    Args:
        plant_port: Where the plant listens, on loopback.
        framing: Cuts each direction into the units that are delayed, swapped and corrupted.
            With other units than `chunks` a unit goes on when all of it has come.

    Attributes:
        accepted: How many connections came.
        resets: How many of them their clients have reset.
    """

    def __init__(self, plant_port: int, framing: Framing = chunks) -> None:
        self._plant_port = plant_port
        self._framing = framing
        self._up, self._down = Faults(), Faults()
        self._is_cut = False
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], Connection] = {}
        self.accepted = 0
        self.resets = 0

    @property
    def port(self) -> int:
        """The port that the kernel gave."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        while self._connections:
            await asyncio.wait(list(self._connections))
        await self._server.wait_closed()

    def delay(
        self, seconds: float, jitter_s: float = 0.0, seed: int = 0, direction: Direction = "both"
    ) -> None:
        """Holds each unit back for `seconds`, and up to `jitter_s` more; the order is kept."""
        for faults in self._of(direction):
            faults.delay = Delay(seconds, jitter_s, seed)

    def cut(self) -> None:
        """Resets every connection on both sides, and each new one as it comes, until mended."""
        self._is_cut = True
        for task, connection in self._connections.items():
            connection.drop()
            task.cancel()

    def half_open(self, direction: Direction = "both") -> None:
        """Lets everything vanish that is sent, ends of connections too; nobody is told.

        A new connection is accepted. If it is the way up that is dead, the plant never hears
        of it.
        """
        for faults in self._of(direction):
            faults.is_dead = True

    def reorder(self, hold_s: float, direction: Direction = "down") -> None:
        """Swaps every two units; one that is alone goes on after `hold_s` seconds."""
        for faults in self._of(direction):
            faults.hold_s = hold_s

    def corrupt(
        self,
        rate: float,
        seed: int = 0,
        within: slice = slice(None),
        direction: Direction = "down",
    ) -> None:
        """Flips one bit in some bytes.

        TCP's checksum is right again behind the proxy. So this is what a broken gateway does,
        and neither Modbus TCP nor OPC UA without a security policy can tell that the data
        behind the headers has been hit.

        Args:
            rate: Probability of each byte, above 0, at most 1.
            seed: Which bytes and bits; the same for the same stream.
            within: The part of each unit that is hit.

        Raises:
            ValueError: The rate is no such probability.
        """
        for faults in self._of(direction):
            faults.corruption = Corruption(rate, seed, within)

    def truncate(self, count: int, direction: Direction = "down") -> None:
        """Closes each connection towards the receiver after `count` more bytes."""
        for faults in self._of(direction):
            faults.truncation = Truncation(count)

    def alter(self, change: Callable[[bytes], bytes], direction: Direction = "down") -> None:
        """Replaces each unit by what `change` makes of it; an empty one is left out.

        `change` is also the way to see what passes, and to begin a fault at a certain unit.
        """
        for faults in self._of(direction):
            faults.alter = change

    def mend(self) -> None:
        """Ends all faults and lets go what was held back.

        A connection that has lost bytes is reset: TCP never delivers a stream with a hole.
        """
        self._is_cut = False
        for faults in (self._up, self._down):
            faults.clear()
        for task, connection in self._connections.items():
            if connection.has_hole:
                connection.drop()
                task.cancel()
            connection.hurry()

    def _of(self, direction: Direction) -> Sequence[Faults]:
        return {"up": (self._up,), "down": (self._down,), "both": (self._up, self._down)}[direction]

    # No coroutine: asyncio would log a connection's task as failed when a reset cancels it.
    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = self.accepted
        self.accepted += 1
        if self._is_cut:
            drop(writer)
            return
        connection = Connection(number, self._framing, self._up, self._down, writer)
        task = asyncio.create_task(connection.carry(reader, self._plant_port))
        self._connections[task] = connection
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self.resets += self._connections.pop(task).was_reset
