"""The tutorial's story by hand, typed from its first to its last line, and the witness's word."""

import json
from collections.abc import Generator
from dataclasses import dataclass

import pytest

from ...project.pages.doc_shell import free_port
from ...project.pages.doc_tables import DOCS, text_of
from .shells import Place
from .typist import Typist

pytestmark = pytest.mark.timeout(300)  # the story takes a minute of a quiet machine

PAGE = DOCS / "tutorial/first-site.md"
WIRES = ["01050014ff00", "010500000000", "010600000002"]
"""Start the standby; stop the duty pump; take the duty pump out of auto-start."""


@dataclass(frozen=True)
class Story:
    """What was there when everything had been typed."""

    place: Place
    typist: Typist
    requests: list[str]
    shown: list[str]
    frames: str
    journal: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Generator[Story]:
    place = Place(tmp_path_factory.mktemp("by-hand"), "cooling")
    names = ("--opcua-port", "--modbus-port", "--modbus-gate-port")
    ports = [word for n, name in enumerate(names) for word in (name, str(free_port(n)))]
    with Typist(place, ports) as typist:
        typist.follow(text_of(PAGE))
        shown = typist.shown
        typist.end()
        frames, journal = place.frames.read_text(), place.run("journal", "export").stdout
        yield Story(place, typist, list(shown), list(shown.values()), frames, journal)


def test_three_terminals_and_seven_passphrases_are_enough(story: Story) -> None:
    assert len(story.typist.shells) == 3
    assert story.typist.passphrases == 7
    assert not any("Traceback" in each.written for each in story.typist.shells.values())


def test_the_run_skips_what_is_so_and_ends_with_a_work_order(story: Story) -> None:
    place = story.place
    assert "P-101B.run_cmd  stopped → running" in story.shown[0]
    assert "P-101A.run_cmd  running → stopped" in story.shown[1]
    assert "P-101A.mode     remote → maintenance" in story.shown[1]
    for shown in story.shown:
        assert len(shown.partition("\n\n")[0].splitlines()) <= 20, shown  # card above its details
    (listed,) = json.loads(place.run("runs", "list", "--all", "--json").stdout)
    assert listed["state"] == "COMPLETE"
    assert f"run {listed['run_id']}" in story.shown[1]
    assert "Unverified  the agent's words" in story.shown[1]
    shown = place.run("runs", "show", listed["run_id"]).stdout
    for words in ("COMPLETE", "P-101B.run_cmd is already true", story.requests[1]):
        assert words in shown
    for name in story.requests:
        assert json.loads(place.run("requests", "show", name, "--json").stdout)["state"] == "CLOSED"
    (order,) = json.loads(place.run("workorders", "list", "--json").stdout)
    shown = place.run("workorders", "show", order["workorder_id"]).stdout
    for words in ("Inspect the bearings of P-101A", f"run {listed['run_id']}", "VT-101A.pv"):
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
    assert len(parts) - 1 == 5  # one proposal, two grants, two approvals
    for number in range(1, len(parts)):
        flipped = "0" if parts[number][0] != "0" else "1"
        forged = [*parts[:number], flipped + parts[number][1:], *parts[number + 1 :]]
        assert not story.place.judged(story.frames, '"signature":"'.join(forged)).is_clean, number
