"""Sixty cuts of an OPC UA connection: a fresh client each time, and nothing is left behind."""

import asyncio
import gc
from collections import Counter
from pathlib import Path
from time import monotonic

import pytest

from handwheel.connectors.model.values import Quality
from handwheel.connectors.session.supervisor import Connection
from handwheel.sim_plant.link.proxy import LinkProxy

from ..pitfalls.opcua_clients import connector_of, node
from ..plants.devices.misbehaving import eventually
from ..plants.devices.traceable_opcua import works

CUTS = 60
NODES = 200
BACK_WITHIN_S = 1.5
STEP_S = 0.01
SETTLED = 10  # cuts after which tasks and descriptors are counted


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("updates", ["scan", "subscribe"])
async def test_sixty_cuts_leave_nothing_behind(
    capsys: pytest.CaptureFixture[str], updates: str
) -> None:
    backs: list[float] = []
    before = 0, 0
    tags = [node(number) for number in range(NODES)]
    async with (
        works(NODES) as plant,
        LinkProxy(plant.port) as link,
        Connection(connector_of(link.port, updates=updates), tags) as connection,
    ):
        for cut in range(CUTS):
            await eventually(lambda: _are_all(connection, Quality.GOOD))
            link.cut()
            await eventually(lambda: _are_all(connection, Quality.BAD))
            link.mend()
            backs.append(await _back_s(connection))
            await plant.forget(latest=1)
            if cut == SETTLED:
                before = _counts()
        after = _counts()
        assert len(connection.gaps) == CUTS
    histogram = sorted(Counter(round(back, 1) for back in backs).items())
    with capsys.disabled():
        print(f"\n{CUTS} cuts, {updates}; s until {NODES} values are back: {histogram}")
        print(f"tasks and descriptors after {SETTLED} cuts {before}, after all {after}")
    assert max(backs) < BACK_WITHIN_S
    assert after[0] <= before[0]
    assert after[1] <= before[1] + 2


async def _back_s(connection: Connection) -> float:
    """Waits until all is good; returns how long, without the times in which the machine stood."""
    spent_s = 0.0
    while not _are_all(connection, Quality.GOOD):
        before = monotonic()
        await asyncio.sleep(STEP_S)
        spent_s += min(monotonic() - before, 5.0 * STEP_S)
    return spent_s


def _are_all(connection: Connection, quality: Quality) -> bool:
    is_settled = connection.is_connected or quality is Quality.BAD
    return is_settled and all(
        reading.quality is quality for reading in connection.latest().values()
    )


def _counts() -> tuple[int, int]:
    gc.collect()
    return len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))
