"""OPC UA subscribers to be timed.

`python -m benchmarks.connectors.subscription_clients CLIENT PORT COUNT`

After the first values, each line of the input is a number of seconds. The answer has the number of
changes, the seconds, the CPU seconds, and the overflows of queues in one more second in which the
client does not read.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from time import perf_counter, process_time
from typing import cast

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.subscription import DataChangeEvent

from handwheel.connectors.opcua.codec import plain
from handwheel.connectors.session.protocols import Subscribes, Subscription

from .opcua_clients import URI
from .sites import OPCUA, node_tags, opcua, opened, site_of

INTERVAL_MS = 20
_QUEUE = 10  # values that the server keeps of each node
_STALL_S = 1.0
_QUEUE_SIZE = 1_000_000  # changes in the iterator's queue, so that it loses none


class _Counter:
    """Counts of changes and overflows, updated by a task."""

    def __init__(self) -> None:
        self.changes = 0
        self.overflows = 0

    async def ours(self, subscription: Subscription) -> None:
        while True:
            self.changes += len(await subscription.changes())
            self.overflows = subscription.overflows

    async def asyncua(self, events: AsyncIterator[object]) -> None:
        async for event in events:
            if isinstance(event, DataChangeEvent):
                self.changes += 1
                _, status = plain(cast(ua.DataValue, event.data.monitored_item.Value))
                self.overflows += status.has_overflow


@asynccontextmanager
async def _running(work: Coroutine[object, object, None]) -> AsyncGenerator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


@asynccontextmanager
async def _ours(port: int, count: int) -> AsyncGenerator[_Counter]:
    counter, tags = _Counter(), node_tags(count)
    session = await opened(site_of(opcua(port, is_told=True)), OPCUA)
    try:
        assert isinstance(session, Subscribes)
        subscription = await session.subscribe({INTERVAL_MS / 1000.0: tags})
        async with _running(counter.ours(subscription)):
            yield counter
    finally:
        await session.close()


@asynccontextmanager
async def _asyncua(port: int, count: int) -> AsyncGenerator[_Counter]:
    counter = _Counter()
    async with Client(f"opc.tcp://127.0.0.1:{port}/", watchdog_intervall=3600.0) as client:
        index = await client.get_namespace_index(URI)
        nodes = [client.get_node(f"ns={index};i={each}") for each in range(1, count + 1)]
        subscription = await client.create_subscription(INTERVAL_MS, queue_maxsize=_QUEUE_SIZE)
        async with _running(counter.asyncua(subscription)):
            await subscription.subscribe_data_change(nodes, queuesize=_QUEUE)
            yield counter


CLIENTS: dict[str, Callable[[int, int], AbstractAsyncContextManager[_Counter]]] = {
    "ours": _ours,
    "asyncua": _asyncua,
}


async def _main(name: str, port: str, count: str) -> None:
    async with CLIENTS[name](int(port), int(count)) as counter:
        while counter.changes < int(count):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        while line := await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(await _measured(counter, float(line))), flush=True)


async def _measured(counter: _Counter, seconds: float) -> tuple[int, float, float, int]:
    changes, start, used_s = counter.changes, perf_counter(), process_time()
    await asyncio.sleep(seconds)
    came, lasted_s, took_s = (
        counter.changes - changes,
        perf_counter() - start,
        process_time() - used_s,
    )
    overflows = counter.overflows
    time.sleep(_STALL_S)  # noqa: ASYNC251
    await asyncio.sleep(_STALL_S)
    return came, lasted_s, took_s, counter.overflows - overflows


if __name__ == "__main__":
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    asyncio.run(_main(*sys.argv[1:]))
