"""A room with agents for each test; the plant stands where the bearing begins to shake."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..plants.cooling_water import worn_bearing
from ..sites.cw100 import make_site
from .testbed.stepped_agents import AgentsRoom


@pytest.fixture(scope="session")
def agents_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def library(agents_site: Site) -> Sequence[Playbook]:
    """The playbooks that are shipped."""
    found, findings = load_library(agents_site)
    assert findings == []
    return found


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets agents try again soon after a fault."""
    monkeypatch.setattr("handwheel.agents.driver._AFTER_FAULT_S", 0.01)


@pytest.fixture
def site(agents_site: Site, tmp_path: Path) -> Site:
    """The site with a state of its own."""
    return replace(agents_site, state=tmp_path)


@pytest.fixture
async def idle(site: Site, library: Sequence[Playbook]) -> AsyncGenerator[AgentsRoom]:
    """A room whose agents have not been started."""
    saved, past = worn_bearing()
    simulation = Simulation(create(None), Scenario())
    simulation.plant.restore(saved)
    async with _open(AgentsRoom(site, library, simulation, past)) as room:
        yield room


@pytest.fixture
async def sound(site: Site, library: Sequence[Playbook]) -> AsyncGenerator[AgentsRoom]:
    """A room with agents at work, and a plant without a fault."""
    simulation = Simulation(create(None), Scenario())
    async with _open(AgentsRoom(site, library, simulation, ())) as room:
        await room.start_agents()
        yield room


@asynccontextmanager
async def _open(room: AgentsRoom) -> AsyncGenerator[AgentsRoom]:
    try:
        await room.start_gate()
        yield room
        room.check_books()
    finally:
        await room.end()


@pytest.fixture
async def room(idle: AgentsRoom) -> AgentsRoom:
    """A room with agents at work."""
    await idle.start_agents()
    return idle
