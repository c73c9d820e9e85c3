"""Floods of proposals: what is honest is sent, once and to the byte, and nothing else is."""

import asyncio
from collections import Counter
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import TemporaryDirectory

import pytest

from handwheel.tools.guardrails.gate.steps import reading_age

from .asked import ASKED
from .flood import Flood
from .forged import FORGED
from .sent import SENT
from .site import make_flood_site

KINDS = (*ASKED, *FORGED, *SENT)
LEDGER = 200
"""How many proposals come into one ledger."""


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing sleeps, and a machine that is busy with others lets no look at the plant grow old."""
    sleep = asyncio.sleep

    async def at_once(_: float) -> None:
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", at_once)
    monkeypatch.setattr(reading_age, "BUDGET_S", 600.0)


@pytest.fixture
def in_memory(tmp_path: Path) -> Generator[Path]:
    """A folder in memory, where there is one."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as name:
        yield Path(name)


@pytest.mark.way_in("C1")
@pytest.mark.way_in("C2")
@pytest.mark.way_in("C6")
@pytest.mark.way_in("C11")
@pytest.mark.way_in("C13")
@pytest.mark.way_in("C15")
@pytest.mark.way_in("C16")
@pytest.mark.way_in("D14")
@pytest.mark.way_in("G2")
@pytest.mark.way_in("P1")
@pytest.mark.way_in("P2")
@pytest.mark.parametrize(
    ("number", "seed"),
    [(len(KINDS), 0)] + [pytest.param(50_000, n, marks=pytest.mark.soak) for n in range(1, 21)],
)
@pytest.mark.timeout(7200)
async def test_of_many_proposals_only_the_honest_ones_are_sent(
    in_memory: Path, number: int, seed: int
) -> None:
    """One of every kind comes first, and then whatever is drawn."""
    site, rng, taken = make_flood_site(in_memory), Random(seed), Counter[str]()
    for first in range(0, number, LEDGER):
        flood = Flood(replace(site, state=site.state / str(first)), rng)
        await flood.open()
        for n in range(first, min(first + LEDGER, number)):
            kind = KINDS[n] if n < len(KINDS) else rng.choice(KINDS)
            await flood.take(kind)
            taken[kind.name] += 1
        flood.close()
        rmtree(flood.site.state)
    print(f"seed {seed}: {taken}")
    assert taken.keys() == {each.name for each in KINDS}
    assert sum(taken.values()) == number
