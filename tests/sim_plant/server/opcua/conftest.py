"""A plant without an identity, and the log of what is written to it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from handwheel.sim_plant.server.plant_server import PlantServer

from ....plants.served import served


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("opcua") / "frames.jsonl"


@pytest.fixture(scope="module")
async def server(log: Path) -> AsyncGenerator[PlantServer]:
    async with served(frame_log=log) as running:
        yield running
