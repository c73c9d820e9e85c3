"""Two of one fault, or two faults of one thing: what overlaps, what begins and what ends."""

from itertools import product
from math import inf

import pytest

from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.cw100.state import GROWING
from handwheel.sim_plant.cw100.tags import FAULTS
from handwheel.sim_plant.scenario import FaultEvent, Scenario, WriteEvent
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import warm
from ..stepping import go_on
from .faults import HEALTHY, causes, set_fault, skid

# what grows: its fault, a smaller and a larger full size, and where it is seen in `causes`
SIZES: dict[str, tuple[str, float, float]] = {
    "F01": ("d0", 0.3, 0.5), "F02": ("plug", 15.0, 28.0), "F03": ("rf", 2e-4, 5e-4),
    "F06": ("leak", 2.0, 5.0), "F07": ("bias", 5.0, 20.0), "F08": ("bias", -2.0, -4.0),
    "F08b": ("bias", 2.0, 4.0), "F09": ("leak", 1.0, 3.0), "F14": ("w", 0.85, 0.5),
    "F15": ("outage", 20.0, 30.0), "D01": ("load", 44.0, 50.0),
}  # fmt: skip


def _seen(plant: CoolingWater, fault: str, pump: str) -> float:
    s = plant.state
    return {
        "F01": s.pumps[pump or "P-101A"].damage, "F02": s.strainer_plug, "F03": s.exchanger.fouling,
        "F06": s.leaks["F06"], "F07": s.sensors["LT-101"].offset,
        "F08": s.sensors["TT-202"].offset, "F08b": s.sensors["TT-202"].offset,
        "F09": s.leaks["F09"], "F14": s.pumps[pump or "P-101A"].impeller, "F15": s.link_down_s,
        "D01": s.loops.product_setpoint,
    }[fault]  # fmt: skip


def _given(key: str) -> tuple[str, str, dict[str, float | str]]:
    fault, _, pump = key.partition(" ")
    slow = {"tau": 1e8} if fault == "F01" else {}
    return fault, pump, {**slow, **({"pump": pump} if pump else {})}


ORDERS = tuple(product((False, True), (inf, 60.0), (inf, 25.0, 55.0)))


@pytest.mark.parametrize("key", GROWING)
def test_two_profiles_of_one_fault_that_overlap_stay_within_the_larger(key: str) -> None:
    fault, pump, given = _given(key)
    name, *sizes = SIZES[fault]
    healthy = _seen(warm(), fault, pump)
    full = max(sizes, key=lambda size: abs(size - healthy))
    slack = 1e-6 * abs(full - healthy)
    low, high = min(healthy, full) - slack, max(healthy, full) + slack
    for is_turned, one_for_s, other_for_s in ORDERS:
        one, other = reversed(sizes) if is_turned else sizes
        scenario = Scenario((
            FaultEvent(fault, 0.0, {**given, name: one}, over_s=40.0, for_s=one_for_s),
            FaultEvent(fault, 10.0, {**given, name: other}, over_s=50.0, for_s=other_for_s),
        ))  # fmt: skip
        simulation = Simulation(warm(), scenario)
        for _ in range(140):
            simulation.step()
            assert low <= _seen(skid(simulation), fault, pump) <= high
        if inf not in {one_for_s, other_for_s}:
            assert causes(skid(simulation)) == HEALTHY


@pytest.mark.parametrize("key", GROWING)
def test_a_fault_that_begins_to_grow_takes_nothing_back(key: str) -> None:
    fault, _, given = _given(key)
    name, one, other = SIZES[fault]
    kind = FAULTS[fault]
    usual = {name: each.default for name, each in kind.parameters.items()} | given
    plant = warm()
    plant.inject(fault, {**usual, name: one})
    before = causes(plant)
    assert before != HEALTHY
    plant.inject(fault, {**usual, name: other}, 0.0)
    assert causes(plant) == before
    plant.inject(fault, {**usual, name: one}, 0.0)
    assert causes(plant) == HEALTHY


