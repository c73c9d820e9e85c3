"""`plants run|models|faults`: plants without sockets."""

import csv
import json
from math import isnan
from pathlib import Path
from unittest.mock import patch

import pytest

from handwheel.evaluation.plants.installed_plants import create_plant, parse_fault, plant_names
from handwheel.hmi.simulation.plant.recorded_run import sample_interval
from handwheel.hmi.simulation.plant.recording import Recording
from handwheel.sim_plant.cw100.tags import FAULTS
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..command_in_process import Said

RUN = ("plants", "run", "cw-100")


def test_a_worn_bearing_trips_its_pump_and_the_standby_saves_the_process(said: Said) -> None:
    code, out, err = said(*RUN, "--for", "5h", "--fault", "F01@10min")
    assert (code, err) == (0, "")
    *events, last = out.splitlines()
    assert [line.split(maxsplit=3)[1:] for line in events] == [
        ["fault", "F01", "bearing wear"],
        ["alarm", "VAH-101A", "VT-101A 5.155"],
        ["trip", "P-101A", "P-101A tripped by I-02"],
        ["interlock", "I-03", "I-03 starts P-101B, header pressure under 250 kPa"],
        ["clear", "VAH-101A", "VT-101A 0.05524"],
    ]
    assert events[0].startswith("000:10:00.0  ")
    assert last == "rode through"


def test_without_a_standby_the_process_trips(said: Said) -> None:
    faults = ("--fault", "F01@1min,d0=1.2,tau=1h", "--fault", "F16")
    code, out, err = said(*RUN, "--for", "30min", *faults)
    assert (code, err) == (0, "")
    *events, last = out.splitlines()
    trip = next(line for line in events if "I-06" in line)
    minutes, seconds = map(float, trip.split()[0].split(":")[1:])
    assert last == f"tripped at {minutes:.0f} min {round(seconds):02d} s by I-06"


def test_the_file_holds_every_tag_at_its_time_and_is_the_same_for_a_seed(
    tmp_path: Path, said: Said
) -> None:
    arguments = ("--for", "5min", "--every", "1min", "--fault", "F02@2min", "--csv")
    paths = [tmp_path / name for name in ("3a", "3b", "4")]
    runs = [said(*RUN, "--seed", path.name[0], *arguments, str(path)) for path in paths]
    assert {code for code, _, _ in runs} == {0}
    assert runs[0] == runs[1]
    assert paths[0].read_bytes() == paths[1].read_bytes() != paths[2].read_bytes()

    scenario = Scenario((parse_fault("F02@2min", FAULTS),))
    simulation = Simulation(create_plant("cw-100", 3), scenario)
    with paths[0].open(newline="") as file:
        names, *rows = csv.reader(file)
    assert names == ["time_s", *(tag.name for tag in simulation.plant.tags)]
    assert len(rows) == 6
    for minute, row in enumerate(rows):
        values = simulation.plant.measurements()
        assert row == [str(60.0 * minute), *(str(_plain(values[name])) for name in names[1:])]
        simulation.run(60.0)


def _plain(value: float) -> float:
    return int(value) if isinstance(value, bool) else value


def test_a_bad_value_is_an_empty_cell_and_a_gap(tmp_path: Path) -> None:
    simulation = Simulation(create_plant("cw-100"), Scenario())
    path = tmp_path / "bad.csv"
    with (
        patch.object(simulation.plant, "qualities", return_value={"PT-102.pv": "bad"}),
        Recording(path, ("PT-102.pv", "PDT-101.pv")).open(simulation) as recording,
    ):
        recording.sample(simulation)
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["PT-102.pv"] == ""
    assert isnan(recording.series["PT-102.pv"][0])
    assert float(row["PDT-101.pv"]) == recording.series["PDT-101.pv"][0]


LATE = """
schema: scenario/1
plant: cw-100
for: 1 min
events:
  - {write: P-101B.run_cmd, value: true, at: 90 s}
"""


