"""`handwheel operators`, with passphrases from files and at a terminal."""

import json
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from termios import tcgetattr

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...command_line import handwheel
from ...plants.served import site_of
from ..command_processes import in_terminal

BOSS, ANNA = "correct horse", "battery staple"


@dataclass(frozen=True)
class Place:
    """A site, and where its people's keys lie."""

    root: Path
    config: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {"XDG_CONFIG_HOME": str(self.config), "HANDWHEEL_SITE": str(self.root)}
        return handwheel("operator", *arguments, env=environment)

    def file(self, name: str, text: str, mode: int = 0o600) -> str:
        path = self.config / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
        path.chmod(mode)
        path.write_text(text)
        return str(path)

    def keys(self) -> list[str]:
        return sorted(path.name for path in self.config.rglob("*.key"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    root = tmp_path / "cw"
    site_of(root, PlantEndpoints())
    return Place(root, tmp_path / "config")


@pytest.fixture(scope="module")
def manned(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A site with an administrator; nothing but refusals happens to it."""
    folder = tmp_path_factory.mktemp("manned")
    site_of(folder / "cw", PlantEndpoints())
    place = Place(folder / "cw", folder / "config")
    file = place.file("boss", f"{BOSS}\n")
    place.run("enroll", "boss", "--role", "administrator", "--passphrase-file", file)
    place.file("anna", f"{ANNA}\n")
    return place


def _enroll_anna(place: Place, *more: str) -> subprocess.CompletedProcess[str]:
    return place.run("enroll", "anna", "--role", "operator", *more)


def test_an_administrator_enrols_an_operator(place: Place) -> None:
    boss, anna = place.file("boss", f"{BOSS}\n"), place.file("anna", f"{ANNA}\n")
    assert place.run("list").stdout == "no persons are enrolled\n"
    first = place.run("enroll", "boss", "--role", "administrator", "--passphrase-file", boss)
    assert (first.returncode, first.stderr) == (0, "")
    assert f"key {load_site(place.root).trust_root} in {place.config}" in first.stdout
    files = ("--passphrase-file", anna, "--issuer-passphrase-file", boss)
    second = _enroll_anna(place, "--role", "shift-supervisor", "--valid", "30d", *files)
    assert (second.returncode, second.stderr) == (0, "")
    assert second.stdout.startswith("anna: operator, shift-supervisor, until ")
    people = json.loads(place.run("list", "--json").stdout)
    assert people["ignored"] == []
    assert [(each["person"], each["roles"], each["valid"]) for each in people["operators"]] == [
        ("boss", ["administrator"], True),
        ("anna", ["operator", "shift-supervisor"], True),
    ]
    assert {each["issuer"] for each in people["operators"]} == {load_site(place.root).trust_root}
    assert place.keys() == ["anna.key", "boss.key"]
    lines = place.run("list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["boss", "anna"]
    assert _days(place) == [3650, 30]
    early = place.run("enroll", "boss", "--role", "administrator")
    assert early.returncode == 2
    assert "the trust root's record is renewed in its last 30 days" in early.stderr
    again = _enroll_anna(place, *files)
    assert again.returncode == 2
    assert again.stderr.startswith("handwheel: anna is enrolled until ")


def test_a_role_that_approves_nothing_is_said(place: Place) -> None:
    boss, mark = place.file("boss", f"{BOSS}\n"), place.file("mark", f"{ANNA}\n")
    words = ("--role", "administrator", "--valid", "60d", "--passphrase-file", boss)
    place.run("enroll", "boss", *words)
    files = ("--passphrase-file", mark, "--issuer-passphrase-file", boss)
    done = place.run("enroll", "mark", "--role", "operater", "--role", "operator", *files)
    assert done.returncode == 0
    assert ", when boss's own ends\n" in done.stdout
    assert done.stderr == "handwheel: no rule of policy.yaml requires the role operater\n"


def test_a_forged_record_is_said_loudly(manned: Place) -> None:
    path = manned.root / "operators.yaml"
    before = path.read_text()
    path.write_text(before.replace("administrator", "operator"))
    try:
        done = manned.run("list")
        listed = json.loads(manned.run("list", "--json").stdout)
    finally:
        path.write_text(before)
    assert (done.returncode, done.stdout) == (0, "no persons are enrolled\n")
    assert done.stderr.startswith(f"handwheel: ignored: {path}:4:5: operators.0: boss: its sig")
    assert listed["operators"] == []
    assert len(listed["ignored"]) == 1


def test_the_first_person_is_an_administrator(place: Place) -> None:
    for arguments, reason in (
        (["--role", "operator"], "no administrator yet"),
        (["--role", "administrator", "--as", "boss"], "leave out --as"),
    ):
        done = place.run("enroll", "anna", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert reason in done.stderr
    assert place.keys() == []


@pytest.mark.parametrize(
    ("code", "more", "reason"),
    [
        (2, [], "a passphrase is typed at a terminal, or comes from a file of mode 600"),
        (2, ["--valid", "365"], "--valid: '365' is no duration"),
        (2, ["--valid", "3651d"], "--valid: must lie between 1 s and 3650 d"),
        (1, ["--as", "anna"], "anna is no administrator of this site now"),
        (2, ["--role", "administrator"], "an administrator cannot approve"),
        (2, ["--issuer-passphrase-file", "/no/such"], "/no/such: cannot be read: no such file"),
        (2, ["--issuer-passphrase-file", "/dev/null"], "/dev/null: is not a regular file"),
        (2, ["--issuer-passphrase-file", "OPEN"], "open: is open to others: chmod 600 it"),
        (2, ["--issuer-passphrase-file", "EMPTY"], "empty: is empty"),
        (2, ["--issuer-passphrase-file", "WRONG"], "boss.key: the passphrase is wrong"),
    ],
    ids=str,
)
def test_what_is_refused_leaves_no_key(
    manned: Place, code: int, more: Sequence[str], reason: str
) -> None:
    named = {
        "OPEN": manned.file("open", BOSS, 0o640),
        "EMPTY": manned.file("empty", "\n"),
        "WRONG": manned.file("wrong", "a secret that is wrong\n"),
    }
    before = (manned.root / "operators.yaml").read_text()
    words = [named.get(word, word) for word in more]
    done = _enroll_anna(manned, "--passphrase-file", manned.file("anna", ANNA), *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert reason in done.stderr
    assert done.stderr.count("\n") == 1
    assert not any(secret in done.stderr for secret in (BOSS, ANNA, "secret that"))
    assert manned.keys() == ["boss.key"]
    assert (manned.root / "operators.yaml").read_text() == before


def test_a_pipe_gives_no_passphrase(place: Place) -> None:
    words = ("operators", "enroll", "boss", "--role", "administrator")
    done = handwheel(*words, stdin=f"{BOSS}\n{BOSS}\n", cwd=place.root)
    assert done.returncode == 2
    assert "typed at a terminal" in done.stderr
    assert load_site(place.root).trust_root == ""


def test_a_key_without_a_record_is_explained(place: Place) -> None:
    boss = place.file("boss", f"{BOSS}\n")
    words = ("enroll", "boss", "--role", "administrator", "--passphrase-file", boss)
    assert place.run(*words).returncode == 0
    (place.root / "operators.yaml").write_text("schema: operators/1\noperators: []\n")
    done = place.run(*words)
    assert done.returncode == 2
    assert "boss.key: there is a key already, of an earlier or another site" in done.stderr


def _days(place: Place) -> list[int]:
    """How long each record holds."""
    people = json.loads(place.run("list", "--json").stdout)["operators"]
    return [
        (datetime.fromisoformat(each["until"]) - datetime.fromisoformat(each["from"])).days
        for each in people
    ]


def test_the_trust_roots_record_is_renewed_with_its_own_key(place: Place) -> None:
    boss, wrong = place.file("boss", f"{BOSS}\n"), place.file("wrong", "a secret that is wrong\n")
    first = ("enroll", "boss", "--role", "administrator", "--passphrase-file")
    place.run(*first, boss, "--valid", "29d")
    root = load_site(place.root).trust_root
    told = "handwheel: the record of boss, the trust root, ends "
    renewal = "renew it; next: handwheel operators enroll boss --role administrator"
    renewal += f" --site {place.root}\n"
    check = handwheel("check", "--site", str(place.root))
    for done in (place.run("list"), check):
        assert done.returncode == 0
        assert done.stderr.startswith(told)
        assert done.stderr.endswith(renewal)
    for words in ((*first, wrong), (*first, boss, "--as", "anna"), (*first, boss, "--valid", "0s")):
        refused = place.run(*words)
        assert (refused.returncode, refused.stdout) == (2, "")
    done = place.run(*first, boss)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"with the same key, {root}, from " in done.stdout
    people = json.loads(place.run("list", "--json").stdout)
    assert people["ignored"] == []
    old, new = people["operators"]
    assert (new["key_id"], new["issuer"], new["from"]) == (root, root, old["until"])
    assert _days(place) == [29, 3650]
    assert (place.keys(), load_site(place.root).trust_root) == (["boss.key"], root)
    assert place.run("list").stderr == ""
    assert place.run(*first, boss).returncode == 2  # once is enough


ENROLL = ("-m", "handwheel.hmi", "operators", "enroll", "boss", "--role", "administrator")


def _options(place: Place) -> tuple[str, ...]:
    return (*ENROLL, "--site", str(place.root))


def test_a_typed_passphrase_is_not_seen_and_not_taken_ahead(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.config))
    with in_terminal(*_options(place)) as terminal:
        terminal.type("typed ahead\ntyped ahead\n")
        asked = "new passphrase for boss, 8 or more: "
        terminal.answer(asked, "short\n")  # a second one behind it would land in the shell
        terminal.answer(f"at least 8 characters; again, or Enter to cancel\r\n{asked}", f"{BOSS}\n")
        terminal.answer("the same again: ", f"{ANNA}\n")
        terminal.answer(f"the two passphrases differ; again, or Enter to cancel\r\n{asked}", BOSS)
        terminal.type("\n")
        terminal.answer("the same again: ", f"{BOSS}\n")
        assert terminal.exit_code() == 0
    assert not [each for each in (BOSS, ANNA, "short") if each in terminal.written]
    anna = place.file("anna", ANNA)
    with_typed = ("--passphrase-file", anna, "--issuer-passphrase-file", place.file("b", BOSS))
    assert _enroll_anna(place, *with_typed).returncode == 0


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (["short\n", "small\n", "tiny\n"], "at least 8 characters; nothing was done"),
        (["\x04"], "no passphrase was typed"),
        (["\n"], "no passphrase was typed"),
        ([f"{BOSS}\x1b"], "no passphrase was typed"),
    ],
    ids=["short three times", "end of input", "Enter", "Escape"],
)
def test_a_typed_no_leaves_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch, keys: Sequence[str], reason: str
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.config))
    with in_terminal(*_options(place)) as terminal:
        for typed in keys:
            terminal.answer("or more: ", typed)
        assert terminal.exit_code() == 2
    assert reason in terminal.written
    assert "Traceback" not in terminal.written
    assert place.keys() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_prompt_gives_the_terminal_back(
    place: Place, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place.config))
    with in_terminal(*_options(place)) as terminal:
        before = tcgetattr(terminal.master)
        terminal.read_until("or more: ")
        if number == signal.SIGINT:
            terminal.type(f"\x03{BOSS}\n")
        else:
            terminal.process.send_signal(number)
        assert terminal.exit_code() == 130
        assert tcgetattr(terminal.master) == before
    assert terminal.written.endswith("or more: \r\n")
    assert place.keys() == []
