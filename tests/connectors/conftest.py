"""What several tests of connectors need."""

from collections.abc import AsyncGenerator

import pytest

from handwheel.connectors.modbus import tcp_protocol, unit_states
from handwheel.sim_plant.server.plant_server import PlantServer

from ..plants.served import served


@pytest.fixture(scope="module")
async def plant() -> AsyncGenerator[PlantServer]:
    async with served() as server:
        yield server


@pytest.fixture
def ids_from_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each Modbus connection begins with transaction 1, and not anywhere."""

    def first(_: int) -> int:
        return 0

    monkeypatch.setattr(tcp_protocol, "randrange", first)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent Modbus unit is asked again almost at once."""
    monkeypatch.setattr(unit_states, "_FIRST_PAUSE_S", 0.02)
