"""Floods of proposals: what is honest is sent, once and to the byte, and nothing else is."""

import asyncio
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from handwheel.tools.guardrails.gate.steps import send as sending

from .events import EVENTS
from .forged import FORGED
from .from_agents import AGENTS
from .from_operators import ASKED
from .proposals import Flood
from .site import make_flood_site

KINDS = (*ASKED, *AGENTS, *EVENTS, *FORGED)
SHARDS = range(20)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing sleeps, and a machine that is busy with others lets no look at the plant grow old."""
    sleep = asyncio.sleep

    async def at_once(_: float) -> None:
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", at_once)
    monkeypatch.setattr(sending, "BUDGET_S", 600.0)


@pytest.fixture
def in_memory(tmp_path: Path) -> Generator[Path]:
    """A folder in memory, where there is one."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as name:
        yield Path(name)


@pytest.fixture
def on_disk(tmp_path: Path) -> Generator[Path]:
    """A folder on a disk, where the machine keeps one for what must outlast its memory."""
    disk = Path("/var/tmp")
    with TemporaryDirectory(dir=disk if disk.is_dir() else tmp_path) as name:
        yield Path(name)


async def _let_in(folder: Path, seed: int, number: int, *, is_quick: bool) -> None:
    flood = Flood(make_flood_site(folder), seed, is_quick=is_quick)
    try:
        await flood.run(KINDS, number)
    finally:
        flood.close()
    honest = sum(flood.kinds[each] for each in {each.name for each in KINDS if each.is_honest})
    print(f"seed {seed}: {number} proposals, {honest} honest, {flood.frames} frames")
    for words, times in flood.reasons.most_common():
        print(f"{times:8} {words}")
    assert sum(flood.kinds.values()) == number
    assert flood.kinds.keys() == {each.name for each in KINDS}
    assert 0.2 * number <= honest <= flood.frames


@pytest.mark.timeout(300)
@pytest.mark.parametrize("number", [200, pytest.param(1000, marks=pytest.mark.soak)])
async def test_of_some_hundred_proposals_only_the_honest_ones_are_sent(
    in_memory: Path, number: int
) -> None:
    await _let_in(in_memory, 1, number, is_quick=True)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("shard", SHARDS)
async def test_of_a_hundred_thousand_with_a_ledger_that_waits_for_the_disk(
    on_disk: Path, shard: int
) -> None:
    await _let_in(on_disk, 1000 + shard, 5_000, is_quick=False)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("shard", SHARDS)
async def test_of_a_million_with_a_ledger_in_memory(in_memory: Path, shard: int) -> None:
    await _let_in(in_memory, 2000 + shard, 50_000, is_quick=True)
