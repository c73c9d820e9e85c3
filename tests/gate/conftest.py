"""One plant for each module, standing as it was warmed up before each test; a site for each."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.sim_plant.server.plant_server import PlantServer
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.store.database import Database

from ..plants.served import served
from ..sites.in_memory import make_site
from .testbed.audited import witnessed
from .testbed.heartbeat import BeatingRoom, make_beating_site
from .testbed.memory_world import MemoryServer, MemoryWorld
from .testbed.runner import Runner
from .testbed.served import World
from .testbed.with_oracle import Watched


@pytest.fixture(scope="module")
async def plant(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncGenerator[tuple[PlantServer, Path]]:
    """A plant behind real servers, and the folder with its log of frames."""
    folder = tmp_path_factory.mktemp("plant")
    async with served(frame_log=folder / "frames.jsonl", speed=1.0) as server:
        running = asyncio.create_task(server.run())
        yield server, folder
        running.cancel()
        await asyncio.wait([running])


@pytest.fixture(scope="module")
def in_memory(tmp_path_factory: pytest.TempPathFactory) -> tuple[MemoryServer, Path]:
    """The same plant in memory."""
    return MemoryServer(), tmp_path_factory.mktemp("in_memory")


@pytest.fixture
async def idle(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> AsyncGenerator[World]:
    """A world whose gate has not been started; in memory, if the test does not use `plant`."""
    is_served = "plant" in request.fixturenames
    server, folder = request.getfixturevalue("plant" if is_served else "in_memory")
    warm = server.simulation.plant.snapshot()
    world = (World if is_served else MemoryWorld)(folder / "site", server, monkeypatch)
    monkeypatch.setattr(connect, "open_ledger", world.opened)
    try:
        async with witnessed(world, request):
            yield world
    finally:
        server.simulation.plant.restore(warm)
        await server.step()


@pytest.fixture
async def world(idle: World) -> World:
    """A world with its gate at its post."""
    await idle.start()
    return idle


@pytest.fixture(scope="module")
def memory_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site without a plant."""
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
async def room(
    memory_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Watched]:
    """A gate with a plant in memory, and an oracle that watches both; commands share its ledger."""
    room = Watched(replace(memory_site, state=tmp_path))
    await room.start_gate()

    @contextmanager
    def open_ledger(_: Site) -> Generator[Database]:
        yield room.desk.database

    monkeypatch.setattr(connect, "open_ledger", open_ledger)
    yield room
    room.close()


@pytest.fixture(scope="module")
def beating_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site without a plant, on which a pump has a heartbeat."""
    return make_beating_site(tmp_path_factory.mktemp("beating"))


@pytest.fixture
async def beating_room(beating_site: Site, tmp_path: Path) -> AsyncGenerator[BeatingRoom]:
    """A gate with a plant in memory, whose heartbeat is driven by the test."""
    room = BeatingRoom(replace(beating_site, state=tmp_path))
    await room.start_gate()
    yield room
    room.close()


@pytest.fixture
def runner(room: Watched) -> Runner:
    """The process that works on the runs of the room."""
    return Runner(room)
