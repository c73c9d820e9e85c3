"""Modbus TCP connection that sends each request once and checks every answer.

pymodbus' client re-sends by default and accepts short, long and foreign answers. Only its PDUs are
used.
"""

import asyncio
from collections.abc import Sequence
from typing import Self

from ..errors import os_reason
from .request import Request, raw_request
from .tcp_protocol import Answer, DeviceException, ModbusTcpProtocol, TransportError

__all__ = ["Answer", "DeviceException", "ModbusTransport", "TransportError"]

_CLOSING_S = 1.0


class ModbusTransport:
    """A TCP connection to one device. Use `open`."""

    def __init__(self, wire: ModbusTcpProtocol) -> None:
        self._wire = wire
        self._lock = asyncio.Lock()

    @classmethod
    async def open(cls, host: str, port: int, timeout_s: float, window: int = 1) -> Self:
        """Connects.

        Args:
            timeout_s: For connecting, and then for each answer.
            window: Number of requests in flight. Many devices accept only one.

        Raises:
            TransportError: No device answers.
        """
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                _, wire = await loop.create_connection(
                    lambda: ModbusTcpProtocol(window, timeout_s), host, port
                )
        except TimeoutError:
            raise TransportError(f"no answer within {timeout_s:g} s") from None
        except OSError as error:
            raise TransportError(os_reason(error)) from None
        except ValueError:  # from the encoding of host names
            raise TransportError("no valid host name") from None
        return cls(wire)

    @property
    def is_open(self) -> bool:
        """Whether no loss is known."""
        return not self._wire.lost

    @property
    def is_cut(self) -> bool:
        """Whether the device ended it."""
        return self._wire.is_cut

    @property
    def is_busy(self) -> bool:
        """Whether a request waits for its answer, so that another one would have to wait."""
        return self._lock.locked()

    async def read_all(self, requests: Sequence[Request]) -> list[Answer | DeviceException]:
        """Sends read requests, a window of them at a time, and returns the answers.

        Args:
            requests: To one unit. After a gateway's exception the rest is not sent and is refused
                with the same exception.

        Returns:
            In the order of the requests: the data of the answer and the time of its request, or the
            exception with which the device refused. The connection stays usable.

        Raises:
            TransportError: Lost, late, or a wrong answer. The connection is then closed, as after a
                cancellation, because a late answer would be taken for another one.

        Effect: OBSERVE. Retry: none. Timeout: `timeout_s` for each answer.
        """
        async with self._lock:
            return await self._wire.send(requests)

    async def exchange(self, unit: int, pdu: bytes) -> bytes:
        """Sends one PDU unchanged, once, and returns the PDU that answers it.

        Transaction, unit and function of the answer are checked, not its content. If more bytes
        came with it, the whole is refused.

        Raises:
            DeviceException: The device answered with an exception.
            TransportError: As for `read_all`.
        """
        (answer,) = await self.read_all([raw_request(unit, pdu)])
        if isinstance(answer, DeviceException):
            raise answer
        return answer[0]

    async def close(self) -> None:
        """Closes the connection within about 1 s. It raises no error."""
        self._wire.close()
        await asyncio.wait([self._wire.closed], timeout=_CLOSING_S)
