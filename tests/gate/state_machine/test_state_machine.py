"""Everything that can happen to a gate and its people, in any order, against I1 to I5."""

import asyncio
import os
from collections import Counter
from collections.abc import Generator
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.stateful import run_state_machine_as_test

from handwheel.connectors.model.site import Site, load_site

from ...sites.in_memory import make_site
from .rules import DISTURBANCES, Works

STEPS, FRAMES, CRASHES = 500, 40, 2
COURSE = 6  # the seed of the run in `make test`, which is the same everywhere
SEED = "HANDWHEEL_SEED"  # the environment's: the first seed of a soak that is to be repeated
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID")  # the same for every worker; none: any
BASE = int(os.environ.get(SEED) or Random(RUN).randrange(10**9))


@pytest.fixture(scope="module")
def works(tmp_path_factory: pytest.TempPathFactory) -> Generator[type[Works]]:
    """The machine at a site of its own, on a disk in memory where there is one."""
    memory = Path("/dev/shm")
    folder = memory if memory.is_dir() else tmp_path_factory.mktemp("works")
    with TemporaryDirectory(dir=folder) as name, pytest.MonkeyPatch.context() as patch:
        sleep = asyncio.sleep

        async def no_pause(_: float) -> None:
            await sleep(0)

        def no_constant(*_: object, **_by_name: object) -> None: ...

        patch.setattr(asyncio, "sleep", no_pause)
        # Hypothesis draws numbers out of the modules that this process happens to have imported:
        # the same seed would take another course in another order of tests.
        patch.setattr(HypothesisProvider, "_maybe_draw_constant", no_constant)
        Works.made, Works.numbers, Works.seen = patient_site(Path(name)), count(), Counter()
        yield Works


def patient_site(folder: Path) -> Site:
    """A site whose readings do not age while the machine is busy with others."""
    make_site(folder)
    path = folder / "site.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("50 ms", "60 s"), encoding="utf-8")
    return load_site(folder)


def _run(works: type[Works], examples: int, number: int) -> None:
    works.seen.clear()
    print(f"seed {number}; {SEED}={BASE} repeats the soak")
    run_state_machine_as_test(
        seed(number)(works),
        settings=settings(
            max_examples=examples,
            stateful_step_count=50,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
    for what, times in sorted(works.seen.items()):
        print(f"{times:8} {what}")
    assert works.seen["taken back"]
    for state in ("VERIFIED", "UNKNOWN", "REFUSED", "INVALIDATED", "CANCELLED"):
        assert works.seen[f"state: {state}"], f"no action was ever {state}"
    assert works.seen["frames"] >= FRAMES
    for what in DISTURBANCES:
        rules = (f"rule: disturb: {what}", f"rule: ask and disturb: {what}")
        assert sum(works.seen[each] for each in rules), f"no disturbance was ever {what}"
    assert sum(each.startswith("crash: ") for each in works.seen) >= CRASHES
    assert sum(each.startswith("crash at a message: ") for each in works.seen) >= CRASHES


@pytest.mark.timeout(300)
def test_nothing_moves_but_what_was_approved_and_once(works: type[Works]) -> None:
    _run(works, 20, COURSE)
    assert works.seen["steps"] >= STEPS


@pytest.mark.parametrize("point", range(15, 25))
def test_a_run_whose_equipment_is_taken_over_beside_another_sends_nothing(
    works: type[Works], point: int
) -> None:
    lives = works()
    try:
        lives.start()
        lives.run(None, "c1", 0.0, "none", "nothing", 1)
        lives.run(None, "r3", 0.0, "none", "take over", point)
        lives.says_due(1, "r2")
        lives.acts("none", "nothing", 1)
        lives.holds()
    finally:
        lives.teardown()


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("block", range(20))
def test_nothing_moves_but_what_was_approved_in_many_lives(works: type[Works], block: int) -> None:
    _run(works, 170, BASE + block)
    assert works.seen["steps"] >= 5_000
