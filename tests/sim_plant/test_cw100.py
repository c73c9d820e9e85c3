"""The skid: its steady state, its noise, its warm state, its snapshots, its answers to writes."""

import json
from collections.abc import Mapping
from statistics import stdev
from typing import Any, cast

import pytest

from handwheel.sim_plant.cw100 import constants as k
from handwheel.sim_plant.cw100 import exchanger
from handwheel.sim_plant.cw100.plant import WARM_STATE, CoolingWater, warm_up
from handwheel.sim_plant.cw100.sensors import SENSORS
from handwheel.sim_plant.cw100.tags import TAGS
from handwheel.sim_plant.errors import (
    NotWritable,
    OutOfRange,
    ScenarioError,
    SnapshotError,
    WriteRejected,
    WrongState,
)
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from ..served import warm

# Published steady state and the span of each instrument; 0.1 % of it is the tolerance.
STEADY = {
    "LT-101.pv": (70.0, 100.0),
    "PT-102.pv": (350.0, 600.0),
    "FT-103.pv": (36.56, 100.0),
    "TT-202.pv": (48.0, 100.0),
    "TT-105.pv": (42.41, 100.0),
    "TT-106.pv": (26.0, 50.0),
    "PDT-101.pv": (4.19, 150.0),
    "P-101A.speed": (88.8, 100.0),
    "IT-101A.pv": (9.33, 25.0),
    "VT-101A.pv": (1.13, 20.0),
    "TT-111A.pv": (38.7, 120.0),
    "TIC-202.op": (57.5, 100.0),
    "LIC-101.op": (15.0, 100.0),
    "SC-106.pv": (63.6, 100.0),
}


def test_the_steady_state_is_the_published_one_within_a_thousandth_of_the_span() -> None:
    plant = warm()
    for _ in range(7200):
        plant.step()
    values = plant.values()
    assert {tag: values[tag] for tag in STEADY} == {
        tag: pytest.approx(value, abs=span / 1000.0, rel=0.0)
        for tag, (value, span) in STEADY.items()
    }


def test_the_heat_balance_closes() -> None:
    plant = warm()
    values = {tag: float(value) for tag, value in plant.values().items()}
    hot_kw = 0.54306 * values["FT-201.pv"] * (values["TT-201.pv"] - values["TT-202.pv"])
    cold_kw = 1.15879 * values["FT-103.pv"] * (values["TT-105.pv"] - values["TT-106.pv"])
    assert hot_kw == pytest.approx(695.1, abs=0.1)
    assert cold_kw == pytest.approx(695.1, abs=0.1)
    assert exchanger.conductance(36.56, 40.0, 0.0) == pytest.approx(597.1, abs=0.1)


# The loops answer to the noise of level, flow and pressure, so the sensor's own part is
# what it measures less what is true at that moment.
def _true(plant: CoolingWater) -> dict[str, float]:
    s = plant.state
    a = s.pumps["P-101A"]
    return {
        "PT-102": s.header_m * k.KPA_PER_M,
        "FT-103": s.flow,
        "IT-101A": a.current_a,
        "PDT-101": s.strainer_plug * k.CLEAN_STRAINER * s.flow**2 * k.KPA_PER_M,
        "LT-101": s.water.level_m / k.BASIN_HEIGHT_M * 100.0,
        "TT-202": s.exchanger.product_out_c,
        "TT-105": s.exchanger.water_out_c,
        "TT-106": s.water.basin_c,
        "VT-101A": a.vibration,
        "TT-111A": a.bearing_c,
        "TT-201": k.PRODUCT_INLET_C,
        "FT-201": 40.0,
    }


SIGMA = {
    "LT-101": 0.15, "PT-102": 1.2, "FT-103": 0.25, "TT-202": 0.08, "TT-106": 0.05, "TT-105": 0.05,
    "PDT-101": 0.3, "VT-101A": 0.03, "IT-101A": 0.05, "TT-111A": 0.1,
    "TT-201": 0.08, "FT-201": 0.15,
}  # fmt: skip


