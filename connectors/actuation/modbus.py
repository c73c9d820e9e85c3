"""Writes to a Modbus device in one frame and checks the answer byte by byte."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Self

from ..modbus.connector import ModbusConnector
from ..modbus.device import ModbusDevice
from ..modbus.encoder import WRITE_REGISTERS, ModbusEncoder
from ..modbus.session import ModbusSession
from ..modbus.transport import DeviceException, ModbusTransport, TransportError
from ..model.endpoints import ModbusConnection
from ..model.tags import Tag
from ..model.values import DataValue
from .device_writer import OutcomeUnknown, Refusal

# Only these precede the write: in the state diagrams of 6.5, 6.6 and 6.12 they end the request
# before it is tried. Code 4 follows a failed try, 5 says that the device is still at it, 6 asks
# for a repetition, which is never made. 8, 10 and 11 come from a memory or a gateway, and the
# device may have acted.
_REFUSALS: Mapping[int, str] = {
    1: "exception 1 (illegal function)",
    2: "exception 2 (illegal data address)",
    3: "exception 3 (illegal data value)",
}


class ModbusWriter:
    """One connection for writes. See `DeviceWriter`. Source: Modbus 1.1b3, 6.5, 6.6, 6.12 and 7."""

    def __init__(self, session: ModbusSession, transport: ModbusTransport) -> None:
        self._session = session
        self._transport = transport

    @classmethod
    async def open(cls, name: str, config: ModbusConnection) -> Self:
        """Connects to the write port. Raises `NotConnected` if no device answers there."""
        transport = await ModbusConnector(name, config).open_write_port()
        device = ModbusDevice(name, config, writes=True)
        return cls(ModbusSession(device, transport), transport)

    async def encoder(self, tags: Sequence[Tag]) -> ModbusEncoder:
        """Asks for the device's identity. See `Session.encoder`."""
        return await self._session.encoder(tags)

    async def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Reads over the write connection. See `Session.read`."""
        return await self._session.read(tags)

    async def transmit(self, wire: bytes) -> bytes:
        """Sends unit and PDU in one frame. See `DeviceWriter.transmit`."""
        if not self._transport.is_open:
            raise Refusal("the connection was lost before", was_sent=False)
        if self._transport.is_busy:  # the frame would leave later than it was judged
            raise Refusal("the connection is in use", was_sent=False)
        unit, pdu = wire[0], wire[1:]
        try:
            return await self._transport.exchange(unit, pdu)
        except DeviceException as exception:
            if exception.code in _REFUSALS:
                raise Refusal(_REFUSALS[exception.code], was_sent=True) from None
            raise OutcomeUnknown(str(exception)) from None
        except TransportError as error:
            raise OutcomeUnknown(str(error)) from None
        except asyncio.CancelledError:
            raise OutcomeUnknown("cancelled before the answer came") from None

    def judge(self, wire: bytes, answer: bytes) -> None:
        """Compares the answer's PDU byte by byte. See `DeviceWriter.judge`."""
        pdu = wire[1:]
        # Function 16 is answered with function, address and count, the others with an echo.
        expected = pdu[:5] if pdu[0] == WRITE_REGISTERS else pdu
        if answer != expected:
            raise OutcomeUnknown(f"the answer is {answer.hex()}, not {expected.hex()}")

    async def close(self) -> None:
        """Closes the connection. It raises no error."""
        await self._session.close()
