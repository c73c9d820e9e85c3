"""Costs of a write through a gateway with range, rate and interlock, without approval."""

import sys
from collections.abc import Awaitable, Callable
from statistics import median
from time import perf_counter

from asyncua import ua
from asyncua.client.client import Client

from handwheel.sim_plant.model import namespace_uri

from ..peers.gateway import NODE
from ..peers.launch import served

_WHAT = "actuation: through a gateway with range, rate and interlock"


async def rows(plant_port: int, password: str, repeats: int) -> list[tuple[str, str]]:
    """Returns the milliseconds of a write alone, and of one with connection and reads."""
    endpoint = f"opc.tcp://127.0.0.1:{plant_port}/"
    async with Client(endpoint) as plant:
        index = await plant.get_namespace_index(namespace_uri("cw-100"))
        nodes = [f"ns={index};s={name}" for name in ("PIC-102.sp", "PT-102.pv")]
    command = [sys.executable, "-m", "benchmarks.peers.gateway"]
    with served(command, endpoint, password, *nodes) as port:
        gateway = f"opc.tcp://127.0.0.1:{port}/"
        async with Client(gateway) as client:
            kept_s = await _median(lambda number: _write(client, number), repeats)
        whole_s = await _median(lambda number: _connect_and_write(gateway, number), repeats)
    return [
        (f"{_WHAT}, connect, read, write, read back", f"{1000.0 * whole_s:.1f} ms"),
        (f"{_WHAT}, a write alone", f"{1000.0 * kept_s:.1f} ms"),
    ]


async def _median(act: Callable[[int], Awaitable[None]], repeats: int) -> float:
    times: list[float] = []
    for number in range(2 * repeats + 2):
        start = perf_counter()
        await act(number)
        if number > 1:  # the first ones warm up
            times.append(perf_counter() - start)
    return median(times)


async def _write(client: Client, number: int) -> None:
    index = await client.get_namespace_index("urn:handwheel:gateway")
    node = client.get_node(ua.NodeId.from_string(f"ns={index};s={NODE}"))
    value = 350.0 + 5.0 * (number % 2)
    present = (await node.read_data_value()).Value
    assert present is not None
    await node.write_value(ua.DataValue(ua.Variant(value, present.VariantType)))
    assert await node.read_value() == value


async def _connect_and_write(gateway: str, number: int) -> None:
    async with Client(gateway) as client:
        await _write(client, number)
