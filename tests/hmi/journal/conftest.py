"""Fixtures of the journal's tests."""

from collections.abc import AsyncGenerator

import pytest

from ...gate.testbed.with_oracle import Watched
from .sample_day import told_day


@pytest.fixture(scope="module")
async def day(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Watched]:
    with pytest.MonkeyPatch.context() as patch:
        async with told_day(tmp_path_factory.mktemp("day"), patch) as room:
            yield room
