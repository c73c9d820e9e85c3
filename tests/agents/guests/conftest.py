"""A room in memory with guests for each test."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.agents.guests import guest_server
from handwheel.connectors.model.site import Site

from ...gate.testbed.in_memory import Room
from ...sites.in_memory import make_site
from .asking import Guests, guests_of


@pytest.fixture(scope="module")
def memory_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site without a plant."""
    return make_site(tmp_path_factory.mktemp("site"))


@pytest.fixture
async def guests(
    memory_site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Guests]:
    """A gate, and agents that serve guests, who wait for no turn."""
    monkeypatch.setattr(guest_server, "_SURVEY_S", 0.0)
    room = Room(replace(memory_site, state=tmp_path))
    try:
        async with guests_of(room) as guests:
            yield guests
    finally:
        room.close()
