"""Asks silent units again over a connection of their own, so that the others do not wait."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from time import monotonic

from .device import ModbusDevice
from .request import Request, read_request
from .transport import Answer, DeviceException, ModbusTransport, TransportError

Dial = Callable[[], Awaitable[ModbusTransport]]
"""Opens one more connection to the same port."""

_GATEWAY = {
    10: "exception 10 (gateway path unavailable)",
    11: "exception 11 (gateway target device failed to respond)",
}


def sign_of_life(unit: int) -> Request:
    """Returns a request that any unit answers, be it with an exception."""
    return read_request(unit, "holding", 0, 1)


def gateway_reason(answers: Sequence[Answer | DeviceException]) -> str:
    """Returns why a gateway did not reach the unit; empty if it did."""
    for answer in answers:
        if isinstance(answer, DeviceException) and answer.is_of_gateway:
            return _GATEWAY[answer.code]
    return ""


class Probes:
    """Asks the units that are due one after the other, over one more connection at a time.

    Args:
        device: Which units are silent.
        dial: Opens the connection; `None` where there must be none.
    """

    def __init__(self, device: ModbusDevice, dial: Dial | None) -> None:
        self._device = device
        self._units = device.units
        self._dial = dial
        self._task: asyncio.Task[None] | None = None
        self._to_main: set[int] = set()
        self._was_up = False

    def start(self, main: ModbusTransport) -> None:
        """Begins, if a unit is due and nothing is being asked.

        Args:
            main: The connection over which the others are asked.
        """
        if self._dial is not None and self._task is None and self._due():
            self._was_up = True
            self._task = asyncio.create_task(self._ask_all(self._dial, main))

    def take_for_main(self) -> Iterable[int]:
        """Returns a unit that is due and can only be asked among the others, if they allow it."""
        now_s = monotonic()
        due = [unit for unit in self._units.due(now_s) if self._is_for_main(unit)]
        if not due or (self._dial is not None and not self._units.may_cost(now_s)):
            return []
        self._to_main.discard(due[0])
        return due[:1]

    def note_answer(self) -> None:
        """Notes that the main connection stands."""
        self._was_up = self._task is not None

    def note_loss(self, main: ModbusTransport) -> bool:
        """Notes that the main connection is lost; returns whether a probe may have cost it.

        A device that restarts looks so once; it takes two times in a row to be judged.
        """
        if not (self._was_up and main.is_cut):
            return False
        self._device.cuts += 1
        return True

    async def wait(self, timeout_s: float) -> None:
        """Waits until nothing is being asked, or so long."""
        if self._task is not None:
            await asyncio.wait([self._task], timeout=timeout_s)

    async def close(self) -> None:
        """Ends what is being asked."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _is_for_main(self, unit: int) -> bool:
        return self._dial is None or self._device.has_one_connection or unit in self._to_main

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
            reason = await self._reason_for_silence(await dial(), request, main)
        except TransportError:
            self._to_main.update(due)  # no second connection: they are asked among the others
            return
        if reason:
            self._units.fail(due[0], request, reason, monotonic())
        else:
            self._units.allow(due[0])

    async def _reason_for_silence(
        self, transport: ModbusTransport, request: Request, main: ModbusTransport
    ) -> str:
        """Asks a silent unit; returns why it does not answer, empty if it does.

        Raises:
            TransportError: The connection is good for nothing, for another unit neither.
        """
        try:
            # Some devices take a second connection and never serve it.
            await transport.read_all([sign_of_life(each) for each in self._units.answering[:1]])
            try:
                reason = gateway_reason(await transport.read_all([request]))
            except TransportError as error:
                reason = str(error)
        finally:
            await transport.close()
        if not main.is_cut:
            self._device.cuts = 0
        return reason
