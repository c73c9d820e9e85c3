"""Snapshots: the shipped warm state, bit-identity, and what is refused."""

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from handwheel.sim_plant.cw100.plant import WARM_STATE, CoolingWater, warm_up
from handwheel.sim_plant.errors import SnapshotError

from ..plants.served import warm


@pytest.mark.parametrize("hours", [0.1, pytest.param(12.0, marks=pytest.mark.soak)])
def test_the_shipped_warm_state_is_what_warming_up_gives_and_keeps(hours: float) -> None:
    plant = warm() if hours < 1.0 else CoolingWater(None)
    warm_up(plant, hours)
    shipped = _flat(json.loads(WARM_STATE.read_text(encoding="utf-8")))
    assert _flat(plant.snapshot()) == {
        path: pytest.approx(value, rel=1e-9) if isinstance(value, float) else value
        for path, value in shipped.items()
    }


def _flat(tree: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, branch in tree.items():
        if name in {"run_time_s", "since_command_s"}:
            continue
        inner = f"{path}.{name}"
        is_table = isinstance(branch, Mapping)
        flat |= _flat(cast(Mapping[str, Any], branch), inner) if is_table else {inner: branch}
    return flat


def _bytes(plant: CoolingWater) -> str:
    return json.dumps(plant.snapshot())


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
        good | {"state": {**good["state"], "passing": 1e6}},
        good | {"state": {**good["state"], "pumps": {}}},
    )
    for broken in all_broken:
        with pytest.raises(SnapshotError):
            plant.restore(broken)
        assert _bytes(plant) == before
    plant.restore(good)


def test_a_value_that_a_skid_cannot_have_is_refused_by_name() -> None:
    cases: list[tuple[str, float]] = [
        ("passing", -1.0), ("link_down_s", -0.5), ("leaks.F09", 1e3), ("severities.F02", 1.5),
        ("water.fan_lost", 2.0), ("water.wet_bulb_c", 1e3), ("exchanger.fouling", -1e-4),
        ("exchanger.fouling_limit", 2.0), ("exchanger.fouling_tau_s", -1.0),
        ("exchanger.flush_s", 1e5), ("exchanger.flush_rate", -1e-9), ("pumps.P-101A.impeller", 1.1),
        ("valves.TV-202.position", 1.01), ("valves.TV-202.band", -0.1), ("valves.LV-101.slip", 2.0),
        ("valves.TV-202.signal", 1.01), ("valves.TV-202.target", -0.1),
        ("valves.TV-202.residual", 3.0), ("sensors.LT-101.value", 101.0),
        ("sensors.PT-102.gain", 11.0), ("sensors.PT-102.bias", 1e13),
        ("sensors.PT-102.dropout", 1.1), ("sensors.PT-102.spikes", -0.1),
        ("sensors.PT-102.spike", 700.0), ("sensors.PT-102.unchanged_s", -1.0),
    ]  # fmt: skip
    for path, value in cases:
        plant = warm()
        saved = plant.snapshot()
        *way, name = path.split(".")
        table = saved["state"]
        for step in way:
            table = table[step]
        assert name in table, path
        table[name] = value
        with pytest.raises(SnapshotError, match=f"state.{path} lies outside"):
            plant.restore(saved)
