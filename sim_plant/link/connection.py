"""One client behind the link, with its own connection to the plant."""

import asyncio
from contextlib import suppress

from .flow import Faults, Flow, drop
from .framing import Framing


class ProxiedConnection:
    """A proxied connection with a flow in each direction."""

    def __init__(
        self, framing: Framing, up: Faults, down: Faults, client: asyncio.StreamWriter
    ) -> None:
        self._framing = framing
        self._up, self._down = up, down
        self._writers = [client]
        self._flows: list[Flow] = []

    @property
    def was_reset(self) -> bool:
        """Returns whether the client has reset the connection."""
        return bool(self._flows) and self._flows[0].was_reset

    @property
    def has_hole(self) -> bool:
        """Returns whether bytes were lost."""
        is_one_sided = len(self._flows) == 1
        return is_one_sided or any(flow.is_broken for flow in self._flows)

    async def forward(self, reader: asyncio.StreamReader, plant_port: int) -> None:
        """Connects to the plant, if it listens, and forwards until both sides have ended."""
        client = self._writers[0]
        try:
            if self._up.is_dead:
                self._flow(self._up, reader, None)
            else:
                answers, plant = await asyncio.open_connection("127.0.0.1", plant_port)
                self._writers.append(plant)
                self._flow(self._up, reader, plant)
                self._flow(self._down, answers, client)
            await self._run()
        except ConnectionError:
            pass  # the plant's port is closed
        finally:
            self.drop()

    def _flow(
        self, faults: Faults, source: asyncio.StreamReader, target: asyncio.StreamWriter | None
    ) -> None:
        self._flows.append(Flow(faults, self._framing, source, target))

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for flow in self._flows:
                group.create_task(flow.receive())
                group.create_task(flow.send())
        if any(flow.is_broken for flow in self._flows):
            await asyncio.Event().wait()  # neither side sees an end until the connection is dropped
        for writer in self._writers:
            writer.close()
        for writer in self._writers:
            with suppress(OSError):
                await writer.wait_closed()

    def drop(self) -> None:
        """Resets the connection on both sides."""
        for writer in self._writers:
            drop(writer)

    def release(self) -> None:
        """Makes all pending units due."""
        for flow in self._flows:
            flow.release()
