"""A room with agents for each test; the plant stands where the bearing begins to shake."""

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.model.site import Site
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..plants.cooling_water import worn_bearing
from ..sites.cw100 import make_site
from .testbed.stepped_agents import AgentsRoom

NewRoom = Callable[..., AbstractAsyncContextManager[AgentsRoom]]


@pytest.fixture(scope="session")
def agents_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site without failure modes, whose agents wait for triggers."""
    return replace(make_site(tmp_path_factory.mktemp("site")), failure_modes=())


@pytest.fixture(scope="session")
def library(agents_site: Site) -> Sequence[Playbook]:
    """The playbooks that are shipped."""
    found, findings = load_library(agents_site)
    assert findings == []
    return found


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets agents try again soon after a fault."""
    monkeypatch.setattr("handwheel.agents.supervised_run._AFTER_FAULT_S", 0.01)


@pytest.fixture
def new_room(agents_site: Site, library: Sequence[Playbook], tmp_path: Path) -> NewRoom:
    """Makes rooms whose agents have not been started."""

    def make(
        name: str = "state", *, is_worn: bool = True, **site: Any
    ) -> AbstractAsyncContextManager[AgentsRoom]:
        state, simulation = tmp_path / name, Simulation(create(None), Scenario())
        state.mkdir()
        saved, past = worn_bearing() if is_worn else (None, ())
        if saved is not None:
            simulation.plant.restore(saved)
        return _open(
            AgentsRoom(replace(agents_site, state=state, **site), library, simulation, past)
        )

    return make


@pytest.fixture
async def idle(new_room: NewRoom) -> AsyncGenerator[AgentsRoom]:
    """A room whose agents have not been started."""
    async with new_room() as room:
        yield room


@pytest.fixture
async def sound(new_room: NewRoom) -> AsyncGenerator[AgentsRoom]:
    """A room with agents at work, and a plant without a fault."""
    async with new_room(is_worn=False) as room:
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
