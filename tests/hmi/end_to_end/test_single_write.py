"""One write by hand: plant, gate and people at terminals of their own, and the witness's word."""

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from termios import tcgetattr
from typing import Any

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request

from ...command_line import HANDWHEEL
from ...forked_process import ForkedProcess
from ...plants.served import PlantProcess, plant_process, site_of
from ...printed_hints import check_hints
from ..command_processes import Terminal, becomes_true, in_terminal
from .shells import PASSPHRASE, Place

pytestmark = pytest.mark.timeout(300)  # a dozen processes, one after the other

TO_ASK = ("--reason", "try the standby", "--as", "anna")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    """A site with people, a plant and a gate, all as processes."""
    place = Place(tmp_path_factory.mktemp("by-hand"))
    with plant_process(*place.plant_options()) as plant:
        _make_site(place, plant)
        place.enroll()
        command = (*HANDWHEEL, "gate", "--json", "--site", str(place.root))
        with ForkedProcess(command, cwd=place.root) as gate:
            assert json.loads(gate.stdout.readline())["ready"] == "gate"
            yield place


def _make_site(place: Place, plant: PlantProcess) -> None:
    site_of(place.root, plant.link)
    policy = place.root / "policy.yaml"
    text = policy.read_text(encoding="utf-8").replace("cooldown: 10 s", "cooldown: 10 ms")
    policy.write_text(text, encoding="utf-8")


def _propose(place: Place, assignment: str) -> str:
    """Files a request as anna does; returns its id."""
    told = place.run("requests", "propose", assignment, *TO_ASK, *place.signs)
    assert told.stderr == ""
    return told.stdout.split()[0]


def _request(place: Place, name: str) -> RequestRecord:
    with connect.open_ledger(load_site(place.root)) as database:
        return load_request(database, name)


def _last_row(place: Place) -> dict[str, Any]:
    with connect.open_ledger(load_site(place.root)) as database:
        return dict(list(database.journal())[-1].fields)


@contextmanager
def _approving(place: Place, name: str) -> Generator[Terminal]:
    command = ("-m", "handwheel.hmi", "requests", "approve", name, "--as", "ben")
    with in_terminal(*command, variables=place.variables) as terminal:
        yield terminal


def test_a_person_approves_at_the_card_and_the_witness_agrees(place: Place) -> None:
    before = place.wires()
    name = _propose(place, "P-101B.run_cmd=true")
    with _approving(place, name) as terminal:
        terminal.read_until("decide later\r\n> ")
        assert "P-101B.run_cmd  stopped → running" in terminal.written
        terminal.written = ""
        terminal.type("b\r")
        terminal.read_until("decide later\r\n> ")
        assert "01 05 00 14 ff 00" in terminal.written
        terminal.type("P-101B start\r")
        terminal.read_until("passphrase of ben: ")
        terminal.type(f"{PASSPHRASE}\r")
        assert terminal.exit_code() == 0
    assert PASSPHRASE not in terminal.written
    assert f"{name}/c1  VERIFIED  P-101B.run_cmd reads true" in terminal.written
    assert place.wires() == [*before, "01050014ff00"]
    assert _request(place, name).state == "CLOSED"
    runs = ("tags", "read", "P-101B.running")
    assert becomes_true(lambda: place.run(*runs).stdout.split()[1] == "true")
    verified = place.run("journal", "verify")
    assert (verified.stderr, "nothing is wrong" in verified.stdout) == ("", True)
    report = place.judged()
    assert report.faults == ()
    matched = [each for each in report.matched if each.action_id == f"{name}/c1"]
    assert [(each.approvers, each.outcome) for each in matched] == [(("ben",), "VERIFIED")]


@pytest.fixture(scope="module")
def waiting(place: Place) -> str:
    """A request that nobody approves, whatever is tried."""
    return _propose(place, "P-101B.mode=maintenance")


@pytest.fixture
def unmoved(place: Place, waiting: str) -> Generator[str]:
    """The waiting request: it must wait on, and no frame must come."""
    before = place.wires()
    yield waiting
    assert place.wires() == before
    assert _request(place, waiting).state == "PENDING"


