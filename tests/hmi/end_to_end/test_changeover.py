"""A change-over by hand: plant, gate, agents and people in shells; then the witness's word."""

import json
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from ...plants.served import frames_of
from ..command_processes import becomes_true
from .shells import PASSPHRASE, Place, Shell, make_site, serve, shell

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
    listed: str
    pending: list[str]
    frames: str
    journal: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Generator[Story]:
    place = Place(tmp_path_factory.mktemp("change-over"))
    with ExitStack() as shells:

        def open_shell(*words: str) -> Shell:
            return shells.enter_context(shell(*words, variables=place.variables))

        plant = open_shell(*serve(place, "--fault", FAULT, "--speed", "1"))
        make_site(place, plant)
        place.enroll()
        gate = open_shell("gate")
        gate.hears("gate")
        for equipment in ("PUMPS-101", "E-101"):
            place.give(equipment)
        run = open_shell("run")
        run.hears("watching for cw/pump-bearing-changeover")
        plant.type("speed 100")
        run_id = run.hears(r"(U-\w{8})  opened")[1]
        plant.type("speed 1")  # a slow approver, or a busy machine, must not come after the trip
        first = run.hears(r"filed +(R-\w{8})")[1]
        listed = place.run("requests", "list").stdout
        assert first in listed
        shown = [_shown(place, first)]
        _approve(place, first)
        plant.type("speed 10")
        second = run.hears(r"filed +(R-\w{8})")[1]
        plant.type("speed 1")
        shown.append(_shown(place, second))
        _approve(place, second)
        plant.type("speed 10")
        run.hears("completed")
        frames = place.frames.read_text(encoding="utf-8")
        yield Story(
            place, run_id, [first, second], run.written, listed, shown, frames, place.export()
        )
        for each in (run, gate, plant):
            each.terminal.type("\x03")
            assert each.ends() == 130, each.written
            assert "Traceback" not in each.written


def _shown(place: Place, name: str) -> str:
    """The card, once the gate has read the plant; a busy machine may lose a few scans."""
    texts: list[str] = []

    def is_readable() -> bool:
        texts.append(place.run("requests", "show", name).stdout)
        return "NOT NOW" not in texts[-1]

    assert becomes_true(is_readable), texts[-1]
    return texts[-1]


def _approve(place: Place, name: str) -> None:
    with shell("requests", "approve", name, "--as", "ben", variables=place.variables) as at:
        word = at.hears(r'Type "([^"]+)" to approve, Enter to cancel: ')[1]
        at.type(word)
        at.hears("passphrase of ben: ")
        at.type(PASSPHRASE)
        at.hears(rf"{name}/c\d  VERIFIED")
        at.hears(r"run U-[0-9A-Z]{8} is \w+; ")  # ben is free again
    assert PASSPHRASE not in at.written


def test_the_run_asked_twice_and_ended_by_itself(story: Story) -> None:
    assert "nothing blocks it" in story.run_text
    assert all(name in story.listed for name in story.requests[:1])
    assert "P-101B.run_cmd  false → true" in story.pending[0]
    assert "P-101A.run_cmd  true → false" in story.pending[1]
    assert "P-101A.mode     remote → maintenance" in story.pending[1]
    for shown in story.pending:
        assert f"run {story.run_id}" in shown
        assert "an agent's words, not verified" in shown
    (listed,) = json.loads(story.place.run("runs", "list", "--all", "--json").stdout)
    assert (listed["run_id"], listed["state"]) == (story.run_id, "COMPLETE")
    shown = story.place.run("runs", "show", story.run_id).stdout
    for words in ("COMPLETE", *story.requests):
        assert words in shown
    for name in story.requests:
        assert json.loads(story.place.run("requests", "show", name, "--json").stdout)["state"] in {
            "SUPERSEDED",
            "CLOSED",
        }


def test_a_work_order_with_the_trend_is_left(story: Story) -> None:
    (order,) = json.loads(story.place.run("workorders", "list", "--json").stdout)
    shown = story.place.run("workorders", "show", order["workorder_id"]).stdout
    assert "Inspect the bearings of P-101A" in shown
    assert f"run {story.run_id}" in shown
    assert "VT-101A.pv" in shown


def test_just_the_three_frames_once_each_and_the_witness_agrees(story: Story) -> None:
    wires = [f"{frame['unit']:02x}{frame['pdu']}" for frame in frames_of(story.place.frames)]
    assert wires == WIRES
    assert "nothing is wrong" in story.place.run("journal", "verify").stdout
    report = story.place.judged(story.frames, story.journal)
    assert report.faults == ()
    first, second = story.requests
    actions = [(each.action_id, each.approvers, each.outcome) for each in report.matched]
    wanted = [f"{first}/c1", f"{second}/c1", f"{second}/c2"]
    assert actions == [(name, ("ben",), "VERIFIED") for name in wanted]


@pytest.mark.parametrize("pdu", ["0500140000", "050014ff00", None])
def test_the_witness_sees_one_frame_too_many(story: Story, pdu: str | None) -> None:
    lines = story.frames.splitlines()
    last = json.loads(lines[-1])
    more = json.dumps(last | {"n": last["n"] + 1} | ({"pdu": pdu} if pdu else {}))
    assert not story.place.judged("\n".join([*lines, more, ""]), story.journal).is_clean


def test_the_witness_sees_a_flipped_byte_in_each_signature(story: Story) -> None:
    parts = story.journal.split('"signature":"')
    assert len(parts) - 1 >= 4  # two hand-overs, two approvals
    for number in range(1, len(parts)):
        flipped = "0" if parts[number][0] != "0" else "1"
        more = [*parts[:number], flipped + parts[number][1:], *parts[number + 1 :]]
        assert not story.place.judged(story.frames, '"signature":"'.join(more)).is_clean