def test_the_noise_has_the_published_sigma() -> None:
    plant = warm(seed=7)
    errors: dict[str, list[float]] = {name: [] for name in SIGMA}
    for _ in range(4000):
        plant.step()
        for name, true in _true(plant).items():
            errors[name].append(plant.state.readings.values[name] - true)
    assert {name: stdev(series) for name, series in errors.items()} == {
        name: pytest.approx(sigma, rel=0.1) for name, sigma in SIGMA.items()
    }


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_cavitation_is_noisy_and_delays_the_pressure_alarm(seed: int) -> None:
    simulation = Simulation(warm(seed), Scenario((FaultEvent("F02"),)))
    pressures: list[float] = []
    for _ in range(1440):
        simulation.step()
        pressures.append(float(simulation.plant.values()["PT-102.pv"]))
    happened = {event.tag: event.time_s for event in simulation.plant.drain_events()}
    assert stdev(pressures[120:240]) > 8.0
    assert 5.5 * 60 <= happened["PAL-102"] <= 7.0 * 60
    assert 7.0 * 60 <= happened["I-03"] <= 10.0 * 60


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
    assert first.values() == second.values()


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


WRITES: list[tuple[str, float | bool, type[WriteRejected] | None]] = [
    ("PT-102.pv", 300.0, NotWritable),
    ("I-03.active", True, NotWritable),
    ("P-101A.running", False, NotWritable),
    ("FIC-201.op", 50.0, NotWritable),
    ("HS-201.active", True, NotWritable),
    ("no-such.tag", 1.0, NotWritable),
    ("PIC-102.sp", 340.0, None),
    ("PIC-102.sp", 249.9, OutOfRange),
    ("PIC-102.sp", 450.1, OutOfRange),
    ("PIC-102.sp", float("nan"), OutOfRange),
    ("PIC-102.sp", float("inf"), OutOfRange),
    ("PIC-102.op", 60.0, WrongState),  # the loop is in auto
    ("PIC-102.mode", 0, None),
    ("PIC-102.mode", 2, OutOfRange),
    ("P-101B.run_cmd", True, None),
    ("P-101A.mode", 2, WrongState),  # it is running
    ("P-101B.mode", 2, None),
    ("P-101B.mode", 0, OutOfRange),  # local is for the field only
    ("P-101B.reset", True, None),
]


@pytest.mark.parametrize(("tag", "value", "refusal"), WRITES)
def test_the_plc_answers_a_write(
    tag: str, value: float | bool, refusal: type[WriteRejected] | None
) -> None:
    plant = warm()
    before = _bytes(plant)
    if refusal is None:
        plant.write(tag, value)
        assert tag.endswith("reset") or plant.values()[tag] == value
    else:
        with pytest.raises(refusal):
            plant.write(tag, value)
        assert _bytes(plant) == before


def test_no_interlock_and_no_measurement_has_a_write_path() -> None:
    writable = {tag.name for tag in TAGS if tag.write}
    loops = {f"{loop}.{a}" for loop in ("LIC-101", "PIC-102", "TIC-106", "TIC-202")
             for a in ("sp", "op", "mode")}  # fmt: skip
    pumps = {f"P-101{side}.{a}" for side in "AB" for a in ("run_cmd", "reset", "mode")}
    assert writable == loops | pumps | {"FIC-201.sp"}


def test_a_reset_clears_a_trip_only_when_its_cause_is_gone_and_starts_nothing() -> None:
    plant = warm()
    plant.inject("F10", {"pump": "P-101A"})
    plant.step()
    plant.write("P-101A.reset", True)
    assert plant.values()["P-101A.tripped"] is True
    for _ in range(30):
        plant.step()
    plant.act("repair-P-101A")
    plant.write("P-101A.reset", True)
    plant.step()
    values = plant.values()
    assert (values["P-101A.tripped"], values["P-101A.run_cmd"], values["P-101A.speed"]) == (
        False,
        False,
        0.0,
    )
    plant.write("P-101A.run_cmd", True)


