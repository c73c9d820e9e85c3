"""Every fault of the skid: small or full, alone or with others, undone in the field, and over."""

import json
from collections.abc import Mapping
from itertools import pairwise

import pytest

from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.cw100.process import cooling_tower
from handwheel.sim_plant.cw100.process.cooling_tower import WaterState
from handwheel.sim_plant.cw100.tags import FAULTS, FIELD_ACTIONS
from handwheel.sim_plant.errors import WriteRejected
from handwheel.sim_plant.model import Number
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario, WriteEvent
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import warm
from ..stepping import go_on
from .faults import HEALTHY, causes, set_fault, skid


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_grows_and_ends_and_a_snapshot_on_the_way_goes_on_bit_for_bit(fault: str) -> None:
    scenario = Scenario((FaultEvent(fault, 20.0, over_s=100.0, for_s=300.0),))
    first = Simulation(warm(seed=2), scenario)
    first.run(70.0)
    assert causes(warm(seed=2)) == HEALTHY != causes(skid(first))
    second = CoolingWater(2)
    second.restore(json.loads(json.dumps(first.plant.snapshot())))
    assert first.run(330.0) == Simulation(second, scenario).run(330.0)
    assert json.dumps(first.plant.snapshot()) == json.dumps(second.snapshot())
    assert causes(second) == HEALTHY


def test_leaks_and_errors_of_one_transmitter_add_up_and_end_each_for_itself() -> None:
    plant = warm()
    set_fault(plant, "F06", leak=2.0)
    set_fault(plant, "F09", leak=3.0)
    assert sum(plant.state.leaks.values()) == 5.0
    set_fault(plant, "F09", 0.0)
    assert sum(plant.state.leaks.values()) == 2.0
    set_fault(plant, "F07", bias=10.0)
    set_fault(plant, "SENSOR-BIAS", sensor="LT-101", bias=5.0)
    set_fault(plant, "F06", 0.0)
    plant.step()
    assert plant.state.sensors["LT-101"].value == pytest.approx(85.0, abs=0.1)
    set_fault(plant, "F07", 0.0)
    plant.step()
    assert plant.state.sensors["LT-101"].value == pytest.approx(75.0, abs=0.1)


# fault, its parameters, what is done half-way, the cause then and at its full size
REPAIRS: list[tuple[str, dict[str, float], str, str, float, float]] = [
    ("F02", {"plug": 29.0}, "clean-strainer", "plug", 1.0, 15.0),
    ("F09", {"leak": 6.0}, "repair-leak", "leaks", 0.0, 3.0),
]


def test_a_repair_on_the_way_holds_and_the_fault_grows_on_from_there() -> None:
    for fault, given, action, cause, then, after in REPAIRS:
        scenario = Scenario((FaultEvent(fault, 0.0, given, over_s=100.0), FieldEvent(action, 50.0)))
        simulation = Simulation(warm(), scenario)
        simulation.run(50.5)
        assert _size(causes(skid(simulation))[cause]) == pytest.approx(then, abs=0.2)
        simulation.run(100.0)
        assert _size(causes(skid(simulation))[cause]) == pytest.approx(after, abs=0.2)


def _size(cause: float | Mapping[str, float]) -> float:
    return sum(cause.values()) if isinstance(cause, Mapping) else cause


FIELD = {
    "F02": "clean-strainer", "F04": "repair-TV-202", "F05": "repair-TV-202",
    "F07": "calibrate-LT-101", "F08": "calibrate-TT-202", "F08b": "replace-TT-202",
    "F09": "repair-leak", "F11": "repair-non-return-valve", "F12": "repair-fan",
    "F13": "repair-LV-101", "F16": "repair-P-101B",
    "SENSOR-BIAS": "calibrate-LT-101", "SENSOR-DRIFT": "calibrate-LT-101",
    "SENSOR-GAIN": "calibrate-LT-101", "SENSOR-FREEZE": "replace-LT-101",
    "SENSOR-DROPOUT": "replace-LT-101", "SENSOR-SPIKES": "replace-LT-101",
    "SENSOR-BAD": "replace-LT-101",
}  # fmt: skip


def test_the_right_work_in_the_field_takes_the_cause_away() -> None:
    for fault, action in FIELD.items():
        plant = warm()
        set_fault(plant, fault)
        plant.step()
        assert causes(plant) != HEALTHY, fault
        plant.act(action)
        plant.step()
        assert causes(plant) == HEALTHY, fault


