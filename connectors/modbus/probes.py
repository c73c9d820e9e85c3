"""Probes of silent units over a connection of their own, so that no other unit waits."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import monotonic

from .device import ModbusDevice
from .request import Request, read_request
from .transport import Answer, DeviceException, ModbusTransport, TransportError

Dial = Callable[[], Awaitable[ModbusTransport]]
"""Opens another connection to the same port."""

_GATEWAY = {
    10: "exception 10 (gateway path unavailable)",
    11: "exception 11 (gateway target device failed to respond)",
}


def probe_request(unit: int) -> Request:
    """Returns a request that any unit answers, at least with an exception."""
    return read_request(unit, "holding", 0, 1)


def gateway_fault(answers: Sequence[Answer | DeviceException]) -> str | None:
    """Returns why a gateway did not reach the unit, if it did not."""
    for answer in answers:
        if isinstance(answer, DeviceException) and answer.is_of_gateway:
            return _GATEWAY[answer.code]
    return None


class Probes:
    """Asks the units that are due, one after the other, over one more connection where allowed."""

    def __init__(self, device: ModbusDevice, dial: Dial | None) -> None:
        self._device = device
        self._units = device.units
        self._dial = dial
        self._task: asyncio.Task[None] | None = None
        self._to_main: set[int] = set()
        self._was_up = False

    def start(self, main: ModbusTransport) -> None:
        """Starts if a unit is due and no probe runs. `main` leads to the other units."""
        if self._dial is not None and self._task is None and self._due():
            self._was_up = True
            self._task = asyncio.create_task(self._ask_all(self._dial, main))

    def take_for_main(self) -> Iterable[int]:
        """Returns a due unit that only the main connection can ask, if others may wait."""
        now_s = monotonic()
        due = [unit for unit in self._units.due(now_s) if self._is_for_main(unit)]
        if not due or (self._dial is not None and not self._units.may_wait(now_s)):
            return []
        self._to_main.discard(due[0])
        return due[:1]

    def note_answer(self) -> None:
        """Notes that the main connection works."""
        self._was_up = self._task is not None

    def note_loss(self, main: ModbusTransport) -> bool:
        """Notes the loss of the main connection and returns whether a probe may be the cause.

        A device that restarts also looks like this, so that it takes two in a row.
        """
        if not (self._was_up and main.is_cut):
            return False
        self._device.cut_count += 1
        return True

    async def wait(self, timeout_s: float) -> None:
        """Waits until no probe runs, at most this long."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=timeout_s)

    async def close(self) -> None:
        """Ends the running probe."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _is_for_main(self, unit: int) -> bool:
        return self._dial is None or self._device.drops_first_connection or unit in self._to_main

    def _due(self) -> list[int]:
        return [unit for unit in self._units.due(monotonic()) if not self._is_for_main(unit)]

    async def _ask_all(self, dial: Dial, main: ModbusTransport) -> None:
        try:
            while due := self._due():
                await self._ask(due, dial, main)
        finally:
            self._task = None

    async def _ask(self, due: Sequence[int], dial: Dial, main: ModbusTransport) -> None:
        request = self._units.silent[due[0]].request
        try:
            reason = await self._probe(await dial(), request, main)
        except TransportError:
            self._to_main.update(due)  # there is no second connection
            return
        if reason:
            self._units.note_failure(due[0], request, reason, monotonic())
        else:
            self._units.allow(due[0])

    async def _probe(
        self, transport: ModbusTransport, request: Request, main: ModbusTransport
    ) -> str | None:
        """Returns why a silent unit does not answer. Raises `TransportError` if none is served."""
        try:
            # Some devices accept a second connection and never serve it.
            await transport.read_all([probe_request(each) for each in self._units.answering[:1]])
            try:
                reason = gateway_fault(await transport.read_all([request]))
            except TransportError as error:
                reason = str(error)
        finally:
            await transport.close()
        if not main.is_cut:
            self._device.cut_count = 0
        return reason
