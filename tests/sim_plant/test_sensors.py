"""The transmitters: from true values to measured ones, and every way in which they lie."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest

from handwheel.sim_plant.noise import NoiseBank
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario
from handwheel.sim_plant.sensor_faults import sensor_faults, set_sensor_fault
from handwheel.sim_plant.sensors import Sensor, SensorBank, SensorState, qualities
from handwheel.sim_plant.simulation import Simulation

from ..plants.served import warm

T = Sensor("T", sigma=0.5, low=0.0, high=100.0)
L = Sensor("L", sigma=0.1, low=-10.0, high=40.0, resolution=0.25)


def _bank(seed: int | None = None) -> tuple[SensorBank, dict[str, SensorState]]:
    bank = SensorBank((T, L), seed, step_s=0.5)
    return bank, bank.fresh()


def _set(
    states: Mapping[str, SensorState], fault: str, severity: float = 1.0, **given: float | str
) -> None:
    parameters = {
        name: each.default for name, each in sensor_faults((T, L))[fault].parameters.items()
    }
    set_sensor_fault((T, L), states, fault, {**parameters, **given}, severity)


def test_a_healthy_transmitter_shows_what_is_true_in_its_steps_and_range() -> None:
    cases: list[tuple[tuple[float, float], tuple[float, float]]] = [
        ((50.0, 20.0), (50.0, 20.0)),
        ((50.0, 20.1), (50.0, 20.0)),  # in steps of the resolution
        ((50.0, 20.2), (50.0, 20.25)),
        ((-1.0, -11.0), (0.0, -10.0)),  # the range clips
        ((101.0, 41.0), (100.0, 40.0)),
    ]
    for true, expected in cases:
        bank, states = _bank()
        assert tuple(bank.measure(states, 0, true).values()) == expected


def test_gain_bias_drift_and_noise_add_up_before_the_range_clips() -> None:
    bank, states = _bank(seed=4)
    _set(states, "SENSOR-GAIN", gain=1.5)
    _set(states, "SENSOR-BIAS", bias=-20.0)
    _set(states, "SENSOR-DRIFT", rate=36.0)  # % of 100 degC per hour: 0.005 degC a step
    states["T"].offset = 3.0
    noise = NoiseBank(4, ("T",))
    for step in range(100):
        shown = bank.measure(states, step, (50.0, 0.0))["T"]
        error = -20.0 + 3.0 + 0.005 * (step + 1)
        assert shown == pytest.approx(75.0 + error + 0.5 * noise.row(step)[0], abs=1e-9)
    states["T"].offset = 300.0
    assert bank.measure(states, 100, (50.0, 0.0))["T"] == 100.0


def test_severity_scales_what_has_a_size_and_an_end_heals() -> None:
    bank, states = _bank()
    for fault, sizes in {
        "SENSOR-BIAS": {"bias": 8.0}, "SENSOR-GAIN": {"gain": 1.2}, "SENSOR-DRIFT": {"rate": 720.0},
    }.items():  # fmt: skip
        seen: list[float] = []
        for severity in (0.5, 1.0, 0.0):
            _set(states, fault, severity, **sizes)
            seen.append(bank.measure(states, 0, (50.0, 0.0))["T"])
        expected = {"SENSOR-BIAS": [54, 58, 50], "SENSOR-GAIN": [55, 60, 50]}
        assert seen == pytest.approx(expected.get(fault, [50.05, 50.15, 50.0])), fault


def test_a_frozen_one_calls_itself_good_and_a_broken_one_does_not() -> None:
    bank, states = _bank(seed=1)
    before = bank.measure(states, 0, (50.0, 20.0))
    _set(states, "SENSOR-FREEZE", sensor="T")
    _set(states, "SENSOR-BAD", sensor="L")
    assert bank.measure(states, 1, (90.0, -5.0)) == before
    assert qualities(states) == {"L": "bad"}
    _set(states, "SENSOR-FREEZE", 0.0, sensor="T")
    _set(states, "SENSOR-BAD", 0.0, sensor="L")
    after = bank.measure(states, 2, (90.0, -5.0))
    assert after == {"T": pytest.approx(90.0, abs=3.0), "L": pytest.approx(-5.0, abs=1.0)}
    assert qualities(states) == {}


def _history(seed: int | None, first: int, count: int) -> list[tuple[float, bool]]:
    """Readings of one that loses and spoils samples, and whether each is good."""
    bank, states = _bank(seed)
    _set(states, "SENSOR-DROPOUT", lost=0.25)
    _set(states, "SENSOR-SPIKES", share=0.1, size=30.0)
    steps = range(first, first + count)
    return [(bank.measure(states, step, (50.0, 0.0))["T"], states["T"].is_good) for step in steps]


def test_lost_samples_and_spikes_come_by_chance_at_the_share_asked_for() -> None:
    seen = _history(None, 0, 8000)
    good = [value for value, is_good in seen if is_good]
    assert len(good) == pytest.approx(6000, abs=4 * 39)
    up, down = good.count(80.0), good.count(20.0)
    assert up + down + good.count(50.0) == len(good)
    assert [up, down] == pytest.approx([300, 300], abs=70)
    values = iter(seen)
    held = next(values)[0]
    for value, is_good in values:
        assert is_good or value == held  # of a lost one the last stands
        held = value


def test_chance_depends_on_seed_sensor_and_step_alone() -> None:
    assert _history(7, 0, 1500) == _history(7, 0, 1500)
    # One that starts later sees the same, but for what a lost first sample holds.
    later, whole = _history(7, 700, 800), _history(7, 0, 1500)[700:]
    first = [is_good for _, is_good in later].index(True)
    assert later[first:] == whole[first:]
    assert _history(8, 0, 200) != _history(7, 0, 200)


def test_calibrating_takes_the_error_away_and_a_new_one_has_no_fault() -> None:
    _, states = _bank()
    for fault in sensor_faults((T, L)):
        _set(states, fault)
    state = states["T"]
    state.calibrate()
    assert (state.gain, state.bias, state.drift, state.drifted) == (1.0, 0.0, 0.0, 0.0)
    assert state.is_frozen
    state.replace()
    assert asdict(state) == asdict(SensorState())


# What a fault on LT-101 brings up, from when on; the alarm waits for 10 s, a frozen value for 60 s.
TROUBLE: list[tuple[str, dict[str, Any], int | None, float | None]] = [
    ("SENSOR-BAD", {}, None, 10.0),
    ("SENSOR-BAD", {}, 3, 10.0),
    ("SENSOR-FREEZE", {}, 3, 60.0),
    ("SENSOR-FREEZE", {}, None, None),  # without noise every value stands still
    ("SENSOR-DROPOUT", {"lost": 0.3}, 3, None),  # ridden over
    ("SENSOR-DROPOUT", {"lost": 1.0}, 3, 10.0),
    ("SENSOR-SPIKES", {}, 3, None),
]


def test_the_plc_raises_one_low_alarm_for_a_transmitter_that_it_cannot_trust() -> None:
    for fault, given, seed, comes_s in TROUBLE:
        event = FaultEvent(fault, 60.0, {"sensor": "TT-105", **given})
        simulation = Simulation(warm(seed), Scenario((event, FieldEvent("replace-TT-105", 180.0))))
        happened = [
            (e.kind, e.tag, e.time_s) for e in simulation.run(240.0) if e.tag.startswith("XA")
        ]
        if comes_s is None:
            assert happened == [], fault
            continue
        (kind, tag, at_s), (cleared, _, clear_s) = happened
        assert (kind, tag, cleared) == ("alarm", "XA-TT-105", "clear"), fault
        assert at_s - 60.0 == pytest.approx(comes_s, abs=1.0)
        assert clear_s - 180.0 == pytest.approx(10.0, abs=1.0), fault


def test_a_healthy_plant_with_noise_raises_no_alarm() -> None:
    assert Simulation(warm(seed=5), Scenario()).run(3600.0) == []
