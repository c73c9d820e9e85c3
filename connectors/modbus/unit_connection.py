"""Connection to the units behind one endpoint, in which a silent unit delays no other."""

import asyncio
from collections.abc import Sequence
from time import monotonic

from ..errors import NotConnected
from .device import ModbusDevice
from .probes import Dial, Probes, gateway_fault, probe_request
from .request import Request
from .transport import Answer, DeviceException, ModbusTransport, TransportError

# Share of the time-out for a new connection and a probe on it. A device that accepts and then
# hangs is noticed within two time-outs, and one that answers after 2 s works with the usual 3 s.
_PROBE_SHARE = 2.0 / 3.0


class UnitConnection:
    """The connection to a device, renewed after a unit's silence has broken it.

    A silent unit is not asked again until it has answered over a connection of its own, because the
    others would wait for it. Where the device accepts no second connection it is asked on this one,
    after the same pauses and for a tenth of the time.

    Args:
        dial: Opens another connection; `None` where there must be none, as for writing.

    Attributes:
        transport: The connection now.
        answer_count: Number of answers so far.
    """

    def __init__(self, device: ModbusDevice, transport: ModbusTransport, dial: Dial | None) -> None:
        self._device = device
        self._units = device.units
        self._dial = dial
        self._probes = Probes(device, dial)
        self._lock = asyncio.Lock()
        self._has_waited = False
        self._left_out: set[int] = set()
        self._has_read = False
        self.transport = transport
        self.answer_count = 0

    async def ask(
        self, unit: int, requests: Sequence[Request]
    ) -> list[Answer | DeviceException] | None:
        """Asks one unit.

        Returns:
            Its answers; `None` if the unit does not answer while others do or may, or if it is not
            known to answer and this reading has already waited for another one.

        Raises:
            NotConnected: The session is lost.
        """
        async with self._lock:
            if self._has_waited and unit not in self._units.answering:
                self._units.postpone(unit, requests[0], monotonic())
                self._left_out.add(unit)
                return None
            answers = await self._send(unit, requests)
            if answers is None:
                return None
            reason = gateway_fault(answers)
            if reason:
                self._units.note_failure(unit, requests[0], reason, monotonic())
                await self._check_gateway(unit, reason)
                return None
        self._note_reading(unit)
        return answers

    async def probe(self) -> None:
        """Probes a unit, if possible one that answers. Raises `NotConnected` without any answer."""
        self._probes.start(self.transport)
        unit = self._likely_unit()
        if unit is None:
            unit = self._device.config.unit
        async with self._lock:
            await self._send(unit, [probe_request(unit)])

    def begin_reading(self) -> None:
        """Begins a reading, in which silent units are asked again when due."""
        self._has_waited = False
        self._left_out.clear()
        for unit in self._probes.take_for_main():
            self._units.allow(unit)
        self._probes.start(self.transport)

    async def find_recovered(self) -> set[int]:
        """Returns units that this reading left out and that answer after all.

        They are asked over a connection of their own, for at most one time-out, so that a single
        reading lacks nothing because of one dead unit.
        """
        if not self._left_out:
            return set()
        self._has_waited = False
        self._probes.start(self.transport)
        await self._probes.wait(self._device.config.timeout)
        return self._left_out - self._units.silent.keys()

    async def close(self) -> None:
        """Ends everything within about 1 s. It raises no error."""
        await asyncio.gather(self.transport.close(), self._probes.close(), return_exceptions=True)

    async def _send(
        self, unit: int, requests: Sequence[Request]
    ) -> list[Answer | DeviceException] | None:
        """Asks one unit. Returns `None` if it was skipped and another one answered."""
        was_open, begun_s = self.transport.is_open, monotonic()
        try:
            answers = await self.transport.read_all(requests)
        except TransportError as error:
            if self._probes.note_loss(self.transport) or not was_open:
                raise self._device.lost(str(error)) from None
            self._units.note_failure(unit, requests[0], str(error), monotonic())
            await self._skip_unit(unit, str(error), begun_s)
            return None
        self.answer_count += 1
        self._probes.note_answer()
        return answers

    async def _skip_unit(self, unit: int, reason: str, since_s: float) -> None:
        """Continues over a fresh connection on which another unit answers a probe."""
        self._has_waited = True
        other, is_cut = self._likely_unit(), self.transport.is_cut
        if self._dial is None or other is None:
            raise self._lost(unit, reason)
        is_fresh = False
        try:
            async with asyncio.timeout(_PROBE_SHARE * self._device.config.timeout):
                self.transport, is_fresh = await self._dial(), True
                answers = await self.transport.read_all([probe_request(other)])
        except TransportError as error:
            if is_cut:  # the device accepts no connection, which tells nothing about the unit
                self._units.allow(unit)
            else:
                self._units.note_wait(since_s)
            raise self._lost(unit, str(error)) from None
        except TimeoutError:
            if is_fresh:  # it may be dead as well, so the next session asks a third unit
                self._units.note_failure(other, probe_request(other), reason, monotonic())
            raise self._lost(other, reason) from None
        self.answer_count += 1
        self._units.note_wait(since_s)
        if not gateway_fault(answers):
            self._note_reading(other)

    def _note_reading(self, unit: int) -> None:
        self._has_read = True
        self._units.note_answer(unit, monotonic())

    def _likely_unit(self) -> int | None:
        units, own = self._units, self._device.config.unit
        if units.answering:
            return units.answering[0]
        return own if own not in units.silent else min(units.possible, default=None)

    async def _check_gateway(self, unit: int, reason: str) -> None:
        """Checks that a gateway may still reach some unit, at last the connection's own."""
        if self._units.answering or self._units.possible:
            return
        own = self._device.config.unit
        if own in self._units.silent:
            raise self._lost(unit, reason)
        await self._send(own, [probe_request(own)])

    def _lost(self, unit: int, reason: str) -> NotConnected:
        """Returns the error of a lost session. The next one will ask at least one unit."""
        if self._likely_unit() is None:
            if self._has_read or self.transport.is_cut:
                self._units.allow(unit)
            else:
                self._units.clear()
        return self._device.lost(reason)