def test_the_end_of_an_overtaken_profile_leaves_the_later_one() -> None:
    plant = warm()
    set_fault(plant, "F02", plug=15.0)
    set_fault(plant, "F02", plug=28.0)
    set_fault(plant, "F02", 0.0, plug=15.0)
    assert plant.state.strainer_plug == 28.0
    set_fault(plant, "F02", 0.0, plug=28.0)
    assert plant.state.strainer_plug == 1.0


def test_fouling_on_the_way_to_its_limit_goes_on_while_another_begins() -> None:
    plant = warm()
    set_fault(plant, "F03", rf=2e-4, tau=600.0)
    set_fault(plant, "F03", 0.0, rf=5e-4, tau=60.0)
    assert plant.state.exchanger.fouling_tau_s == 600.0
    set_fault(plant, "F03", 0.0, rf=2e-4, tau=600.0)
    assert plant.state.exchanger.fouling_tau_s == 0.0


def _setpoint(simulation: Simulation) -> float:
    return float(simulation.plant.measurements()["FIC-201.sp"])


def test_more_load_begins_where_the_gate_left_the_set_point_and_goes_back_there() -> None:
    rise = FaultEvent("D01", 10.0, {"load": 46.0}, over_s=60.0, for_s=100.0)
    simulation = Simulation(warm(), Scenario((WriteEvent("FIC-201.sp", 36.0, 1.0), rise)))
    simulation.run(10.5)
    assert _setpoint(simulation) == 36.0
    simulation.run(30.0)
    assert _setpoint(simulation) == pytest.approx(39.0)
    simulation.run(80.0)
    assert _setpoint(simulation) == 36.0


@pytest.mark.parametrize("over_s", [0.0, 60.0])
def test_what_the_gate_writes_under_more_load_stays(over_s: float) -> None:
    rise = FaultEvent("D01", 10.0, {"load": 46.0}, over_s, for_s=100.0)
    simulation = Simulation(warm(), Scenario((rise, WriteEvent("FIC-201.sp", 36.0, 40.0))))
    simulation.run(40.0)
    assert _setpoint(simulation) > 40.0
    for _ in range(200):
        simulation.step()
        assert _setpoint(simulation) == 36.0


def _freeze(plant: CoolingWater, fault: str, severity: float = 1.0) -> None:
    if fault == "F06":
        set_fault(plant, fault, severity)
    else:
        set_fault(plant, fault, severity, sensor="LT-101")


@pytest.mark.parametrize("faults", [("F06", "SENSOR-FREEZE"), ("SENSOR-FREEZE", "F06")])
def test_a_level_frozen_twice_thaws_with_the_last_of_both(faults: tuple[str, str]) -> None:
    plant = warm()
    one, other = faults
    _freeze(plant, one)
    _freeze(plant, other)
    _freeze(plant, one, 0.0)
    assert plant.state.sensors["LT-101"].is_frozen
    _freeze(plant, other, 0.0)
    assert not plant.state.sensors["LT-101"].is_frozen
    _freeze(plant, one)
    plant.act("replace-LT-101")
    _freeze(plant, other)
    _freeze(plant, other, 0.0)
    assert not plant.state.sensors["LT-101"].is_frozen


@pytest.mark.parametrize(("action", "mode"), [("remote", 1), ("local", 0)])
def test_the_end_of_f10b_gives_the_standby_its_mode_back(action: str, mode: int) -> None:
    plant = warm()
    plant.act(f"{action}-P-101B")
    set_fault(plant, "F10b", 0.5)
    set_fault(plant, "F10b")
    assert plant.measurements()["P-101B.mode"] == 2
    set_fault(plant, "F10b", 0.0)
    assert plant.measurements()["P-101B.mode"] == mode
    plant.act("remote-P-101B")
    plant.write("P-101B.mode", 2)
    set_fault(plant, "F10b")
    set_fault(plant, "F10b", 0.0)
    assert plant.measurements()["P-101B.mode"] == 2


def test_an_outage_that_ends_between_two_steps_leaves_a_state_that_can_be_saved() -> None:
    plant = warm()
    set_fault(plant, "F15", outage=0.7)
    go_on(2, plant)
    assert plant.state.link_down_s == 0.0
    warm().restore(plant.snapshot())
