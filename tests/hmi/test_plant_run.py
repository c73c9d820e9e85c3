"""`plant run|models|faults|map`: plants without sockets."""

import csv
import json
from pathlib import Path

import pytest

from handwheel.connectors.site import load_site
from handwheel.hmi.plants import create_plant, parse_fault
from handwheel.hmi.sitefiles import Link, write_site
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..served import handwheel

RUN = ("plant", "run", "cw-100")


def test_a_worn_bearing_trips_its_pump_and_the_standby_saves_the_process() -> None:
    done = handwheel(*RUN, "--for", "5h", "--fault", "F01@10min")
    assert (done.returncode, done.stderr) == (0, "")
    *events, last = done.stdout.splitlines()
    assert [line.split(maxsplit=3)[1:] for line in events] == [
        ["fault", "F01", "bearing wear"],
        ["alarm", "VAH-101A", "VT-101A 5.155"],
        ["trip", "P-101A", "P-101A tripped by I-02"],
        ["interlock", "I-03", "I-03 starts P-101B, header pressure under 250 kPa"],
        ["clear", "VAH-101A", "VT-101A 0.05524"],
    ]
    assert events[0].startswith("000:10:00.0  ")
    assert last == "rode through"


def test_without_a_standby_the_process_trips() -> None:
    faults = ("--fault", "F01@1min,d0=1.2,tau=1h", "--fault", "F16")
    done = handwheel(*RUN, "--for", "30min", *faults)
    assert (done.returncode, done.stderr) == (0, "")
    *events, last = done.stdout.splitlines()
    trip = next(line for line in events if "I-06" in line)
    minutes, seconds = map(float, trip.split()[0].split(":")[1:])
    assert last == f"tripped at {minutes:.0f} min {round(seconds):02d} s by I-06"


def test_a_field_action_and_its_time_are_obeyed() -> None:
    strainer = ("--fault", "F02@1min", "--field", "clean-strainer@3min")
    done = handwheel(*RUN, "--for", "10min", *strainer)
    *events, last = done.stdout.splitlines()
    assert "000:03:00.0  field" in done.stdout
    assert events[-1].split()[1] == "clear"
    assert last == "rode through"


def test_the_file_holds_every_tag_at_its_time_and_is_the_same_for_a_seed(tmp_path: Path) -> None:
    arguments = ("--for", "5min", "--every", "1min", "--fault", "F02@2min", "--csv")
    runs = {name: handwheel(*RUN, "--seed", name[0], *arguments, name, cwd=tmp_path)
            for name in ("3a", "3b", "4")}  # fmt: skip
    assert {done.returncode for done in runs.values()} == {0}
    assert runs["3a"].stdout == runs["3b"].stdout
    contents = {name: (tmp_path / name).read_bytes() for name in runs}
    assert contents["3a"] == contents["3b"] != contents["4"]

    scenario = Scenario((parse_fault("F02@2min"),))
    simulation = Simulation(create_plant("cw-100", 3), scenario)
    with (tmp_path / "3a").open(newline="") as file:
        names, *rows = csv.reader(file)
    assert names == list(simulation.values())
    assert len(rows) == 6
    for minute, row in enumerate(rows):
        assert simulation.plant.time_s == 60.0 * minute
        assert row == [str(_plain(value)) for value in simulation.values().values()]
        simulation.run(60.0)


def _plain(value: float) -> float:
    return int(value) if isinstance(value, bool) else value


def test_tags_are_plotted_a_constant_one_too() -> None:
    done = handwheel(*RUN, "--for", "10min", "--plot", "PT-102.pv", "--plot", "P-101A.running")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "PT-102.pv kPa, 10 min 00 s"
    assert lines[9] == "P-101A.running, 10 min 00 s"
    assert len(lines) == 19
    assert all(len(line) <= 80 for line in lines)
    assert any("\u2800" < sign <= "\u28ff" for sign in lines[4])


def test_the_installed_plants_are_listed() -> None:
    people, programs = handwheel("plant", "models"), handwheel("plant", "models", "--json")
    title = "cooling-water skid: 2 pumps, 1 exchanger, 1 tower"
    assert people.stdout.split(maxsplit=1) == ["cw-100", f"{title}\n"]
    assert json.loads(programs.stdout) == [{"model": "cw-100", "title": title}]


def test_the_faults_are_listed_for_people_and_for_programs() -> None:
    people = handwheel("plant", "faults", "cw-100")
    programs = handwheel("plant", "faults", "cw-100", "--json")
    plant = create_plant("cw-100")
    document = json.loads(programs.stdout)
    listed = {fault["id"]: fault for fault in document["faults"]}
    assert listed.keys() == plant.faults.keys()
    assert document["field_actions"] == plant.field_actions
    for kind in plant.faults.values():
        assert f"\n{kind.id}  {kind.title}" in f"\n{people.stdout}"
        assert listed[kind.id]["parameters"].keys() == kind.parameters.keys()
        assert listed[kind.id]["decoy"] is kind.is_decoy
    assert all(f"     {action} " in people.stdout for action in plant.field_actions)


def test_the_map_is_the_tag_file_of_a_new_site(tmp_path: Path) -> None:
    done = handwheel("plant", "map", "cw-100")
    write_site(tmp_path / "site", create_plant("cw-100"), Link())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (tmp_path / "site" / "tags.yaml").read_text()
    site = load_site(tmp_path / "site")
    plant = Simulation(create_plant("cw-100"), Scenario())
    assert list(site.tags) == [tag.name for tag in plant.tags]
    for tag in plant.tags:
        read = site.tags[tag.name]
        assert (read.kind, read.unit, read.span) == (tag.kind, tag.unit, tag.span)
        assert (dict(read.members), read.writable) == (dict(tag.members), bool(tag.write))


@pytest.mark.parametrize("text", ["F01", " F01 @ 10 min , d0 = 0.3 , tau = 1h , pump = P-101B "])
def test_spaces_in_a_fault_do_not_matter(text: str) -> None:
    event = parse_fault(text)
    assert event.fault == "F01"
    if "@" in text:
        assert event.at_s == 600.0
        assert event.parameters == {"d0": 0.3, "tau": 3600.0, "pump": "P-101B"}
