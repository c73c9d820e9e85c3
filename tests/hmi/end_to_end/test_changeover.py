"""A change-over by hand: plant, gate, agents and people in shells; then the witness's word."""

import json
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...plants.served import site_of
from ..command_processes import ANY_PORTS, becomes_true
from .shells import PASSPHRASE, Place, Shell

pytestmark = pytest.mark.timeout(300)  # the story takes 45 s of a quiet machine

FAULT = "F01@20min,d0=0.35,tau=10min"
WIRES = ["01050014ff00", "010500000000", "010600000002"]
"""Start the standby; stop the duty pump; take the duty pump out of auto-start."""


@dataclass(frozen=True)
class Story:
    """What was there when the run had ended."""

    place: Place
    run_id: str
    requests: list[str]
    run_text: str
    pending: list[str]
    frames: str
    journal: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Generator[Story]:
    place = Place(tmp_path_factory.mktemp("change-over"))
    with ExitStack() as shells:

        def open_shell(*words: str) -> Shell:
            return shells.enter_context(place.shell(*words))

        options = (*place.plant_options(), "--fault", FAULT, "--speed", "1")
        plant = open_shell("plants", "serve", "cw-100", *ANY_PORTS, *options)
        _make_site(place, plant)
        place.enroll()
        gate = open_shell("gate")
        gate.hears("gate")
        for equipment in ("PUMPS-101", "E-101"):
            _give(place, equipment)
        run = open_shell("run")
        run.hears("watching for cw/pump-bearing-changeover")
        plant.type("speed 100")
        run_id = run.hears(r"(U-\w{8})  opened")[1]
        plant.type("speed 1")  # a slow approver, or a busy machine, must not come after the trip
        first = run.hears(r"submitted +(R-\w{8})")[1]
        assert first in place.run("requests", "list").stdout
        shown = [_shown(place, first)]
        _approve(place, first)
        plant.type("speed 10")
        second = run.hears(r"submitted +(R-\w{8})")[1]
        plant.type("speed 1")
        shown.append(_shown(place, second))
        _approve(place, second)
        plant.type("speed 10")
        run.hears("completed")
        frames, journal = place.frames.read_text(), place.run("journal", "export").stdout
        yield Story(place, run_id, [first, second], run.written, shown, frames, journal)
        for each in (run, gate, plant):
            each.terminal.type("\x03")
            assert each.ends() == 130, each.written
            assert "Traceback" not in each.written


def _make_site(place: Place, plant: Shell) -> None:
    """Writes a site for the plant whose ports its shell shows."""
    opcua = plant.hears(r"opc\.tcp://127\.0\.0\.1:(\d+)")[1]
    modbus = plant.hears(r"Modbus +127\.0\.0\.1:(\d+)")[1]
    gate = plant.hears(r"Modbus gate +127\.0\.0\.1:(\d+)")[1]
    site_of(place.root, PlantEndpoints(int(opcua), int(modbus), "100 ms", int(gate)))


def _give(place: Place, equipment: str) -> None:
    with place.shell("authority", "give", equipment, "--for", "1h", "--as", "anna") as at:
        at.hears("passphrase of anna: ")
        at.type(PASSPHRASE)
        at.hears(f"granted to agents: {equipment}")
        assert at.ends() == 0


def _shown(place: Place, name: str) -> str:
    """The card, once the gate has read the plant; a busy machine may lose a few scans."""
    texts: list[str] = []

    def is_readable() -> bool:
        texts.append(place.run("requests", "show", name).stdout)
        return "NOT NOW" not in texts[-1]

    assert becomes_true(is_readable), texts[-1]
    return texts[-1]


def _approve(place: Place, name: str) -> None:
    with place.shell("requests", "approve", name, "--as", "ben") as at:
        word = at.hears(r"Type  ([^\r]+)  to approve[^>]+> ")[1]
        at.type(word)
        at.hears("passphrase of ben: ")
        at.type(PASSPHRASE)
        at.hears(rf"{name}/c\d  VERIFIED")
        at.hears(r"run U-[0-9A-Z]{8} is \w+; ")  # ben is free again
    assert PASSPHRASE not in at.written


def test_the_run_asked_twice_and_ended_by_itself_with_a_work_order(story: Story) -> None:
    place = story.place
    assert "nothing blocks it" in story.run_text
    assert "P-101B.run_cmd  stopped → running" in story.pending[0]
    assert "P-101A.run_cmd  running → stopped" in story.pending[1]
    assert "P-101A.mode     remote → maintenance" in story.pending[1]
    for shown in story.pending:
        assert f"run {story.run_id}" in shown
        assert "the agent's words, not checked" in shown
        assert len(shown.partition("\n\n")[0].splitlines()) <= 20, shown  # card above its details
    (listed,) = json.loads(place.run("runs", "list", "--all", "--json").stdout)
    assert (listed["run_id"], listed["state"]) == (story.run_id, "COMPLETE")
    shown = place.run("runs", "show", story.run_id).stdout
    for words in ("COMPLETE", *story.requests):
        assert words in shown
    states = [
        json.loads(place.run("requests", "show", name, "--json").stdout)["state"]
        for name in story.requests
    ]
    assert set(states) <= {"SUPERSEDED", "CLOSED"}
    (order,) = json.loads(place.run("workorders", "list", "--json").stdout)
    shown = place.run("workorders", "show", order["workorder_id"]).stdout
    for words in ("Inspect the bearings of P-101A", f"run {story.run_id}", "VT-101A.pv"):
        assert words in shown


def test_just_the_three_frames_once_each_and_the_witness_agrees(story: Story) -> None:
    assert story.place.wires() == WIRES
    assert "nothing is wrong" in story.place.run("journal", "verify").stdout
    report = story.place.judged(story.frames, story.journal)
    assert report.faults == ()
    first, second = story.requests
    actions = [(each.action_id, each.approvers, each.outcome) for each in report.matched]
    wanted = [f"{first}/c1", f"{second}/c1", f"{second}/c2"]
    assert actions == [(name, ("ben",), "VERIFIED") for name in wanted]


def test_the_witness_sees_one_frame_too_many_and_a_flipped_byte_in_each_signature(
    story: Story,
) -> None:
    lines = story.frames.splitlines()
    last = json.loads(lines[-1])
    for changed in ({"pdu": "0500140000"}, {"pdu": "050014ff00"}, {}):
        more = json.dumps(last | {"n": last["n"] + 1} | changed)
        frames = "\n".join([*lines, more, ""])
        assert not story.place.judged(frames, story.journal).is_clean, changed
    parts = story.journal.split('"signature":"')
    assert len(parts) - 1 >= 4  # two hand-overs, two approvals
    for number in range(1, len(parts)):
        flipped = "0" if parts[number][0] != "0" else "1"
        forged = [*parts[:number], flipped + parts[number][1:], *parts[number + 1 :]]
        assert not story.place.judged(story.frames, '"signature":"'.join(forged)).is_clean, number
