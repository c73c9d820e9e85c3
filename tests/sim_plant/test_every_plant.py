"""What holds for every installed plant, whoever wrote it."""

import json
from math import inf, nan
from typing import cast

import pytest

from handwheel.evaluation.plants.installed_plants import create_plant, plant_names
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import OutOfRange, SnapshotError, WriteRejected
from handwheel.sim_plant.model import ChoiceParameter, Node, Number
from handwheel.sim_plant.scenario import FaultEvent, Scenario, bind_event
from handwheel.sim_plant.server.process_image import ProcessImage
from handwheel.sim_plant.simulation import Simulation

from .stepping import go_on

PLANTS = pytest.mark.parametrize("name", plant_names())


@PLANTS
def test_its_tags_are_what_it_measures_and_stand_apart_on_the_wire(name: str) -> None:
    plant = create_plant(name, seed=1)
    names = [tag.name for tag in plant.tags]
    assert sorted(names) == sorted(plant.measurements())
    assert len(set(names)) == len(names)
    assert names == [tag.name for tag in plant.tags if "." in tag.name]
    registers = [tag.address for tag in plant.tags if not isinstance(tag.address, Node)]
    places = [(each.table, each.address) for each in registers]
    assert len(set(places)) == len(places)
    assert {f"{alarm.tag}.active" for alarm in plant.alarms} <= set(names)


@PLANTS
def test_it_starts_within_its_own_limits_in_every_mode(name: str) -> None:
    plant = create_plant(name)
    for mode in plant.modes:
        plant.start(mode)
        assert plant.time_s == 0.0
        values = plant.measurements()
        for tag in plant.inputs:
            assert tag.write is not None
            assert tag.write[0] <= values[tag.name] <= tag.write[1], tag.name


@PLANTS
def test_a_restart_in_its_usual_mode_is_the_state_that_it_is_created_in(name: str) -> None:
    plant = create_plant(name, seed=1)
    go_on(20, plant)
    plant.start(plant.modes[0])
    assert plant.snapshot() == create_plant(name, seed=1).snapshot()


@PLANTS
def test_its_faults_take_their_own_defaults_and_their_limits(name: str) -> None:
    plant = create_plant(name)
    for fault in plant.faults.values():
        bound = bind_event(plant, FaultEvent(fault.id))
        assert isinstance(bound, FaultEvent)
        for severity in (0.5, 1.0, 0.0):
            plant.inject(fault.id, bound.parameters, severity)
            plant.step()
        for parameter in fault.parameters.values():
            if isinstance(parameter, Number):
                assert parameter.low <= parameter.default <= parameter.high
            else:
                assert isinstance(parameter, ChoiceParameter)
                assert parameter.default in parameter.words


def _inject_all(plant: Plant, severity: float = 1.0) -> None:
    for fault in plant.faults:
        bound = bind_event(plant, FaultEvent(fault))
        assert isinstance(bound, FaultEvent)
        plant.inject(fault, bound.parameters, severity)


@PLANTS
def test_it_goes_on_from_a_snapshot_to_the_same_bytes(name: str) -> None:
    first, second = create_plant(name, seed=3), create_plant(name, seed=3)
    _inject_all(first, 0.3)
    go_on(300, first)
    second.restore(json.loads(json.dumps(first.snapshot())))
    go_on(300, first, second)
    assert json.dumps(first.snapshot()) == json.dumps(second.snapshot())
    assert first.measurements() == second.measurements()


@PLANTS
def test_whatever_becomes_of_it_a_snapshot_takes(name: str) -> None:
    plant = create_plant(name, seed=1)
    _inject_all(plant)
    for _ in range(30):
        go_on(50, plant)
        plant.restore(plant.snapshot())


@PLANTS
def test_a_value_that_is_no_number_of_its_range_is_refused(name: str) -> None:
    plant = create_plant(name)
    for tag in plant.inputs:
        for value in (10**400, nan, inf, cast(float, "1")):
            with pytest.raises(OutOfRange):
                plant.write(tag.name, value)


def test_without_noise_the_disturbances_keep_their_seed() -> None:
    first, second = (create_plant("tep", seed, noise=False) for seed in (1, 2))
    go_on(10, first, second)
    assert first.measurements() == second.measurements()
    for plant in (first, second):
        plant.inject("IDV8", {}, 1.0)
    go_on(1800, first, second)
    assert first.measurements() != second.measurements()


@PLANTS
def test_what_is_refused_is_undone_even_in_a_state_that_no_snapshot_may_hold(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise SnapshotError("no plant can be like this")

    plant = create_plant(name, seed=1)
    monkeypatch.setattr(plant, "check", refuse)
    image = ProcessImage(Simulation(plant, Scenario()))
    tag = next(tag for tag in plant.inputs if tag.name.endswith((".sp", ".op", "volts", "pos")))
    assert tag.write is not None
    before = plant.snapshot()
    with pytest.raises(WriteRejected):
        image.write([(tag.name, tag.write[1]), ("nowhere.pv", 1.0)])
    assert plant.snapshot() == before
    assert plant.drain_events() == []
    image.write([(tag.name, tag.write[1])])
    assert image.values[tag.name] == tag.write[1]
