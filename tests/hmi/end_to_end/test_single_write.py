"""The story by hand: plant, gate and people at terminals of their own, and the witness's word."""

import json
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from termios import tcgetattr
from typing import Any

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Database

from ...auditor.audit import Report, judge
from ...command_line import handwheel
from ...plants.served import PlantProcess, frames_of, plant_process, site_of
from ..command_processes import Terminal, becomes_true, in_terminal, started

pytestmark = pytest.mark.timeout(300)  # a dozen processes, one after the other

PASSPHRASE = "battery staple"
RUN = ("requests", "propose", "P-101B.run_cmd=true", "--reason", "try the standby", "--as", "anna")
WORD = "run_cmd true"


@dataclass(frozen=True)
class Place:
    """A site with people, a plant and a gate, all as processes."""

    root: Path
    config: Path
    frames: Path

    @property
    def secret(self) -> str:
        return str(self.config / "passphrase")

    @property
    def environment(self) -> dict[str, str]:
        return {"XDG_CONFIG_HOME": str(self.config), "HANDWHEEL_SITE": str(self.root)}

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return handwheel(*arguments, env=self.environment, stdin=stdin)

    def propose(self, *assignments: str) -> str:
        """Files a request as anna does; returns its id."""
        told = self.run(
            *("requests", "propose", *assignments, "--reason", "try it", "--as", "anna"),
            *("--passphrase-file", self.secret),
        )
        assert (told.returncode, told.stderr) == (0, "")
        return told.stdout.split()[0]

    def request(self, name: str) -> RequestRecord:
        with Database(self.root / "var", "cw") as database:
            return load_request(database, name)

    def last_rows(self) -> list[dict[str, Any]]:
        with Database(self.root / "var", "cw") as database:
            return [dict(row.fields) for row in database.journal()]

    def wires(self) -> list[str]:
        return [f"{frame['unit']:02x}{frame['pdu']}" for frame in frames_of(self.frames)]

    def judged(self, frames: str | None = None, journal: str | None = None) -> Report:
        seen = self.frames.read_text(encoding="utf-8") if frames is None else frames
        told = self.run("journal", "export").stdout if journal is None else journal
        operators = (self.root / "operators.yaml").read_text(encoding="utf-8")
        return judge(seen, told, operators, load_site(self.root).trust_root)


def _enroll(place: Place, name: str, role: str) -> None:
    issuer = () if role == "administrator" else ("--issuer-passphrase-file", place.secret)
    told = place.run(
        *("operator", "enroll", name, "--role", role, "--passphrase-file", place.secret, *issuer)
    )
    assert (told.returncode, told.stderr) == (0, "")


