"""Site that is scanned once a second.

`python -m benchmarks.connectors.scanner OPCUA MODBUS COUNT HEAP`: the first two are ports; half of
the COUNT tags are on each. With HEAP `frozen`, the heap is frozen after the first scan. Each line
of the input is a number of seconds. For half of it a ticker is woken every 5 ms while nothing else
runs, and then for all of it while the site is scanned. The answer has the lateness of every tick
of both parts, the share of a core of the second, and the memory in bytes.
"""

import asyncio
import json
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.model.tags import RegisterAddress, Tag
from handwheel.connectors.model.values import Quality
from handwheel.hmi.shell.cli.gc_freeze import freeze_heap

from .sites import MODBUS, modbus, node_tags, opcua, site_of

_TICK_S = 0.005
_SCAN_MS = 1000
_WINDOW = 16
_MOST_START_S = 30.0


def _tags(count: int) -> list[Tag]:
    floats = [
        Tag(f"FT-{each}.pv", MODBUS, "float", RegisterAddress("holding", 2 * each, "float32"))
        for each in range(count // 2)
    ]
    return [*node_tags(count // 2), *floats]


async def _lateness(seconds: float) -> list[float]:
    loop = asyncio.get_running_loop()
    due, late = loop.time(), list[float]()
    end = due + seconds
    while due < end:
        due = max(due + _TICK_S, loop.time())
        await asyncio.sleep(due - loop.time())
        late.append(loop.time() - due)
    return late


async def _scanned(reader: SiteReader, seconds: float) -> tuple[list[float], float]:
    """Returns the ticks' lateness and the share of a core, with one query a second."""

    async def look() -> None:
        while True:
            await asyncio.sleep(1.0)
            reader.latest()

    before = [connection.scans for connection in reader.connections]
    watching = asyncio.create_task(look())
    start, used_s = perf_counter(), process_time()
    late = await _lateness(seconds)
    share = (process_time() - used_s) / (perf_counter() - start)
    watching.cancel()
    for connection, scans in zip(reader.connections, before, strict=True):
        if connection.scans - scans < int(seconds) - 1:
            raise RuntimeError(f"{connection.name} does not keep up")
    if {each.quality for each in reader.latest().values()} != {Quality.GOOD}:
        raise RuntimeError("not every value is good")
    return late, share


def _resident_bytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8").split()
    return 1024 * next(int(value) for key, value in pairwise(status) if key == "VmRSS:")


async def _main(opcua_port: str, modbus_port: str, count: str, heap: str) -> None:
    tags = _tags(int(count))
    site = site_of(
        opcua(int(opcua_port), _SCAN_MS), modbus(int(modbus_port), _SCAN_MS, window=_WINDOW)
    )
    while line := await asyncio.to_thread(sys.stdin.readline):
        idle = await _lateness(float(line) / 2.0)
        async with SiteReader(site, tags) as reader:
            async with asyncio.timeout(_MOST_START_S):
                while not all(each.scans >= 2 for each in reader.connections):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            if heap == "frozen":
                freeze_heap()
            late, share = await _scanned(reader, float(line))
            memory = _resident_bytes()
        print(json.dumps([idle, late, share, memory]), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
