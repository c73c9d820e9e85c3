"""A room in memory that serves programs."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ..agents.guests.asking import Guests, guests_of
from ..gate.testbed.in_memory import Room
from ..sites.in_memory import make_site


@pytest.fixture
async def guests(tmp_path: Path) -> AsyncGenerator[Guests]:
    """A room with a gate, whose agents a program finds by the site's folder."""
    room = Room(make_site(tmp_path))
    try:
        async with guests_of(room) as guests:
            yield guests
    finally:
        room.close()
