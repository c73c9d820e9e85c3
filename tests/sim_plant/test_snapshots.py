"""Snapshots: the shipped warm state, bit-identity, and what is refused."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from handwheel.sim_plant.cw100.plant import WARM_STATE, CoolingWater, warm_up
from handwheel.sim_plant.errors import (
    SnapshotError,
)
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from ..served import warm

# Published steady state and the span of each instrument; 0.1 % of it is the tolerance.


def test_the_shipped_warm_state_is_what_twelve_hours_of_warming_up_give() -> None:
    plant = CoolingWater(None)
    warm_up(plant)
    shipped = json.loads(WARM_STATE.read_text(encoding="utf-8"))
    assert _flat(plant.snapshot()) == {
        path: pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
        for path, value in _flat(shipped).items()
    }


def _flat(tree: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, branch in tree.items():
        inner = f"{path}.{name}"
        is_table = isinstance(branch, Mapping)
        flat |= _flat(cast(Mapping[str, Any], branch), inner) if is_table else {inner: branch}
    return flat


def _bytes(plant: CoolingWater) -> str:
    return json.dumps(plant.snapshot())


def test_the_same_seed_gives_the_same_bytes_and_another_does_not() -> None:
    runs: list[str] = []
    for seed in (5, 5, 6):
        simulation = Simulation(warm(seed), Scenario((FaultEvent("F01"),)))
        for _ in range(1500):
            simulation.step()
        runs.append(json.dumps(simulation.plant.snapshot()))
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("steps", [1, 511, 512, 700])  # noise comes in blocks of 512
def test_a_restored_snapshot_continues_bit_for_bit(steps: int) -> None:
    first = warm(seed=3)
    first.inject("F02", {"plug": 28.0})
    for _ in range(steps):
        first.step()
    second = CoolingWater(seed=3)
    second.restore(json.loads(_bytes(first)))
    for _ in range(700):
        first.step()
        second.step()
    assert _bytes(first) == _bytes(second)
    assert first.measurements() == second.measurements()


def test_a_snapshot_that_does_not_fit_is_refused_and_changes_nothing() -> None:
    plant = warm()
    before = _bytes(plant)
    good = plant.snapshot()
    all_broken: tuple[dict[str, Any], ...] = (
        {},
        good | {"model": "tep"},
        good | {"state": None},
        good | {"state": {**good["state"], "surprise": 1}},
        good | {"state": {**good["state"], "flow": "fast"}},
        good | {"state": {**good["state"], "flow": float("nan")}},
        good | {"state": {**good["state"], "flow": 10**400}},
        good | {"state": {**good["state"], "steps": -1}},
        good | {"state": {**good["state"], "steps": 10**400}},
        good | {"state": {**good["state"], "water": {**good["state"]["water"], "level_m": 0.0}}},
        good | {"state": {**good["state"], "valve": 1e6}},
        good | {"state": {**good["state"], "pumps": {}}},
    )
    for broken in all_broken:
        with pytest.raises(SnapshotError):
            plant.restore(broken)
        assert _bytes(plant) == before
    plant.restore(good)
