"""A room in memory with guests for each test."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from handwheel.agents.guests import admission, guest_server
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.socket_server import peers

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
    """A gate, and agents that serve guests, who wait for no turn and never send too much."""
    monkeypatch.setattr(guest_server, "_SURVEY_S", 0.0)
    monkeypatch.setattr(admission, "_REFUSED_AFTER_S", 0.0)
    monkeypatch.setattr(peers, "monotonic", count(0.0, 1.0).__next__)
    room = Room(replace(memory_site, state=tmp_path))
    try:
        async with guests_of(room) as guests:
            yield guests
    finally:
        room.close()
