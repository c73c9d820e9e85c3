"""Cost of serving 1,000 tags at 1 Hz to four OPC UA and four Modbus clients."""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from time import monotonic
from typing import Any

from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.common.subscription import DataChangeNotif
from pymodbus.client import AsyncModbusTcpClient

from handwheel.sim_plant.model import namespace_uri

from ..measure import calibration, interleaved
from .served_tags import MODEL, ON_MODBUS, ON_OPCUA, REGISTERS

_CLIENTS = 4  # of each protocol
_WARMUP_S = 1.0
_BLOCK = 125  # registers in one request, the protocol's maximum


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the servers' CPU time over `repeats` seconds."""
    loop_s = interleaved({"calibration": calibration}, max(repeats, 5))["calibration"]
    share, delivered = asyncio.run(_measure(max(repeats, 2)))
    what = f"servers: {len(ON_OPCUA) + len(ON_MODBUS):,} tags a second to 4 + 4 clients"
    return [
        (f"{what}, at most 0.50 of a core", f"{share:.2f}"),
        (f"{what}, loops a second", f"{share / loop_s:.1f}"),
        ("servers: values that reached the clients", f"{delivered:,.0f} a second"),
    ]


class _Counter:
    """Counts the received values for asyncua."""

    def __init__(self) -> None:
        self.count = 0

    def datachange_notification(self, node: Node, val: Any, data: DataChangeNotif) -> None:
        del node, val, data
        self.count += 1


async def _measure(seconds: int) -> tuple[float, float]:
    subscribed, polled, done = _Counter(), _Counter(), asyncio.Event()
    async with AsyncExitStack() as stack:
        server, ports = await stack.enter_async_context(_served())
        tasks = await stack.enter_async_context(asyncio.TaskGroup())
        for _ in range(_CLIENTS):
            await _subscribe(stack, ports["opcua"], subscribed)
            tasks.create_task(_poll(ports["modbus"], polled, done))
        await asyncio.sleep(_WARMUP_S)
        start, used = monotonic(), await _cpu_seconds(server)
        subscribed.count = polled.count = 0
        await asyncio.sleep(seconds)
        used = await _cpu_seconds(server) - used
        lasted, delivered = monotonic() - start, (subscribed.count, polled.count)
        done.set()
    if not all(delivered):
        raise RuntimeError(f"nothing reached the subscribers or the pollers: {delivered}")
    return used / lasted, sum(delivered) / lasted


@asynccontextmanager
async def _served() -> AsyncGenerator[tuple[Process, dict[str, int]]]:
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.sim_plant.served_tags", stdin=PIPE, stdout=PIPE
    )
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        yield server, json.loads(await server.stdout.readline())
    finally:
        server.stdin.close()
        await server.wait()


async def _cpu_seconds(server: Process) -> float:
    assert server.stdin is not None
    assert server.stdout is not None
    server.stdin.write(b"\n")
    return float(await server.stdout.readline())


async def _subscribe(stack: AsyncExitStack, port: int, counter: _Counter) -> None:
    client = Client(f"opc.tcp://127.0.0.1:{port}/", watchdog_intervall=3600.0)
    await stack.enter_async_context(client)
    namespace = await client.get_namespace_index(namespace_uri(MODEL))
    nodes = [client.get_node(f"ns={namespace};s={name}") for name in ON_OPCUA]
    subscription = await client.create_subscription(1000, counter)
    await subscription.subscribe_data_change(nodes)


async def _poll(port: int, counter: _Counter, done: asyncio.Event) -> None:
    # Not cancelled: Python 3.11's wait_for loses a cancellation that comes with the answer.
    client = AsyncModbusTcpClient("127.0.0.1", port=port)
    try:
        assert await client.connect()
        due = monotonic()
        while not done.is_set():
            for start in range(0, REGISTERS, _BLOCK):
                answer = await client.read_input_registers(
                    start, count=min(_BLOCK, REGISTERS - start)
                )
                counter.count += len(answer.registers) // 2
            due += 1.0
            await asyncio.sleep(due - monotonic())
    finally:
        client.close()