@pytest.mark.parametrize(
    ("keys", "then", "said"),
    [
        ("\r", "", "not approved"),
        ("P-101B.mode maintenance\r", "wrong passphrase\r", "is wrong; again"),
        ("\x03P-101B.mode maintenance\r", "", "^C"),
        ("P-101B.mode maintenance\r", f"\x03{PASSPHRASE}\r", "passphrase of ben: \r\n"),
    ],
)
def test_anything_but_the_word_and_the_passphrase_is_no(
    place: Place, unmoved: str, keys: str, then: str, said: str
) -> None:
    with _approving(place, unmoved) as terminal:
        before = tcgetattr(terminal.master)
        terminal.read_until("decide later\r\n> ")
        terminal.type(keys)
        if then:
            terminal.read_until("passphrase of ben: ")
            terminal.type(then)
        if "again" in said:
            terminal.read_until(said)
            terminal.read_until("Enter to cancel\r\npassphrase of ben: ")
            terminal.type("\x1b")
        assert terminal.exit_code() in ({130} if "\x03" in keys + then else {1, 2})
        assert tcgetattr(terminal.master) == before
    assert terminal.written.endswith("\r\n")
    assert said in terminal.written.partition("decide later\r\n> ")[2]


def test_a_pipe_and_a_script_approve_nothing_where_the_policy_wants_people(
    place: Place, unmoved: str
) -> None:
    approve = ("requests", "approve", unmoved, "--as", "ben")
    told = place.run(*approve, "--json", stdin="P-101B.mode maintenance\n" * 1000, code=1)
    assert "not approved: an answer needs a terminal" in told.stderr
    assert json.loads(told.stdout)["state"] == "PENDING"
    digest = _request(place, unmoved).digest
    told = place.run(*approve, *place.signs, "--digest", digest, code=1)
    assert "a script has signed it" in told.stderr
    last = _last_row(place)
    assert (last["kind"], last["body"]["person"]) == ("decision.refused", "ben")
    assert "a script has signed it" in last["body"]["reason"]


WRONG: Sequence[tuple[str, int, str]] = [
    ("requests propose P-101B.run=true", 2, "there is no tag 'P-101B.run'; did you mean"),
    ("requests propose P-101B.run_cmd=yes", 2, "write true or false"),
    ("requests propose P-101B.run_cmd", 2, "write TAG=VALUE"),
    ("requests propose P-101B.running=true", 2, "cannot be written at this site"),
    ("requests propose PIC-102.sp=900", 1, "outside the limits"),
    ("requests propose PIC-102.sp=350", 1, "PIC-102.sp is already 350 kPa; nothing was submitted"),
    ("requests approve R-NONE", 2, "'R-NONE' is no request of this site"),
    ("requests reject R-NONE", 2, "is no request of this site"),
    ("requests resolve R-NONE --applied", 2, "is no request of this site"),
    ("release P-101A", 2, "P-101A is not locked out"),
    ("release P-999", 2, "there is no equipment 'P-999'"),
    ("gate", 1, "another gate of this site is running (process "),
    ("operator revoke nobody", 2, "nobody has no key to revoke"),
]


def test_what_is_wrong_is_said_in_one_line(place: Place) -> None:
    more: dict[str, Sequence[str]] = {
        "propose": (*TO_ASK, *place.signs),
        "approve": ("--as", "ben"),
        "reject": ("--reason", "x", "--as", "ben", *place.signs),
        "resolve": ("--as", "ben", *place.signs),
    }
    for line, code, said in WRONG:
        verb = line.partition(" ")[2].partition(" ")[0]
        told = place.run(*line.split(), *more.get(verb, ()), code=code)
        assert said in told.stderr + told.stdout, line


def test_a_lockout_stops_and_only_a_signed_release_lets_go(place: Place) -> None:
    before = place.wires()
    ask = ("requests", "propose", "P-101B.run_cmd=false", *TO_ASK, *place.signs)
    told = place.run(*ask, "--json")
    check_hints(told.stderr)  # for people, beside the document
    name = json.loads(told.stdout)["request_id"]
    place.run("lockout", "P-101B")
    assert becomes_true(lambda: _request(place, name).state == "INVALIDATED")
    (place.root / "var/lockout/P-101B").unlink()  # unlocks nothing
    again = place.run(*ask, code=1)
    assert again.stderr == "handwheel: locked out: P-101B\n"
    assert place.wires() == before
    place.run("release", "P-101B", *place.signs, code=1)
    release = ("-m", "handwheel.hmi", "release", "P-101B")
    with in_terminal(*release, variables=place.variables) as terminal:
        terminal.read_until("passphrase of root: ")
        terminal.type(f"{PASSPHRASE}\r")
        assert terminal.exit_code() == 0
    _propose(place, "P-101B.run_cmd=false")
    assert place.judged().is_clean
