"""Clients as comparable agents write them: what the libraries offer, with their defaults."""

import asyncio
from collections.abc import Sequence
from typing import Any, Self

from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.common.subscription import DataChangeEvent, Subscription
from asyncua.ua.uaerrors import UaError
from pymodbus.client import AsyncModbusTcpClient

PERIOD_MS = 50.0


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


class NaiveOpcua:
    """asyncua's client with `auto_reconnect` and otherwise its defaults."""

    def __init__(self, endpoint: str) -> None:
        self.client = Client(endpoint, auto_reconnect=True)
        self.losses = 0

    async def __aenter__(self) -> Self:
        self.client.connection_lost_callback = self._lost
        await self.client.connect()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            async with asyncio.timeout(1.0):
                await self.client.disconnect()
        except (OSError, TimeoutError, UaError):
            self.client.disconnect_socket()

    async def _lost(self, _: Exception) -> None:
        self.losses += 1

    def nodes(self, names: Sequence[str]) -> list[Node]:
        return [self.client.get_node(f"ns=2;s={name}") for name in names]

    async def iterator(self, names: Sequence[str]) -> Subscription:
        """Subscribes; what comes is taken with `async for`."""
        subscription = await self.client.create_subscription(PERIOD_MS, queue_maxsize=300)
        await subscription.subscribe_data_change(self.nodes(names))
        return subscription


async def take(subscription: Subscription, into: list[Any]) -> None:
    async for event in subscription:
        into += [event.value] if isinstance(event, DataChangeEvent) else []
