"""The server of the tests about subscriptions."""

from collections.abc import AsyncGenerator

import pytest

from .subscribed_server import NAMES, Works


@pytest.fixture(scope="module")
async def works() -> AsyncGenerator[Works]:
    async with Works().running() as works:
        yield works


@pytest.fixture
async def zeroes(works: Works) -> None:
    for name in NAMES:
        await works.write(name, 0.0)
