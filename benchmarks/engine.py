"""Costs of a trigger's request, of runs that wait, and of a scenario in the stepped room."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import process_time

from handwheel.connectors.model.site import Site, load_site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.language.loader import parse_playbook
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from .measure import calibration
from .pump_pairs import A_SCAN, STEP_S, PumpPairs, playbook_text

_LONGEST = 5  # rooms behind a median
_PAIRS = 200  # filing a request takes longer the more wait, so it is not 1,000
_ARMED_AT_ONCE = 5  # a due action waits 8 s for the gate, which does one in a scan
_SCANS = 20
_SCENARIO_S = 1800.0
_BEFORE_S = 1500.0  # of plant time, so that every window is full
# It shakes beyond the alarm at once, or once the windows are full.
_AT_ONCE, _LATER = {"d0": 0.7}, {"d0": 0.5}
_LIMITS = {"more_than: 10": "more_than: 1000", "ttl_max:": "asking: {pending: 1000}\nttl_max:"}


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns CPU times, the first beside that of a loop of arithmetic in the same run.

    The waiting runs are of one playbook, bound to generated pairs of pumps. Every vibration in
    their invariants and evidence is another with each scan.
    """
    count, pairs = min(repeats, _LONGEST), _PAIRS if repeats > 1 else _PAIRS // 10
    with TemporaryDirectory() as folder:
        site = _site(Path(folder) / "cw", create(None))
        scenario = asyncio.run(_scenario(site))  # it warms the process as well
        filed_s = median(asyncio.run(_filed(site)) for _ in range(count))
        loop_s = median(_cpu_s(calibration) for _ in range(count))
        deciding, armed = asyncio.run(_waiting(Path(folder) / "pairs", pairs))
    share = f"of a core for 1,000, scaled from {pairs}"
    return [
        (
            "engine: trigger to filed request",
            f"{filed_s * 1e3:.0f} ms, {filed_s / loop_s:.1f} loops",
        ),
        ("engine: runs that wait for a decision", f"{deciding:.1%} {share}"),
        ("engine: runs under way with invariants", f"{armed:.1%} {share}"),
        ("engine: 30 min in the stepped room", scenario),
    ]


def _site(folder: Path, plant: Plant) -> Site:
    write_site(folder, plant, PlantEndpoints())
    policy = folder / "policy.yaml"
    text = policy.read_text(encoding="utf-8")
    for old, new in _LIMITS.items():
        text = text.replace(old, new)
    policy.write_text(text, encoding="utf-8")
    return load_site(folder)


def _cpu_s(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


async def _filed(site: Site) -> float:
    """Returns the CPU time of the scan in which the alarm comes and the request is filed."""
    async with SteppedTrial.open(
        site, create, seed=1, faults=[FaultEvent("F01", _BEFORE_S, _AT_ONCE)]
    ) as room:
        await room.run_for(_BEFORE_S)
        while not room.cases:
            taken_s = await _scan(room, room.scan_s)
            if room.waiting:
                return taken_s
    raise AssertionError("the request was not filed in the scan of the alarm")


async def _scan(room: SteppedTrial, seconds: float) -> float:
    """Lets the agents scan once, and returns their CPU time."""
    room.clock.forward(seconds)
    room.plant.advance(seconds)
    readings = room.plant.readings()
    start = process_time()
    await room.agents.scan(readings, seconds)
    return process_time() - start


async def _scenario(site: Site) -> str:
    """Has a worn bearing answered within 30 min, with both requests approved after 2 min."""
    start = process_time()
    async with SteppedTrial.open(
        site, create, seed=1, faults=[FaultEvent("F01", 60.0, _LATER)]
    ) as room:
        opened = process_time()
        while await room.until(lambda: room.waiting, _SCENARIO_S - room.now_s):
            await room.run_for(120.0)
            room.people.approve(room.waiting[0].request, "anna")
        done = process_time()
        assert [each.state for each in room.runs.values()] == ["COMPLETE"]
        assert len(room.frames) == 3
    alone = Simulation(create(1), Scenario())
    model_s = _cpu_s(lambda: [(alone.run(1.0), alone.values()) for _ in range(round(_SCENARIO_S))])
    return (
        f"{done - opened:.2f} s of CPU, {model_s:.2f} s of it the model's, "
        f"and {opened - start:.2f} s to open it"
    )


async def _waiting(folder: Path, pairs: int) -> tuple[float, float]:
    """Returns the share of a core of runs that wait for a decision, and then for a condition."""
    playbook = parse_playbook(playbook_text(pairs))
    async with SteppedTrial.open(
        _site(folder, PumpPairs(pairs)), lambda seed: PumpPairs(pairs), library=[playbook]
    ) as room:
        room.scan_s = STEP_S
        await room.run_for((pairs // A_SCAN + 2) * STEP_S)
        assert len(room.waiting) == pairs
        deciding_s = await _share(room, pairs)
        while room.waiting:
            for each in room.waiting[:_ARMED_AT_ONCE]:
                room.people.approve(each.request, "anna")
            await room.run_for((_ARMED_AT_ONCE + 1) * STEP_S)
        await room.run_for(4 * STEP_S)
        runs = room.runs.values()
        assert all(each.state == "RUNNING" and each.armed_s is not None for each in runs)
        return deciding_s, await _share(room, pairs)


async def _share(room: SteppedTrial, runs: int) -> float:
    taken_s = median([await _scan(room, STEP_S) for _ in range(_SCANS)])
    return taken_s / STEP_S * 1000.0 / runs