def _write_secret(place: Place) -> None:
    place.config.mkdir()
    file = Path(place.secret)
    file.touch(mode=0o600)
    file.write_text(f"{PASSPHRASE}\n", encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Generator[Place]:
    folder = tmp_path_factory.mktemp("by-hand")
    place = Place(folder / "cw", folder / "config", folder / "frames.jsonl")
    _write_secret(place)
    options = ("--frame-log", str(place.frames), "--gate-secret", str(folder / "gate"))
    (folder / "gate").touch(mode=0o600)
    (folder / "gate").write_text("turn the wheel", encoding="utf-8")
    with plant_process(*options) as plant:
        _make_site(place, plant)
        for name, role in (("root", "administrator"), ("anna", "operator"), ("ben", "operator")):
            _enroll(place, name, role)
        with _gate(place):
            yield place


def _make_site(place: Place, plant: PlantProcess) -> None:
    site_of(place.root, plant.link)
    policy = place.root / "policy.yaml"
    text = policy.read_text(encoding="utf-8").replace("cooldown: 10 s", "cooldown: 10 ms")
    policy.write_text(text, encoding="utf-8")


@contextmanager
def _gate(place: Place) -> Generator[subprocess.Popen[str]]:
    with started("gate", "--json", "--site", str(place.root)) as gate:
        assert gate.stdout is not None
        assert json.loads(gate.stdout.readline())["ready"] == "gate"
        yield gate


@contextmanager
def _approving(place: Place, name: str) -> Generator[Terminal]:
    command = ("-m", "handwheel.hmi", "requests", "approve", name, "--as", "ben")
    with in_terminal(*command, variables=place.environment) as terminal:
        yield terminal


def test_a_person_approves_at_the_card_and_the_witness_agrees(place: Place) -> None:
    before = place.wires()
    name = place.propose("P-101B.run_cmd=true")
    with _approving(place, name) as terminal:
        terminal.read_until("to approve, Enter to cancel: ")
        assert "P-101B.run_cmd  false → true" in terminal.written
        assert "01 05 00 14 ff 00" in terminal.written
        terminal.type(f"{WORD}\r")
        terminal.read_until("passphrase of ben: ")
        terminal.type(f"{PASSPHRASE}\r")
        assert terminal.exit_code() == 0
    assert PASSPHRASE not in terminal.written
    assert f"{name}/c1  VERIFIED  P-101B.run_cmd reads true" in terminal.written
    assert place.wires() == [*before, "01050014ff00"]
    assert place.request(name).state == "CLOSED"
    runs = ("tags", "read", "P-101B.running")
    assert becomes_true(lambda: place.run(*runs).stdout.split()[1] == "true")
    verified = place.run("journal", "verify")
    assert (verified.returncode, verified.stderr) == (0, "")
    assert "nothing is wrong" in verified.stdout

    report = place.judged()
    assert report.faults == ()
    matched = [each for each in report.matched if each.action_id == f"{name}/c1"]
    assert [(each.approvers, each.outcome) for each in matched] == [(("ben",), "VERIFIED")]
    _check_that_the_witness_sees(place)


def _check_that_the_witness_sees(place: Place) -> None:
    """One foreign frame, one doubled frame, one flipped signature byte, in what really happened."""
    frames = place.frames.read_text(encoding="utf-8")
    journal = place.run("journal", "export").stdout
    lines = frames.splitlines()
    last = json.loads(lines[-1])
    foreign = json.dumps(last | {"n": last["n"] + 1, "pdu": "05001400" + "00"})
    doubled = json.dumps(last | {"n": last["n"] + 1})
    for added in (foreign, doubled):
        report = place.judged("\n".join([*lines, added, ""]), journal)
        assert not report.is_clean, added
    assert not place.judged(frames, _with_flipped_signature(journal)).is_clean
    assert place.judged(frames, journal).is_clean


def _with_flipped_signature(journal: str) -> str:
    head, _, tail = journal.rpartition('"signature":"')
    assert head
    flipped = "0" if tail[0] != "0" else "1"
    return f'{head}"signature":"{flipped}{tail[1:]}'


@pytest.fixture(scope="module")
def waiting(place: Place) -> str:
    """A request that nobody approves, whatever is tried."""
    return place.propose("P-101B.mode=maintenance")


@pytest.fixture
def unmoved(place: Place, waiting: str) -> Generator[str]:
    """The waiting request: it must wait on, and no frame must come."""
    before = place.wires()
    yield waiting
    assert place.wires() == before
    assert place.request(waiting).state == "PENDING"


@pytest.mark.parametrize(
    ("keys", "then", "said"),
    [
        ("\r", "", "not approved"),
        ("y\r", "", "not approved"),
        ("\x04", "", "not approved"),
        ("\x1b", "", "not approved"),
        ("mode maintenance\r", "\r", "no passphrase was typed"),
        ("mode maintenance\r", "wrong passphrase\r", "passphrase"),
        ("\x03mode maintenance\r", "", "^C"),
        ("mode maintenance\r", f"\x03{PASSPHRASE}\r", "passphrase of ben: \r\n"),
    ],
)
def test_anything_but_the_word_and_the_passphrase_is_no(
    place: Place, unmoved: str, keys: str, then: str, said: str
) -> None:
    with _approving(place, unmoved) as terminal:
        before = tcgetattr(terminal.master)
        terminal.read_until("to approve, Enter to cancel: ")
        terminal.type(keys)
        if then:
            terminal.read_until("passphrase of ben: ")
            terminal.type(then)
        assert terminal.exit_code() in ({130} if "\x03" in keys + then else {1, 2})
        assert tcgetattr(terminal.master) == before
    assert terminal.written.endswith("\r\n")
    assert said in terminal.written.partition("to cancel: ")[2]


def test_what_is_typed_ahead_approves_nothing(place: Place, unmoved: str) -> None:
    with _approving(place, unmoved) as terminal:
        terminal.type(f"mode maintenance\r{PASSPHRASE}\r" * 3)  # before anything is shown
        terminal.read_until("to approve, Enter to cancel: ")
        terminal.type("\r")
        assert terminal.exit_code() == 1


@pytest.mark.parametrize("piped", ["", "mode maintenance\n", "y\n" * 1000])
def test_a_prompt_fed_by_a_pipe_is_no(place: Place, unmoved: str, piped: str) -> None:
    told = place.run("requests", "approve", unmoved, "--as", "ben", stdin=piped)
    assert told.returncode == 1
    assert "not approved: an answer needs a terminal" in told.stdout


def test_a_script_approves_nothing_where_the_policy_wants_people(
    place: Place, unmoved: str
) -> None:
    told = place.run(
        *("requests", "approve", unmoved, "--as", "ben", "--passphrase-file", place.secret),
        *("--digest", place.request(unmoved).digest),
    )
    assert told.returncode == 1
    assert "a script has signed it" in told.stderr
    last = place.last_rows()[-1]
    assert (last["kind"], last["body"]["person"]) == ("decision.refused", "ben")
    assert "a script has signed it" in last["body"]["reason"]


WRONG: Sequence[tuple[Sequence[str], int, str]] = [
    (("requests", "propose", "P-101B.run=true"), 2, "there is no tag 'P-101B.run'; did you mean"),
    (("requests", "propose", "P-101B.run_cmd=yes"), 2, "write true or false"),
    (("requests", "propose", "P-101B.run_cmd"), 2, "write TAG=VALUE"),
    (("requests", "propose", "P-101B.running=true"), 2, "cannot be written at this site"),
    (("requests", "propose", "PIC-102.sp=900"), 1, "outside the limits"),
    (("requests", "approve", "R-NONE"), 2, "'R-NONE' is no request of this site"),
    (("requests", "reject", "R-NONE"), 2, "is no request of this site"),
    (("requests", "resolve", "R-NONE", "--applied"), 2, "is no request of this site"),
    (("release", "P-101A"), 2, "P-101A is not locked out"),
    (("release", "P-999"), 2, "there is no equipment 'P-999'"),
    (("gate",), 1, "another gate of this site is running (process "),
    (("operator", "revoke", "nobody"), 2, "nobody has no key to revoke"),
]


@pytest.mark.parametrize(("words", "code", "said"), WRONG)
def test_what_is_wrong_is_said_in_one_line(
    place: Place, words: Sequence[str], code: int, said: str
) -> None:
    more: dict[str, Sequence[str]] = {
        "propose": ("--reason", "x", "--as", "anna", "--passphrase-file", place.secret),
        "approve": ("--as", "ben"),
        "reject": ("--reason", "x", "--as", "ben", "--passphrase-file", place.secret),
        "resolve": ("--as", "ben", "--passphrase-file", place.secret),
    }
    told = place.run(*words, *more.get(words[1] if len(words) > 1 else "", ()))
    assert told.returncode == code, told.stderr
    assert said in told.stderr + told.stdout
    assert "Traceback" not in told.stderr


def test_a_lockout_stops_and_only_a_signed_release_lets_go(place: Place) -> None:
    before = place.wires()
    name = place.propose("P-101B.run_cmd=false")
    assert place.run("lockout", "P-101B").returncode == 0
    assert becomes_true(lambda: place.request(name).state == "INVALIDATED")
    (place.root / "var/lockout/P-101B").unlink()  # unlocks nothing
    again = place.run(*RUN, "--passphrase-file", place.secret)
    assert (again.returncode, again.stderr) == (1, "handwheel: locked out: P-101B\n")
    assert place.wires() == before
    assert place.run("release", "P-101B", "--passphrase-file", place.secret).returncode == 1
    release = ("-m", "handwheel.hmi", "release", "P-101B")
    with in_terminal(*release, variables=place.environment) as terminal:
        terminal.read_until("passphrase of root: ")
        terminal.type(f"{PASSPHRASE}\r")
        assert terminal.exit_code() == 0
    place.propose("P-101B.run_cmd=false")
    assert place.judged().is_clean
