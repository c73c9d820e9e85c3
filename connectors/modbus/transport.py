"""Modbus TCP with one request in flight and every answer checked.

pymodbus' own client re-sends by default and accepts short, long and foreign
answers; its PDUs are kept, the transport is ours.
"""

import asyncio
import struct
from typing import Self

from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU

from ..errors import os_reason
from ..sockets import drop

_HEADER = struct.Struct(">HHHB")
_MAX_PDU = 253


class TransportError(Exception):
    """The connection is lost or its answers cannot be trusted; it is closed."""


class DeviceException(Exception):
    """The device answered with a Modbus exception."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class ModbusTransport:
    """A TCP connection to one device; use `open`.

    Args:
        timeout_s: For each answer.
    """

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, timeout_s: float
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._timeout_s = timeout_s
        self._decoder = DecodePDU(is_server=False)
        self._transaction = 0
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, host: str, port: int, timeout_s: float) -> Self:
        """Connects.

        Raises:
            TransportError: Nobody answers there.
        """
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_connection(host, port)
        except TimeoutError:
            raise TransportError(f"no answer within {timeout_s:g} s") from None
        except OSError as error:
            raise TransportError(os_reason(error)) from None
        except ValueError:  # from the encoding of host names
            raise TransportError("no valid host name") from None
        return cls(reader, writer, timeout_s)

    @property
    def is_open(self) -> bool:
        """Whether nothing is known of a loss."""
        return not self._writer.is_closing() and not self._reader.at_eof()

    @property
    def is_busy(self) -> bool:
        """Whether a request waits for its answer; another one would have to wait for it."""
        return self._lock.locked()

    async def request(self, unit: int, request: ModbusPDU) -> ModbusPDU:
        """Reads: sends one request and returns the device's answer to it.

        Raises:
            DeviceException: The device refused; the connection stays good.
            TransportError: Lost, late, or an answer that does not fit. The connection is
                closed then, because a late answer would be taken for the next one.
        """
        answer = await self.exchange(unit, bytes([request.function_code]) + request.encode())
        try:
            return self._check(request, answer)
        except TransportError:
            drop(self._writer.transport)
            raise

    async def exchange(self, unit: int, pdu: bytes) -> bytes:
        """Sends one PDU, as it is and once, and returns the PDU that answers it.

        Transaction, unit and function of the answer are checked; what it says is not.

        Raises:
            DeviceException: The device answered with an exception.
            TransportError: As for `request`.
        """
        async with self._lock:
            try:
                async with asyncio.timeout(self._timeout_s):
                    return await self._exchange(unit, pdu)
            except TimeoutError:
                drop(self._writer.transport)
                raise TransportError(f"no answer within {self._timeout_s:g} s") from None
            except asyncio.IncompleteReadError:
                drop(self._writer.transport)
                raise TransportError("the device closed the connection") from None
            except OSError as error:
                drop(self._writer.transport)
                raise TransportError(os_reason(error)) from None
            except (TransportError, asyncio.CancelledError):
                drop(self._writer.transport)
                raise

    async def _exchange(self, unit: int, pdu: bytes) -> bytes:
        self._transaction = (self._transaction + 1) & 0xFFFF
        self._writer.write(_HEADER.pack(self._transaction, 0, len(pdu) + 1, unit) + pdu)
        await self._writer.drain()
        transaction, protocol, length, answered_by = _HEADER.unpack(
            await self._reader.readexactly(_HEADER.size)
        )
        if protocol != 0 or not 3 <= length <= _MAX_PDU + 1:
            raise TransportError("the answer is not Modbus")
        answer = await self._reader.readexactly(length - 1)
        if transaction != self._transaction:
            raise TransportError(f"answer to request {transaction}, not to {self._transaction}")
        if answered_by != unit:
            raise TransportError(f"answer of unit {answered_by}, not of {unit}")
        if answer[0] == pdu[0] | 0x80 and len(answer) == 2:
            raise DeviceException(answer[1])
        if answer[0] != pdu[0]:
            raise TransportError(f"answer to function {answer[0]}, not to {pdu[0]}")
        return answer

    def _check(self, request: ModbusPDU, answer: bytes) -> ModbusPDU:
        is_bits = request.function_code in {1, 2}
        expected = (request.count + 7) // 8 if is_bits else 2 * request.count
        if answer[1] != expected or len(answer) != expected + 2:
            raise TransportError(f"{len(answer) - 2} bytes of data instead of {expected}")
        response = self._decoder.decode(answer)
        if response is None or isinstance(response, ExceptionResponse):
            raise TransportError("the answer cannot be decoded")
        return response

    async def close(self) -> None:
        """Closes the connection; never raises."""
        self._writer.close()
        try:
            async with asyncio.timeout(1.0):
                await self._writer.wait_closed()
        except (OSError, TimeoutError):
            pass  # it is gone either way
