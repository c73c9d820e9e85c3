"""A Modbus client as comparable agents write it: `.registers`, and no checks."""

from typing import Self

from pymodbus.client import AsyncModbusTcpClient


class NaiveModbus:
    """pymodbus' asynchronous client with its defaults.

    Args:
        timeout_s: Shorter than the default of 3 s where a test would last too long.
    """

    def __init__(self, port: int, timeout_s: float = 3.0) -> None:
        self.client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=timeout_s)

    async def __aenter__(self) -> Self:
        await self.client.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.client.close()

    async def registers(self, address: int, count: int, unit: int = 1) -> list[int]:
        answer = await self.client.read_holding_registers(address, count=count, device_id=unit)
        return list(answer.registers)

    async def write(self, address: int, value: int, unit: int = 1) -> None:
        """Writes one register; done, if nothing is raised."""
        await self.client.write_register(address, value, device_id=unit)
