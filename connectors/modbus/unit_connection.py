"""Asks the units behind one connection; a silent one costs the others nothing but its time-out."""

import asyncio
from collections.abc import Sequence
from time import monotonic

from ..errors import NotConnected
from .device import ModbusDevice
from .probes import Dial, Probes, gateway_reason, sign_of_life
from .request import Request
from .transport import Answer, DeviceException, ModbusTransport, TransportError

__all__ = ["Dial", "UnitConnection"]

# Of a time-out, for a new connection and a sign of life on it. So a device that hangs and still
# accepts is noticed within two time-outs, and one that answers 2 s late lives with the usual 3 s.
_LIFE_SHARE = 2.0 / 3.0


class UnitConnection:
    """The connection to a device, made anew when a unit's silence has cost it.

    A unit that does not answer is not asked any more until it has answered over a connection
    of its own: on this one the others would wait for it. Where the device takes no second
    connection it is asked on this one, after the same pauses and for a tenth of the time.

    Args:
        device: Which units it has.
        transport: The connection.
        dial: Opens another one; `None` where there must be none, as for writing.

    Attributes:
        transport: The connection now.
        heard: How often something was answered.
    """

    def __init__(self, device: ModbusDevice, transport: ModbusTransport, dial: Dial | None) -> None:
        self._device = device
        self._units = device.units
        self._dial = dial
        self._probes = Probes(device, dial)
        self._turn = asyncio.Lock()
        self._has_waited = False
        self._left_out: set[int] = set()
        self._has_read = False
        self.transport = transport
        self.heard = 0

    async def ask(
        self, unit: int, requests: Sequence[Request]
    ) -> list[Answer | DeviceException] | None:
        """Asks one unit.

        Returns:
            Its answers; `None` if the unit does not answer while others do, or may, or if
            this reading has waited for another one, and nothing is known of it.

        Raises:
            NotConnected: The session is lost.
        """
        async with self._turn:
            if self._has_waited and unit not in self._units.answering:
                self._units.postpone(unit, requests[0], monotonic())
                self._left_out.add(unit)
                return None
            answers = await self._send(unit, requests)
            if answers is None:
                return None
            reason = gateway_reason(answers)
            if reason:
                self._units.fail(unit, requests[0], reason, monotonic())
                await self._require_way(unit, reason)
                return None
        self._note_reading(unit)
        return answers

    async def show_life(self) -> None:
        """Asks for a sign of life, a unit that answers if there is one; any answer will do.

        Raises:
            NotConnected: There was none; the session is lost.
        """
        self._probes.start(self.transport)
        unit = self._other()
        if unit is None:
            unit = self._device.config.unit
        async with self._turn:
            await self._send(unit, [sign_of_life(unit)])

    def begin(self) -> None:
        """Begins a reading: silent units are asked again when it is time."""
        self._has_waited = False
        self._left_out.clear()
        for unit in self._probes.take_for_main():
            self._units.allow(unit)
        self._probes.start(self.transport)

    async def find(self) -> set[int]:
        """Returns those of the units that this reading has left out that answer after all.

        They are asked aside, for a time-out at most; so a reading that is the only one lacks
        nothing because of one dead unit.
        """
        if not self._left_out:
            return set()
        self._has_waited = False
        self._probes.start(self.transport)
        await self._probes.wait(self._device.config.timeout)
        return self._left_out - self._units.silent.keys()

    async def close(self) -> None:
        """Ends everything within about 1 s; raises no error."""
        await asyncio.gather(self.transport.close(), self._probes.close(), return_exceptions=True)

    async def _send(
        self, unit: int, requests: Sequence[Request]
    ) -> list[Answer | DeviceException] | None:
        """Asks one unit; returns nothing if it was passed over, and another one answered.

        Raises:
            NotConnected: The session is lost.
        """
        was_open, begun_s = self.transport.is_open, monotonic()
        try:
            answers = await self.transport.read_all(requests)
        except TransportError as error:
            if self._probes.note_loss(self.transport) or not was_open:
                raise self._device.lost(str(error)) from None
            self._units.fail(unit, requests[0], str(error), monotonic())
            await self._pass_over(unit, str(error), begun_s)
            return None
        self.heard += 1
        self._probes.note_answer()
        return answers

    async def _pass_over(self, unit: int, reason: str, since_s: float) -> None:
        """Goes on without a unit, over a fresh connection on which another one shows life.

        Args:
            since_s: When it was asked, monotonic.

        Raises:
            NotConnected: There is no other, or it shows none.
        """
        self._has_waited = True
        other, is_cut = self._other(), self.transport.is_cut
        if self._dial is None or other is None:
            raise self._lost(unit, reason)
        is_fresh = False
        try:
            async with asyncio.timeout(_LIFE_SHARE * self._device.config.timeout):
                self.transport, is_fresh = await self._dial(), True
                answers = await self.transport.read_all([sign_of_life(other)])
        except TransportError as error:
            if is_cut:  # the device takes no connection; that says nothing of the unit
                self._units.allow(unit)
            else:
                self._units.cost(since_s)
            raise self._lost(unit, str(error)) from None
        except TimeoutError:
            if is_fresh:  # it may be dead as well: the next session asks a third one
                self._units.fail(other, sign_of_life(other), reason, monotonic())
            raise self._lost(other, reason) from None
        self.heard += 1
        self._units.cost(since_s)
        if not gateway_reason(answers):
            self._note_reading(other)

    def _note_reading(self, unit: int) -> None:
        self._has_read = True
        self._units.answer(unit, monotonic())

    def _other(self) -> int | None:
        """Returns the unit that most likely answers, if any may."""
        units, own = self._units, self._device.config.unit
        if units.answering:
            return units.answering[0]
        return own if own not in units.silent else min(units.hopeful, default=None)

    async def _require_way(self, unit: int, reason: str) -> None:
        """Makes sure that a gateway may still reach some unit, if need be the connection's own."""
        if self._units.answering or self._units.hopeful:
            return
        own = self._device.config.unit
        if own in self._units.silent:
            raise self._lost(unit, reason)
        await self._send(own, [sign_of_life(own)])

    def _lost(self, unit: int, reason: str) -> NotConnected:
        """Returns the error of a lost session; the next one asks some unit in any case."""
        if self._other() is None:
            if self._has_read or self.transport.is_cut:
                self._units.allow(unit)
            else:
                self._units.clear()
        return self._device.lost(reason)