def test_what_would_never_happen_is_refused(tmp_path: Path, said: Said) -> None:
    late = "lies after the end of the run (1 min 00 s)\n"
    path = tmp_path / "run.csv"
    command = (*RUN, "--csv", str(path), "--for", "1min")
    for words, told in (
        (("--fault", "F02@2h"), "F02 at 2 h 00 min"),
        (("--fault", "F02@1min"), "F02 at 1 min 00 s"),
        (("--field", "clean-strainer@61s"), "clean-strainer at 1 min 01 s"),
    ):
        assert said(*command, *words) == (2, "", f"handwheel: {told} {late}")
    assert not path.exists()
    assert said(*RUN, "--for", "1min", "--fault", "F02@59500ms")[0] == 0

    file = tmp_path / "late.yaml"
    file.write_text(LATE)
    assert said("plants", "run", "--scenario", str(file)) == (
        2, "", f"handwheel: the write on P-101B.run_cmd at 1 min 30 s {late}"
    )  # fmt: skip


def test_a_short_run_is_sampled_often_enough_that_no_effect_precedes_its_cause() -> None:
    plant = create_plant("cw-100")  # its step is 0.5 s
    lengths = (60.0, 1800.0, 14_400.0)
    assert [sample_interval(plant, each, is_filed=False) for each in lengths] == [0.5, 3.0, 10.0]
    assert sample_interval(plant, 60.0, is_filed=True) == 10.0


def test_named_tags_are_plotted_a_constant_one_too(said: Said) -> None:
    tags = ("--tag", "PT-102.pv=0..400", "--tag", "P-101A.running")
    code, out, err = said(*RUN, "--for", "10min", "--no-noise", "--plot", *tags)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "PT-102.pv kPa, 10 min 00 s"
    assert lines[1].startswith("400┤")
    assert lines[9] == "P-101A.running, 10 min 00 s"
    assert len(lines) == 19
    assert all(len(line) <= 80 for line in lines)
    assert any("\u2800" < sign <= "\u28ff" for sign in lines[2])


def test_without_names_the_tags_are_plotted_that_tell_the_run(said: Said) -> None:
    _, out, _ = said(*RUN, "--for", "20min", "--fault", "F02@1min", "--plot")
    titles = [line.split()[0] for line in out.splitlines() if line.endswith(", 20 min 00 s")]
    assert len(titles) == 5
    assert {"PDT-101.pv", "PT-102.pv", "VT-101A.pv", "VT-101B.pv"} < set(titles)


def test_a_mode_is_one_of_the_plants(said: Said) -> None:
    assert said(*RUN, "--mode", "base", "--for", "10s")[:2] == (0, "rode through\n")
    code, _, err = said(*RUN, "--mode", "turbo", "--for", "10s")
    assert (code, err) == (2, "handwheel: cw-100 has no mode called 'turbo'; known: base\n")


def test_the_installed_plants_are_listed_with_their_modes(said: Said) -> None:
    _, people, _ = said("plants", "list")
    rows = json.loads(said("plants", "list", "--json")[1])
    assert [row["model"] for row in rows] == plant_names()
    cooling = {row["model"]: row for row in rows}["cw-100"]
    assert cooling["modes"] == ["base"]
    assert f"cw-100     {cooling['title']}\n" in people


def test_the_faults_are_listed_for_people_and_for_programs(said: Said) -> None:
    _, people, _ = said("plants", "faults", "cw-100")
    plant = create_plant("cw-100")
    document = json.loads(said("plants", "faults", "cw-100", "--json")[1])
    listed = {fault["id"]: fault for fault in document["faults"]}
    assert listed.keys() == plant.faults.keys()
    assert document["field_actions"] == plant.field_actions
    bearing = listed["F01"]["parameters"]
    assert (bearing["d0"]["low"], bearing["d0"]["high"]) == (0.01, 1.5)
    assert bearing["pump"]["words"] == ["P-101A", "P-101B"]
    for kind in plant.faults.values():
        assert f"\n{kind.id}  {kind.title}" in f"\n{people}"
        assert listed[kind.id]["parameters"].keys() == kind.parameters.keys()
        assert listed[kind.id]["decoy"] is kind.is_decoy
    assert all(f"     {action} " in people for action in plant.field_actions)


@pytest.mark.parametrize("text", ["F01", " F01 @ 10 min , d0 = 0.3 , tau = 1h , pump = P-101B "])
def test_spaces_in_a_fault_do_not_matter(text: str) -> None:
    event = parse_fault(text, FAULTS)
    assert event.fault == "F01"
    if "@" in text:
        assert event.at_s == 600.0
        assert event.parameters == {"d0": 0.3, "tau": 3600.0, "pump": "P-101B"}


def test_a_fault_says_nothing_twice() -> None:
    with pytest.raises(ScenarioError, match="over is given twice"):
        parse_fault("F02,over=1h,over=2h", FAULTS)