def test_a_repair_of_a_pump_waits_until_it_stands() -> None:
    for fault in ["F01", "F14"]:
        plant = warm()
        plant.write("P-101B.run_cmd", True)
        set_fault(plant, fault, pump="P-101B")
        go_on(40, plant)
        with pytest.raises(WriteRejected, match="P-101B"):
            plant.act("repair-P-101B")
        plant.write("P-101B.run_cmd", False)
        go_on(40, plant)
        plant.act("repair-P-101B")
        assert causes(plant)["P-101B"] == HEALTHY["P-101B"], fault


def test_a_strainer_plugged_to_the_limit_takes_no_more_than_the_suction_has() -> None:
    plug = FAULTS["F02"].parameters["plug"]
    assert isinstance(plug, Number)
    plant, shown = warm(), list[float]()
    plant.write("P-101B.run_cmd", True)
    set_fault(plant, "F02", plug=plug.high)
    for _ in range(600):
        plant.step()
        shown.append(plant.state.sensors["PDT-101"].value)
    assert max(shown) < 118.5  # 9.98 m of atmosphere and 2.1 m of level
    late = shown[240:]
    assert all(abs(after - before) < 0.5 for before, after in pairwise(late)), "it chatters"


def test_water_that_the_air_warms_neither_evaporates_nor_is_blown_down() -> None:
    water = WaterState(level_m=2.0, return_c=20.0, wet_bulb_c=30.0)
    cooling_tower.advance(water, 40.0, 20.0, 0.0, 0.0, 60.0)
    assert water.level_m == 2.0


def test_a_valve_that_begins_to_stick_away_from_its_signal_still_follows_it() -> None:
    stuck, sticky = FaultEvent("F05", 60.0, for_s=1440.0), FaultEvent("F04", 1200.0)
    by_hand = WriteEvent("TIC-202.mode", 0, 1740.0), WriteEvent("TIC-202.op", 50.0, 1740.0)
    load = WriteEvent("FIC-201.sp", 46.0)  # the controller asks for more while the valve is stuck
    simulation = Simulation(warm(), Scenario((load, stuck, sticky, *by_hand)))
    simulation.run(1800.0)
    # The stem stops within (S - J)/2 = 1.5 % of its signal, from whichever side it comes.
    assert simulation.values()["TV-202.pos"] == pytest.approx(51.5, abs=0.01)


def test_every_field_action_can_be_done_on_a_healthy_plant() -> None:
    for action in FIELD_ACTIONS:
        plant = warm()
        if action == "repair-P-101A":
            with pytest.raises(WriteRejected, match="P-101A is running"):
                plant.act(action)
            continue
        plant.act(action)
        plant.step()
        note, *_ = plant.drain_events()
        assert (note.kind, note.tag, note.text) == ("field", action, FIELD_ACTIONS[action])


def test_a_back_flush_cleans_linearly_for_half_an_hour_and_can_be_ended_early() -> None:
    plant = warm()
    set_fault(plant, "F03", rf=3.5e-4)
    plant.act("back-flush-E-101")
    seen: list[float] = []
    for _ in range(3):
        assert plant.measurements()["HV-107.pos"] == 1
        go_on(1200, plant)
        seen.append(plant.state.exchanger.fouling)
    assert seen == pytest.approx([2.5e-4, 1.5e-4, 0.5e-4], rel=1e-6)
    assert plant.measurements()["HV-107.pos"] == 0
    set_fault(plant, "F03", rf=3.5e-4)
    plant.act("open-HV-107")
    go_on(1200, plant)
    plant.act("close-HV-107")
    go_on(1200, plant)
    assert plant.state.exchanger.fouling == pytest.approx(2.5e-4, rel=1e-6)


@pytest.mark.parametrize("over_s", [0.0, 60.0])
def test_the_link_is_silent_for_its_outage_and_not_a_step_longer(over_s: float) -> None:
    plant = warm()
    event = FaultEvent("F15", 10.0, {"outage": 120.0}, over_s)
    simulation = Simulation(plant, Scenario((event,)))
    silent: list[float] = []
    for _ in range(600):
        simulation.step()
        if plant.is_modbus_down():
            silent.append(plant.time_s)
    assert len(silent) == 239  # the 240th step brings it back
    assert silent[0] == (10.5 if over_s == 0.0 else 11.0)
    set_fault(plant, "F15")
    set_fault(plant, "F15", 0.0)
    assert not plant.is_modbus_down()


def test_f10b_puts_a_standby_aside_and_leaves_one_that_runs() -> None:
    plant = warm()
    set_fault(plant, "F10b")
    assert plant.measurements()["P-101B.mode"] == 2
    plant = warm()
    plant.write("P-101B.run_cmd", True)
    set_fault(plant, "F10b")
    values = plant.measurements()
    assert (values["P-101B.mode"], values["P-101B.run_cmd"], values["P-101A.tripped"]) == (1, 1, 1)
