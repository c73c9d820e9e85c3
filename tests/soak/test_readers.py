"""A plant that is killed again and again: the readers come back each time and lose nothing."""

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from time import monotonic

import pytest

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.model.values import Quality

from ..plants.served import PlantProcess, plant_process, site_of

KILLS = 40
SEED = 20261125
OUTAGE_S = 1.5  # at most; so short an outage must be over 1.5 s after the plant's return
BACK_WITHIN_S = 1.5


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_readers_survive_many_deaths_of_the_plant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    random = Random(SEED)
    backs: list[float] = []
    with plant_process() as first:
        ports = first.ports
        site = site_of(tmp_path / "site", first.link)
    async with SiteReader(site, list(site.tags.values())) as reader:
        tasks, descriptors = 0, 0
        for kill in range(KILLS):
            async with _plant(ports) as plant:
                start = monotonic()
                await _until(reader, Quality.GOOD)
                backs.append(monotonic() - start)
                await asyncio.sleep(random.uniform(0.0, 0.5))
                plant.process.kill()
                plant.process.wait()
                await _until(reader, Quality.BAD)
            for connection in reader.connections:
                assert connection.gaps[-1].end is None
            await asyncio.sleep(random.uniform(0.0, OUTAGE_S))
            gc.collect()
            if kill == 4:
                tasks, descriptors = len(asyncio.all_tasks()), _descriptors()
        assert len(asyncio.all_tasks()) <= tasks
        assert _descriptors() <= descriptors + 2
        assert all(len(connection.gaps) >= KILLS for connection in reader.connections)
    histogram = sorted(Counter(round(back, 1) for back in backs).items())
    with capsys.disabled():
        print(f"\n{KILLS} kills, seed {SEED}; s from ready to all good: {histogram}")
    assert max(backs) < BACK_WITHIN_S


async def _until(reader: SiteReader, quality: Quality) -> None:
    async with asyncio.timeout(20.0):
        while not _all(reader, quality):  # noqa: ASYNC110 (quality changes with age too)
            await asyncio.sleep(0.02)


def _all(reader: SiteReader, quality: Quality) -> bool:
    return all(reading.quality is quality for reading in reader.latest().values())


@asynccontextmanager
async def _plant(ports: Mapping[str, int]) -> AsyncGenerator[PlantProcess]:
    # In a thread: the readers must go on trying while the plant starts.
    context = plant_process(ports=ports)
    plant = await asyncio.to_thread(context.__enter__)
    try:
        yield plant
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
