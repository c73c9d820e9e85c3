"""The skid with its noise, scenarios and snapshots."""

import json
from collections.abc import Mapping
from statistics import mean, stdev
from typing import Any, cast

import pytest

from handwheel.sim_plant.cw100.plant import WARM_STATE, CoolingWater, warm_up
from handwheel.sim_plant.cw100.process import constants as k
from handwheel.sim_plant.cw100.tags import SENSORS
from handwheel.sim_plant.errors import SnapshotError
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.sensors import SensorBank
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import warm
from ..stepping import go_on
from .faults import skid
from .soft_sensors import soft_values

SIGMA = {
    "LT-101": 0.15, "PT-102": 1.2, "FT-103": 0.25, "TT-202": 0.08, "TT-106": 0.05, "TT-105": 0.05,
    "PDT-101": 0.3, "VT-101A": 0.03, "IT-101A": 0.05, "TT-111A": 0.1,
    "TT-201": 0.08, "FT-201": 0.15,
}  # fmt: skip


def test_the_noise_has_the_published_sigma_and_each_transmitter_its_own_stream() -> None:
    bank = SensorBank(SENSORS, 7, k.STEP_S)
    states, middle = bank.fresh(), [0.5 * (each.low + each.high) for each in SENSORS]
    rows = [bank.measure(states, step, middle) for step in range(2000)]
    for name, sigma in SIGMA.items():
        assert stdev(row[name] for row in rows) == pytest.approx(sigma, rel=0.1), name
    errors = {rows[0][each.name] - true for each, true in zip(SENSORS, middle, strict=True)}
    assert len({round(error, 9) for error in errors}) == len(SENSORS)


@pytest.mark.parametrize("seed", [1, 2])
def test_cavitation_is_noisy_and_delays_the_pressure_alarm(seed: int) -> None:
    simulation = Simulation(warm(seed), Scenario((FaultEvent("F02"),)))
    pressures: list[float] = []
    for _ in range(1440):
        simulation.step()
        pressures.append(skid(simulation).state.sensors["PT-102"].value)
    happened = {event.tag: event.time_s for event in simulation.plant.drain_events()}
    assert stdev(pressures[120:240]) > 8.0
    assert 5.5 * 60 <= happened["PAL-102"] <= 7.0 * 60
    assert 7.0 * 60 <= happened["I-03"] <= 10.0 * 60


@pytest.mark.soak
def test_noise_leaves_one_sample_of_the_fouling_coarse_and_a_mean_of_ten_minutes_sharp() -> None:
    plant = warm(seed=7)
    fouling: list[float] = []
    imbalance: list[float] = []
    for _ in range(12_000):
        plant.step()
        fouling.append(soft_values(plant)["soft.rf"])
        imbalance.append(soft_values(plant)["soft.imbalance"])
    assert stdev(fouling) == pytest.approx(9e-6, rel=0.15)
    assert stdev(imbalance) == pytest.approx(0.010, rel=0.15)
    blocks = range(0, 12_000, 1200)
    # As white noise averages, 1/sqrt(1200); over 5 min it is 3.7e-7 and 0.044 %.
    assert stdev(mean(fouling[at : at + 1200]) for at in blocks) == pytest.approx(2.6e-7, rel=0.5)
    assert stdev(mean(imbalance[at : at + 1200]) for at in blocks) == pytest.approx(3e-4, rel=0.5)


@pytest.mark.soak
def test_fouling_grows_as_kern_and_seaton_say() -> None:
    plant = warm()
    faster = 96.0  # a day of fouling in a quarter of an hour, in which the loops follow
    plant.inject("F03", {"rf": 5e-4, "tau": 30.0 * 86400.0 / faster})
    # Kern and Seaton 1959: Rf = 5e-4 (1 - exp(-t/30 d)), at its limit of 3e-4 on day 27.5
    for days, grown in ((13.0, 1.76e-4), (7.8, 2.5e-4), (3.2, 2.75e-4)):
        go_on(round(days * 86400.0 / faster / plant.step_s), plant)
        assert soft_values(plant)["soft.rf"] == pytest.approx(grown, rel=0.01)


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
        good | {"state": {**good["state"], "steps": 10**400}},
        good | {"state": {**good["state"], "pumps": {}}},
    )
    for broken in all_broken:
        with pytest.raises(SnapshotError):
            plant.restore(broken)
        assert _bytes(plant) == before
    plant.restore(good)


def test_a_value_that_a_skid_cannot_have_is_refused_by_name() -> None:
    cases: list[tuple[str, float]] = [
        ("steps", -1), ("passing", -1.0), ("water.level_m", 0.0), ("link_down_s", -0.5),
        ("leaks.F09", 1e3), ("severities.F02", 1.5),
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