def test_i_01_trips_the_pump_and_forbids_every_start() -> None:
    plant = warm()
    plant.state.leak = 10.0
    while not plant.values()["P-101A.tripped"]:
        plant.step()
    assert plant.time_s == pytest.approx(214.2 * 60, rel=0.02)
    assert plant.values()["P-101A.trip_cause"] == 1
    with pytest.raises(WrongState):
        plant.write("P-101B.run_cmd", True)
    tripped_at_s = plant.time_s
    while plant.verdict() is None:
        plant.step()
    when_s, by = plant.verdict() or (0.0, "")
    assert by == "I-06"
    assert when_s - tripped_at_s == pytest.approx(34.5, abs=1.0)
    assert plant.values()["P-101B.starts"] == 0
    plant.state.leak = 0.0
    plant.state.water.level_m = 2.0
    plant.step()
    plant.write("P-101B.run_cmd", True)


def test_without_i_03_the_product_comes_close_to_its_trip() -> None:
    plant = warm()
    plant.state.interlocks.is_low_flow_latched = True  # blocks I-03, as after I-07
    plant.write("P-101A.run_cmd", False)
    hottest, fastest = 0.0, 0.0
    for step in range(240):
        if step == 40:
            plant.write("P-101B.run_cmd", True)
        plant.step()
        hottest = max(hottest, plant.state.readings.values["TT-202"])
        fastest = max(fastest, plant.state.readings.values["FT-103"])
    happened = {event.tag: event.time_s for event in plant.drain_events() if event.kind == "alarm"}
    assert hottest == pytest.approx(56.4, abs=0.2)
    assert fastest == pytest.approx(53.7, abs=1.0)
    assert happened["PAL-102"] == pytest.approx(15.5, abs=1.0)
    assert happened["FAL-103"] == pytest.approx(18.0, abs=1.0)


def test_a_tripped_process_waits_for_the_field_key() -> None:
    plant = warm()
    plant.write("P-101B.mode", 2)
    plant.inject("F10", {"pump": "P-101A"})
    while plant.verdict() is None:
        plant.step()
    plant.write("FIC-201.sp", 40.0)
    for _ in range(120):
        plant.step()
    assert plant.values()["I-06.active"] is True
    assert float(plant.values()["FT-201.pv"]) < 0.1
    plant.act("reset-process")
    for _ in range(60):
        plant.step()
    assert plant.values()["I-06.active"] is False
    assert float(plant.values()["FT-201.pv"]) > 39.0


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (FaultEvent("F2"), "did you mean F02?"),
        (FaultEvent("F01", -1.0), "before the start"),
        (FaultEvent("F01", float("nan")), "before the start"),
        (FaultEvent("F01", 0.0, {"tua": 1.0}), "did you mean tau?"),
        (FaultEvent("F01", 0.0, {"tau": "slow"}), "is not a number"),
        (FaultEvent("F01", 0.0, {"tau": 1.0}), "from 60 to 1e+08"),
        (FaultEvent("F01", 0.0, {"pump": "P-101C"}), "is not one of P-101A, P-101B"),
        (FieldEvent("clean-strainr"), "did you mean clean-strainer?"),
    ],
)
def test_a_scenario_that_the_plant_cannot_play_is_refused(
    event: FaultEvent | FieldEvent, says: str
) -> None:
    with pytest.raises(ScenarioError, match=says.replace("?", r"\?").replace("+", r"\+")):
        Simulation(warm(), Scenario((event,)))


def test_every_sensor_has_its_own_stream() -> None:
    plant = warm(seed=1)
    plant.step()
    readings = plant.state.readings.values
    assert len({round(readings[name], 9) for name in SENSORS}) == len(SENSORS)
