"""Tags of cw-100 that are computed: against the model's truth, and in the gate's own checks."""

from pathlib import Path
from statistics import mean, pstdev

import pytest

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, Value
from handwheel.evaluation.trial import devices
from handwheel.evaluation.trial.model_plant import ModelPlant
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from .test_room_parts import opened

_RF = "E-101.rf"
_SETTLES_S = 900.0


def _number(plant: ModelPlant, name: str) -> float:
    value = plant.readings()[name].value
    assert isinstance(value, float)
    return value


@pytest.fixture(scope="module")
def site(site: Site) -> Site:
    return in_memory_site(site)


def test_a_reading_is_good_again_as_soon_as_its_sensor_is(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = iter([1.0, 2.0, 2.0])  # it is renewed while the sensor has failed
    monkeypatch.setattr(devices, "monotonic", lambda: next(now_s))
    plant, found = ModelPlant(site, Simulation(create(None), Scenario())), list[object]()
    for statuses in ({}, {"TT-202.pv": BAD_SENSOR_FAILURE}, {}):
        plant.statuses = statuses
        readings = plant.readings()
        found.append((readings["TT-202.pv"].status, readings[_RF].status))
    bad = BAD_SENSOR_FAILURE
    assert found == [(GOOD, GOOD), (bad, bad), (GOOD, GOOD)]


def test_rf_is_near_the_truth_under_noise(site: Site) -> None:
    """One sample errs by about 9e-6 m2K/W, the mean over two minutes by less than 3e-6."""
    plant = ModelPlant(site, Simulation(create(1), Scenario()))
    plant.simulation.apply(FaultEvent("F03", 0.0, {"rf": 3.5e-4}))
    plant.advance(_SETTLES_S)
    found: list[float] = []
    for _ in range(120):
        plant.advance(1.0)
        found.append(_number(plant, _RF))
    assert mean(found) == pytest.approx(3.5e-4, abs=3e-6)
    assert 7e-6 < pstdev(found) < 11e-6
    hot, cold = _number(plant, "E-101.duty_hot"), _number(plant, "E-101.duty_cold")
    assert abs(hot - cold) < 0.05 * hot


def test_days_to_limit_need_a_day_of_growth(site: Site) -> None:
    plant = ModelPlant(site, Simulation(create(None), Scenario()))
    values: dict[str, Value] = dict(plant.values)

    def day(number: float) -> tuple[str, float]:
        plant.values = {**values, "SIM-CLOCK.pv": number * 86400.0}
        plant.values["TT-202.pv"] = 48.0 + number  # warmer each day, as it fouls
        return plant.readings()["E-101.days_to_limit"].status.name, _number(plant, _RF)

    found = [day(n / 24) for n in range(25)]
    assert [status for status, _ in found] == [*["BadNoData"] * 24, "Good"]
    clean, fouled = found[0][1], found[-1][1]
    assert _number(plant, "E-101.days_to_limit") == pytest.approx(
        (3e-4 - fouled) / (fouled - clean), rel=0.02
    )
    assert day(0.5)[0] == "BadNoData"  # the plant has restarted


async def test_the_gate_computes_from_its_own_readings(tmp_path: Path) -> None:
    """A requirement over a computed tag holds a write back, also when it cannot be known."""
    needs = f"PUMPS-101: {{path: CW, remote_when: '{_RF} < 2e-4 m2K/W', "
    with opened(tmp_path, create(None), ("PUMPS-101: {path: CW, ", needs)) as room:
        people, plant = room.people, room.plant
        await room.gate.start()

        request = people.file_request([("PIC-102.sp", 355.0)], "ben", "the header is low")
        snapshot = room.gate.running.snapshot()
        assert abs(float(snapshot.readings[_RF].value or 0.0)) < 1e-6
        people.decide("approve", request.request_id, "anna")
        plant.statuses["TT-202.pv"] = BAD_SENSOR_FAILURE
        await room.gate.go_round(3)
        assert plant.frames == []
        _, reason = people.record(request.request_id).status
        assert reason == f"not true: {_RF} < 2e-4 m2K/W  [{_RF} is - (BadSensorFailure)]"
        plant.refresh()
        again = people.file_request([("PIC-102.sp", 355.0)], "ben", "the header is low")
        people.decide("approve", again.request_id, "anna")
        await room.gate.go_round(3)
        assert len(plant.frames) == 1
