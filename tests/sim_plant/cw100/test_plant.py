"""The skid: its steady state, its noise, its scenarios."""

from statistics import stdev

import pytest

from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.cw100.process import constants as k
from handwheel.sim_plant.cw100.process import exchanger
from handwheel.sim_plant.cw100.sensors import SENSORS
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import warm
from ..stepping import go_on
from .faults import skid

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
    go_on(1200, plant)
    values = plant.measurements()
    assert {tag: values[tag] for tag in STEADY} == {
        tag: pytest.approx(value, abs=span / 1000.0, rel=0.0)
        for tag, (value, span) in STEADY.items()
    }


def test_the_heat_balance_closes() -> None:
    plant = warm()
    values = {tag: float(value) for tag, value in plant.measurements().items()}
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
            errors[name].append(plant.state.sensors[name].value - true)
    assert {name: stdev(series) for name, series in errors.items()} == {
        name: pytest.approx(sigma, rel=0.1) for name, sigma in SIGMA.items()
    }


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


def test_a_scenario_that_the_plant_cannot_play_is_refused() -> None:
    cases: list[tuple[FaultEvent | FieldEvent, str]] = [
        (FaultEvent("SENSOR-BAIS"), "did you mean SENSOR-BIAS?"),
        (FaultEvent("F2"), "did you mean F02?"),
        (FaultEvent("f16"), "did you mean F16?"),
        (FaultEvent("F01", -1.0), "before the start"),
        (FaultEvent("F01", float("nan")), "before the start"),
        (FaultEvent("F01", 0.0, {"tua": 1.0}), "did you mean tau?"),
        (FaultEvent("F01", 0.0, {"tau": "slow"}), "is not a number"),
        (FaultEvent("F01", 0.0, {"tau": 1.0}), "from 60 to 1e+08"),
        (FaultEvent("F01", 0.0, {"pump": "P-101C"}), "is not one of P-101A, P-101B"),
        (FieldEvent("clean-strainr"), "did you mean clean-strainer?"),
    ]
    for event, says in cases:
        with pytest.raises(ScenarioError, match=says.replace("?", r"\?").replace("+", r"\+")):
            Simulation(warm(), Scenario((event,)))


def test_every_sensor_has_its_own_stream() -> None:
    plant = warm(seed=1)
    plant.step()
    readings = {round(each.value, 9) for each in plant.state.sensors.values()}
    assert len(readings) == len(SENSORS)
