"""Events at their times: onset, severity, warm-up, and a run that goes on from a snapshot."""

import json
import re
from math import inf
from typing import Any

import pytest

from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.errors import ScenarioError, WriteRejected
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario, ScenarioEvent, WriteEvent
from handwheel.sim_plant.simulation import Simulation

from ..plants.served import warm


def _simulation(*events: ScenarioEvent, warmup_s: float = 0.0) -> Simulation:
    return Simulation(warm(), Scenario(events, warmup_s))


def _plugs(simulation: Simulation, seconds: int) -> list[float]:
    assert isinstance(simulation.plant, CoolingWater)
    plugs: list[float] = []
    for _ in range(seconds):
        simulation.run(1.0)
        plugs.append(simulation.plant.state.strainer_plug)
    return plugs


def test_severity() -> None:
    cases: list[tuple[float, float, float, float]] = [
        (-0.5, 0.0, inf, 0.0),
        (0.0, 0.0, inf, 1.0),
        (0.0, 10.0, inf, 0.0),
        (5.0, 10.0, inf, 0.5),
        (10.0, 10.0, inf, 1.0),
        (1e9, 10.0, inf, 1.0),
        (5.0, 10.0, 5.0, 0.0),
        (4.0, 0.0, 5.0, 1.0),
        (5.0, 0.0, 5.0, 0.0),
    ]
    for age_s, over_s, for_s, severity in cases:
        assert FaultEvent("F02", 100.0, {}, over_s, for_s).severity(100.0 + age_s) == severity


def test_a_fault_steps_grows_and_goes() -> None:
    plug = {"plug": 11.0}
    assert _plugs(_simulation(FaultEvent("F02", 2.0, plug)), 4) == [1.0, 1.0, 11.0, 11.0]
    grown = _plugs(_simulation(FaultEvent("F02", 1.0, plug, over_s=4.0)), 7)
    assert grown == pytest.approx([1.0, 2.25, 4.75, 7.25, 9.75, 11.0, 11.0])
    gone = _plugs(_simulation(FaultEvent("F02", 1.0, plug, for_s=2.0)), 5)
    assert gone == [1.0, 11.0, 11.0, 1.0, 1.0]


def test_a_profile_is_told_at_its_onset_and_at_its_end() -> None:
    events = _simulation(FaultEvent("F02", 1.0, {}, over_s=2.0, for_s=6.0)).run(10.0)
    told = [(event.time_s, event.text) for event in events if event.kind == "fault"]
    assert told == [(1.0, "strainer plugged"), (7.0, "strainer plugged is gone")]


def test_a_fault_is_noted_with_the_words_that_were_given_and_a_trip_after_it() -> None:
    events = _simulation(
        FaultEvent("F10"), FaultEvent("SENSOR-BAD", parameters={"sensor": "LT-101"}, for_s=1.0)
    ).run(2.0)
    told = [(each.kind, each.tag, each.text) for each in events if each.kind in {"fault", "trip"}]
    assert told == [
        ("fault", "F10", "electrical trip"),
        ("trip", "P-101A", "P-101A tripped by an electrical fault"),
        ("fault", "SENSOR-BAD", "transmitter broken, LT-101"),
        ("fault", "SENSOR-BAD", "transmitter broken, LT-101, is gone"),
    ]


def test_times_count_from_the_end_of_the_warm_up() -> None:
    simulation = _simulation(FaultEvent("F02", 2.0, {"plug": 11.0}), warmup_s=3.0)
    assert _plugs(simulation, 6) == [1.0] * 5 + [11.0]
    assert simulation.time_s == 3.0


def test_a_write_goes_through_the_plc_or_is_noted_as_refused() -> None:
    events = _simulation(
        WriteEvent("P-101B.run_cmd", 1.0, 1.0),
        WriteEvent("TIC-202.op", 10.0, 2.0),  # the controller's while the loop is in auto
        WriteEvent("TIC-202.sp", 90.0, 2.0),
        FieldEvent("repair-P-101A", 3.0),
    ).run(5.0)
    assert [(event.kind, event.tag) for event in events if event.kind != "interlock"] == [
        ("write", "P-101B.run_cmd"),
        ("refused", "scenario"),
        ("refused", "scenario"),
        ("refused", "scenario"),
    ]


def test_what_the_plant_does_not_have_is_refused() -> None:
    cases: list[tuple[ScenarioEvent, str]] = [
        (WriteEvent("PT-102.pv", 1.0), "no tag that takes writes called 'PT-102.pv'"),
        (WriteEvent("PIC-102.spp", 1.0), "did you mean PIC-102.sp"),
        (FaultEvent("SENSOR-BAIS"), "did you mean SENSOR-BIAS?"),
        (FaultEvent("f16"), "did you mean F16?"),
        (FaultEvent("F01", float("nan")), "before the start"),
        (FaultEvent("F01", 0.0, {"tua": 1.0}), "did you mean tau?"),
        (FaultEvent("F01", 0.0, {"tau": "slow"}), "is not a number"),
        (FaultEvent("F01", 0.0, {"tau": 1.0}), "from 60 to 1e+08"),
        (FaultEvent("F01", 0.0, {"pump": "P-101C"}), "is not one of P-101A, P-101B"),
        (FieldEvent("clean-strainr"), "did you mean clean-strainer?"),
        (FaultEvent("F02", over_s=-1.0), "over 0 s or longer"),
        (FaultEvent("F02", over_s=inf), "over 0 s or longer"),
        (FaultEvent("F02", for_s=0.0), "more than 0 s"),
    ]
    for event, says in cases:
        with pytest.raises(ScenarioError, match=re.escape(says)):
            _simulation(event)


def test_what_is_asked_for_now_is_refused_to_who_asks() -> None:
    simulation = _simulation()
    with pytest.raises(WriteRejected, match="in auto"):
        simulation.apply(WriteEvent("TIC-202.op", 10.0))


# A run that is cut at any moment, also within a profile, goes on as if it had never been.
EVENTS = (
    FaultEvent("F01", 1.0, {"d0": 0.5}),
    FaultEvent("F02", 2.0, {"plug": 15.0}, over_s=6.0),
    FaultEvent("F02", 12.0, {"plug": 28.0}, for_s=4.0),
    WriteEvent("P-101B.run_cmd", 1.0, 3.0),
    WriteEvent("PIC-102.sp", 300.0, 4.3),  # between two steps
    FaultEvent("F09", 4.3, {"leak": 3.0}, over_s=3.3),
    FieldEvent("clean-strainer", 10.0),
)


def _story(cuts: tuple[float, ...]) -> tuple[dict[str, Any], list[PlantEvent]]:
    plant, events = warm(3), list[PlantEvent]()
    scenario = Scenario(EVENTS)
    before = 0.0
    for cut in (*cuts, 20.0):
        events += Simulation(plant, scenario).run(cut - before)
        saved, before = json.dumps(plant.snapshot()), cut
        plant = CoolingWater(3)
        plant.restore(json.loads(saved))
    return plant.snapshot(), events


@pytest.mark.parametrize("cut", [0.5, 1.0, 1.5, 2.0, 4.5, 8.0, 10.0, 12.0, 14.0, 16.0, 16.5])
def test_a_run_goes_on_from_a_snapshot_at_any_moment(cut: float) -> None:
    assert _story((cut,)) == _story(())
