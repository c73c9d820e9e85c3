"""A room with a heartbeat for each test; at its end neither the audit nor the judge finds fault."""

from collections.abc import AsyncGenerator

import pytest

from ..testbed.heartbeat import BeatingRoom


@pytest.fixture
async def room(beating_room: BeatingRoom) -> AsyncGenerator[BeatingRoom]:
    yield beating_room
    assert not beating_room.faults()
