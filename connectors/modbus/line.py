"""Asks the units behind one connection; a silent one costs the others nothing but its time-out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import monotonic

from .device import Device
from .request import Request, read_request
from .transport import Answer, DeviceException, ModbusTransport, TransportError

Dial = Callable[[], Awaitable[ModbusTransport]]
"""Opens one more connection to the same port."""

_GATEWAY: Mapping[int, str] = {
    10: "exception 10 (gateway path unavailable)",
    11: "exception 11 (gateway target device failed to respond)",
}


class Line:
    """The connection to a device, made anew when a unit's silence has cost it.

    A unit that does not answer is not asked any more until it has answered over a connection
    of its own: on this one the others would wait for it. Where the device takes no second
    connection it is asked on this one, after the same pauses.

    Args:
        device: Which units it has.
        transport: The connection.
        dial: Opens another one; `None` where there must be none, as for writing.

    Attributes:
        transport: The connection now.
    """

    def __init__(self, device: Device, transport: ModbusTransport, dial: Dial | None) -> None:
        self._device = device
        self._units = device.units
        self._dial = dial
        self._turn = asyncio.Lock()
        self._probes: dict[int, asyncio.Task[None]] = {}
        self.transport = transport

    async def ask(
        self, unit: int, requests: Sequence[Request]
    ) -> list[Answer | DeviceException] | None:
        """Asks one unit.

        Returns:
            Its answers; `None` if the unit does not answer while others do, or may.

        Raises:
            NotConnected: The session is lost.
        """
        async with self._turn:
            answers = await self._send(unit, requests)
            if answers is None:
                return None
            reason = _gateway_reason(answers)
            if reason:
                self._units.fail(unit, requests[0], reason, monotonic())
                await self._require_life(reason)
                return None
        self._units.answer(unit)
        return answers

    async def show_life(self) -> None:
        """Asks for a sign of life a unit that is not known to be silent; any answer will do.

        Raises:
            NotConnected: There was none; the session is lost.
        """
        unit = self._device.config.unit
        if unit in self._units.silent:
            unit = next(iter(self._units.answering), unit)
        async with self._turn:
            await self._send(unit, [_sign_of_life(unit)])

    def tend(self) -> None:
        """Sees to it that silent units are asked again when it is time."""
        now_s = monotonic()
        for unit, silence in list(self._units.silent.items()):
            if silence.due_s > now_s or unit in self._probes:
                continue
            if self._dial is None:
                self._units.allow(unit)
            else:
                probe = asyncio.create_task(self._probe(unit, silence.request, self._dial))
                self._probes[unit] = probe

    async def close(self) -> None:
        """Ends everything within about 1 s; raises no error."""
        probes = list(self._probes.values())
        for probe in probes:
            probe.cancel()
        await asyncio.gather(self.transport.close(), *probes, return_exceptions=True)

    async def _send(
        self, unit: int, requests: Sequence[Request]
    ) -> list[Answer | DeviceException] | None:
        was_open = self.transport.is_open
        try:
            return await self.transport.read_all(requests)
        except TransportError as error:
            if not was_open:
                raise self._device.lost(str(error)) from None
            await self._pass_over(unit, requests[0], str(error))
            return None

    async def _pass_over(self, unit: int, request: Request, reason: str) -> None:
        """Goes on without a unit, over a fresh connection: the old one is closed."""
        self._units.fail(unit, request, reason, monotonic())
        if self._dial is None or not self._has_others():
            self._units.clear()
            raise self._device.lost(reason)
        try:
            self.transport = await self._dial()
        except TransportError as error:
            self._units.allow(unit)  # it was not this unit alone
            raise self._device.lost(str(error)) from None
        await self._require_life(reason)

    def _has_others(self) -> bool:
        units = self._units
        return (
            bool(units.answering or units.hopeful) or self._device.config.unit not in units.silent
        )

    async def _require_life(self, reason: str) -> None:
        """Makes sure that some unit may still answer, if need be the connection's own."""
        if self._units.answering or self._units.hopeful:
            return
        own = self._device.config.unit
        try:
            if own in self._units.silent:
                raise TransportError(reason)
            await self.transport.read_all([_sign_of_life(own)])
        except TransportError:
            self._units.clear()
            raise self._device.lost(reason) from None

    async def _probe(self, unit: int, request: Request, dial: Dial) -> None:
        try:
            reason = await self._reason_for_silence(await dial(), request)
        except TransportError:
            reason = ""  # no second connection: it is asked among the others
        finally:
            del self._probes[unit]
        if reason:
            self._units.fail(unit, request, reason, monotonic())
        else:
            self._units.allow(unit)

    async def _reason_for_silence(self, transport: ModbusTransport, request: Request) -> str:
        """Asks a silent unit; returns why it does not answer, empty if it does.

        Raises:
            TransportError: The connection is good for nothing, for another unit neither.
        """
        try:
            # Some devices take a second connection and never serve it.
            await transport.read_all([_sign_of_life(each) for each in self._units.answering[:1]])
            try:
                return _gateway_reason(await transport.read_all([request]))
            except TransportError as error:
                return str(error)
        finally:
            await transport.close()


def _gateway_reason(answers: Sequence[Answer | DeviceException]) -> str:
    for answer in answers:
        if isinstance(answer, DeviceException) and answer.is_of_gateway:
            return _GATEWAY[answer.code]
    return ""


def _sign_of_life(unit: int) -> Request:
    return read_request(unit, "holding", 0, 1)
