"""The story by hand under four OS users: each can do its own part, and none another's."""

import json
import os
import pwd
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.shell.cli.exits import WAITING
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.release import unsigned_release
from handwheel.playbooks.language.loader import load_library
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.messages import people
from handwheel.tools.guardrails.approval.messages.agents import TakeRunnerLock
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot, write_snapshot
from handwheel.tools.guardrails.gate.state.lock import GateLock
from handwheel.tools.guardrails.identity.enrolment import Enrolment, record_of
from handwheel.tools.guardrails.identity.keys import PrivateKey, create_key, fingerprint, key_path
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.signatures.decisions import Decision, SubjectVerdict, sign
from handwheel.tools.guardrails.signatures.message import Message, SignedText
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...plants.served import GATE_SECRET, frames_of, plant_process, site_of
from ...sites.released import signed, write_lock
from ...sites.signed_requests import decision_of
from ..command_processes import becomes_true
from .os_users import User, interpreter, open_folder

PYTHON = interpreter() if os.geteuid() == 0 else ""
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users"),
    pytest.mark.skipif(not PYTHON, reason="no Python of this version that other users can run"),
]

GROUP, GATE, ANNA, BEN = 64000, 64001, 64002, 64003
AGENTS_NAME = "nobody"  # site.yaml takes a name, so this user needs one
PASSPHRASE = "battery staple"
DENIED = "PermissionError"
PLAYBOOK = """\
schema: playbook/1
id: test/stop
version: 1.0.0
title: Stop the standby
plant: cw-100
owner: tests
style: computer-assisted
parameters: {standby: {type: asset, class: pump, default: P-101B}}
trigger: {any: [{when: "standby.running", for: 1 s}], rearm: "not standby.running"}
concurrency: {key: [P-101B], policy: reject}
diagnosis: {for: [{id: runs, that: "standby.running"}]}
approval: {role: operator, within: 15 min, on_timeout: hold}
steps:
  - id: stop
    title: Stop the standby pump
    write: {standby.run_cmd: false}
    verify: {that: "not standby.running", within: 3 min}
    undo: none
    on_fail: {then: continue, notify: maintenance-planner}
limits: {max_writes: 1, max_duration: 30 min}
"""
_READ = "import sys; open(sys.argv[1], 'rb').read()"
_UNLINK = "import os, sys; os.unlink(sys.argv[1])"
_TOUCH = "import sys; open(sys.argv[1], 'x').close()"
_KILL = "import os, sys; os.kill(int(sys.argv[1]), 0)"
_LIST = "import os, sys; os.listdir(sys.argv[1])"
_MOVE = "import os, sys; os.rename(sys.argv[1], sys.argv[1] + '.old')"
_REMOVE = "import shutil, sys; shutil.rmtree(sys.argv[1])"
_OPEN = """
import sqlite3, sys
ledger = sqlite3.connect(f"file:{sys.argv[1]}?mode={sys.argv[2]}", uri=True, timeout=0.1)
print(ledger.execute("SELECT count(*) > 0 FROM row").fetchone()[0])
"""
_POST = """
import http.client, json, socket, sys
http = http.client.HTTPConnection("gate")
http.sock = socket.socket(socket.AF_UNIX)
http.sock.connect(sys.argv[1])
http.request("POST", "/v1/" + sys.argv[2], sys.argv[3].encode())
answer = json.loads(http.getresponse().read())
print(answer.get("code", "done"))
"""


@dataclass(frozen=True)
class Place:
    """A site with a plant and a gate, and who is who."""

    root: Path
    frames: Path
    users: Mapping[int, User]

    @property
    def state(self) -> Path:
        return self.root / "var"

    @property
    def ledger(self) -> Path:
        return self.state / "ledger/ledger.db"

    @property
    def agents(self) -> User:
        return self.users[_agents()]

    @contextmanager
    def gate(self) -> Generator[int]:
        """Runs the gate, and gives its process."""
        with self.users[GATE].started("gate", "--json") as gate:
            assert gate.stdout is not None
            assert gate.stderr is not None
            ready = gate.stdout.readline()
            assert ready, gate.stderr.read()
            assert json.loads(ready)["ready"] == "gate"
            yield gate.pid

    def tells(self, uid: int, *words: str) -> str:
        """Returns what a command says to a user, without a complaint."""
        told = self.users[uid].handwheel(*words)
        assert (told.returncode, told.stderr) == (0, ""), told
        return told.stdout

    def signs(self, uid: int, *words: str) -> str:
        person = {ANNA: "anna", BEN: "ben"}[uid]
        return self.tells(
            uid, *words, "--as", person, "--passphrase-file", str(self.secret(person))
        )

    def propose(self, value: str) -> str:
        words = ("requests", "propose", f"P-101B.run_cmd={value}", "--reason", "try it")
        return self.signs(ANNA, *words).split()[0]

    def approve(self, name: str) -> None:
        self.signs(BEN, "requests", "approve", name, "--digest", self.request(name)["digest"])

    def secret(self, person: str) -> Path:
        return self.root.parent / person / "passphrase"

    def request(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.tells(ANNA, "requests", "show", name, "--json"))
        return found

    def waiting(self) -> list[str]:
        """Ids of the requests that wait for a signature."""
        found = json.loads(self.tells(BEN, "requests", "list", "--json"))
        return [each["request_id"] for each in found if each["state"] == "PENDING"]

    def send(self, uid: int, message: Message) -> str:
        """Sends a message as a user; returns the code of the denial, or `done`."""
        words = (str(self.state / "gate.sock"), message.path, message.text)
        return self.users[uid].script(_POST, *words)


def _agents() -> int:
    return pwd.getpwnam(AGENTS_NAME).pw_uid


def _user(uid: int, config: Path, root: Path) -> User:
    variables = {
        "XDG_CONFIG_HOME": str(config), "HANDWHEEL_SITE": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    return User(uid, GROUP, PYTHON, variables)


@pytest.fixture(scope="module")
def place() -> Generator[Place]:
    """A site whose gate has been started and stopped once."""
    with open_folder() as folder:
        root, frames, secret = folder / "cw", folder / "frames.jsonl", folder / "gate-secret"
        named = {ANNA: "anna", BEN: "ben", GATE: "gate", _agents(): "agents"}
        users = {uid: _user(uid, folder / name, root) for uid, name in named.items()}
        secret.touch(mode=0o600)
        secret.write_text(GATE_SECRET, encoding="utf-8")
        with plant_process("--frame-log", str(frames), "--gate-secret", str(secret)) as plant:
            site_of(root, plant.link)
            _enrol(root, users)
            _share(root, users[GATE])
            place = Place(root, frames, users)
            with place.gate():
                pass
            yield place


@pytest.fixture
def gate(place: Place) -> Generator[int]:
    with place.gate() as pid:
        yield pid


def _enrol(root: Path, users: Mapping[int, User]) -> None:
    """Writes people and their keys, each into the folder of its user, and a released playbook."""
    boss, start = PrivateKey.generate(), datetime.now(UTC) - timedelta(hours=1)
    until = start + timedelta(days=1)
    records = [record_of("cw", Enrolment("boss", ("administrator",), start, until),
                         boss.public_key(), boss)]  # fmt: skip
    for uid, name, role in ((ANNA, "anna", "operator"), (BEN, "ben", "operator")):
        config = root.parent / name
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CONFIG_HOME", str(config))
            public = create_key(key_path("cw", name), PASSPHRASE).public_key()
        (config / "passphrase").write_text(f"{PASSPHRASE}\n", encoding="utf-8")
        for path in (config, *config.rglob("*")):
            users[uid].own(path, 0o700 if path.is_dir() else 0o600)
        records.append(record_of("cw", Enrolment(name, (role,), start, until), public, boss))
    (root / "operators.yaml").write_text(operators_text(records), encoding="utf-8")
    trust = f'trust: {{root: "{fingerprint(boss.public_key())}"}}'
    for file, old, new in (
        ("site.yaml", "tags: tags.yaml", f"{trust}\ntags: tags.yaml"),
        ("site.yaml", "tags: tags.yaml", f"processes: {{agents: {AGENTS_NAME}}}\ntags: tags.yaml"),
        ("site.yaml", 'playbooks: [playbooks/, "package:cw"]', "playbooks: [playbooks/]"),
        ("policy.yaml", "unattended: never", "unattended: simulated"),
        ("policy.yaml", "cooldown: 10 s", "cooldown: 10 ms"),
    ):
        text = (root / file).read_text(encoding="utf-8")
        assert old in text, (file, old)
        (root / file).write_text(text.replace(old, new), encoding="utf-8")
    (root / "playbooks").mkdir(exist_ok=True)
    (root / "playbooks/stop.yaml").write_text(PLAYBOOK, encoding="utf-8")
    site = load_site(root)
    unsigned = [unsigned_release(each, Bindings(site)) for each in load_library(site)[0]]
    write_lock(site, [signed(site, each, "boss", boss) for each in unsigned])


def _share(root: Path, gate: User) -> None:
    """Gives each part of the site to whom the how-to page says."""
    (root / "secrets/opcua").mkdir(exist_ok=True)
    (root / "secrets/opcua/private-key.pem").touch()
    for path in (root / "secrets", *(root / "secrets").rglob("*")):
        gate.own(path, 0o700 if path.is_dir() else 0o600)
    (root / "var").mkdir()
    gate.own(root / "var", 0o3770)


@pytest.mark.soak
def test_people_and_agents_move_the_plant_once_each(place: Place, gate: int) -> None:
    before = len(frames_of(place.frames))
    name = place.propose("true")
    place.approve(name)
    assert place.request(name)["actions"][0]["state"] == "VERIFIED"
    place.signs(BEN, "authority", "give", "P-101B", "--for", "1h")
    with place.agents.started("run", "--json"):
        assert becomes_true(lambda: bool(place.waiting()))
        (asked,) = place.waiting()
        place.approve(asked)
    assert place.request(asked)["proposer"] == "control agent"
    assert place.request(asked)["actions"][0]["state"] == "VERIFIED"
    assert [each["pdu"] for each in frames_of(place.frames)[before:]] == [
        "050014ff00", "0500140000",
    ]  # fmt: skip
    modes = {
        "ledger": 0o2700, "ledger/ledger.db": 0o600, "gate.sock": 0o660, "lockout": 0o3770,
        "picture.json": 0o640, "history.db": 0o660,
    }  # fmt: skip
    for file, mode in modes.items():
        found = (place.state / file).stat()
        assert (oct(S_IMODE(found.st_mode)), found.st_gid) == (oct(mode), GROUP), file


@pytest.mark.soak
def test_every_user_sees_the_ledger_while_the_gate_runs(place: Place, gate: int) -> None:
    for uid in place.users:
        told = place.users[uid].handwheel("status")
        assert (told.returncode in {0, WAITING}, told.stderr) == (True, ""), told
        assert "gate.started" in place.tells(uid, "journal", "tail", "--json", "-n", "1000")


def test_the_agents_user_cannot_reach_the_ledger(place: Place) -> None:
    def tried() -> None:
        for path in (place.ledger, place.ledger.with_name("anchors")):
            for script in (_READ, _UNLINK, _MOVE, _TOUCH):
                assert place.agents.script(script, str(path)) == DENIED
        for mode in ("ro", "rw", "rwc"):
            said = place.agents.script(_OPEN, str(place.ledger), mode)
            assert said == "sqlite3.OperationalError"
        for script in (_LIST, _MOVE, _REMOVE):
            assert place.agents.script(script, str(place.ledger.parent)) == DENIED
        for name in ("gate.sock", "gate.lock", "picture.json"):
            for script in (_UNLINK, _MOVE):
                assert place.agents.script(script, str(place.state / name)) == DENIED
        assert place.agents.script(_MOVE, str(place.state)) == DENIED
        assert place.agents.script(_MOVE, str(place.state / "lockout")) == DENIED

    before = place.ledger.stat().st_ino
    with place.gate():
        tried()
    tried()
    assert place.ledger.stat().st_ino == before


def test_without_a_gate_only_its_user_reads_the_ledger(place: Place) -> None:
    assert "gate.started" in place.tells(GATE, "journal", "tail", "--json", "-n", "1000")
    told = place.agents.handwheel("journal", "tail")
    assert (told.returncode, told.stdout) == (3, "")
    assert "no gate is running" in told.stderr


def test_no_other_process_of_the_gates_user_opens_the_ledger(place: Place) -> None:
    with place.gate():
        for mode in ("ro", "rw"):
            said = place.users[GATE].script(_OPEN, str(place.ledger), mode)
            assert said == "sqlite3.OperationalError"
    assert place.users[GATE].script(_OPEN, str(place.ledger), "ro") == "1"


def test_the_agents_user_signs_nothing(place: Place, gate: int) -> None:
    name = place.propose("true")
    before = frames_of(place.frames)
    key, until = PrivateKey.generate(), stamp(datetime.now(UTC) + timedelta(hours=1))

    def forged(**said: object) -> SignedText:
        now = instant_now()
        document = {
            **decision_of("ben", site="cw").model_dump(by_alias=True, exclude_none=True),
            "key_id": fingerprint(key.public_key()), "signed_at": stamp(now.wall),
            "valid_until": stamp(now.wall + timedelta(minutes=1)), "boot_id": now.boot_id,
            "boot_ms": now.boot_ms, **said,
        }  # fmt: skip
        return SignedText.of(sign(Decision.model_validate(document), key))

    def about(verdict: SubjectVerdict, subject: str) -> SignedText:
        return forged(digest=None, verdict=verdict, subject=subject)

    for message in (
        people.Decide(site="cw", signed=forged(digest=place.request(name)["digest"])),
        people.ReleaseLockout(
            site="cw", scope="P-101B", generation=1, signed=about("release", "lockout:P-101B:1")
        ),
        people.GrantAuthority(
            site="cw", equipment="P-101B", until=until, generation=2,
            signed=about("grant-authority", "authority:P-101B:2"),
        ),
        people.RevokeKey(site="cw", signed=about("revoke-key", "key:SHA256:x")),
    ):  # fmt: skip
        assert place.send(_agents(), message) == "decision", message.path
    assert place.request(name)["state"] == "PENDING"
    assert frames_of(place.frames) == before
    place.approve(name)


def test_only_the_agents_user_sends_what_agents_say(place: Place, gate: int) -> None:
    def message() -> Message:
        return TakeRunnerLock(site="cw", holder="0" * 32, pid=gate)

    for uid in (ANNA, BEN, GATE):
        assert place.send(uid, message()) == "other-user"
    told = place.users[ANNA].handwheel("run")
    assert told.returncode == 1
    assert f"only the agents may send this, as {AGENTS_NAME}" in told.stderr
    assert place.send(_agents(), message()) == "done"


def test_the_agents_user_reads_no_secret_and_stops_no_gate(place: Place, gate: int) -> None:
    own, others = place.root.parent / "anna", place.root.parent / "ben"
    assert place.users[ANNA].script(_READ, str(own / "handwheel/keys/cw/anna.key")) == ""
    for user in (place.agents, place.users[ANNA]):
        assert user.script(_READ, str(place.state / "picture.json")) == ""
        for path in (
            place.root / "secrets/dcs-gate",
            place.root / "secrets/opcua/private-key.pem",
            others / "handwheel/keys/cw/ben.key",
            others / "passphrase",
        ):
            assert path.exists()
            assert user.script(_READ, str(path)) == DENIED
        assert user.script(_KILL, str(gate)) == DENIED


def test_a_lockout_is_not_taken_away_by_others(place: Place, gate: int) -> None:
    place.tells(BEN, "lockout", "P-101A")
    file = place.state / "lockout/P-101A"
    assert place.agents.script(_UNLINK, str(file)) == DENIED
    own = file.with_name("P-101B")
    assert place.agents.script(_TOUCH, str(own)) == ""  # a lockout of one's own
    assert sorted(each.name for each in file.parent.iterdir()) == ["P-101A", "P-101B"]


def test_a_gate_of_another_user_does_not_start(place: Place) -> None:
    told = place.users[ANNA].handwheel("gate", "--json")
    assert (told.returncode, told.stdout) == (3, "")
    assert "secrets/dcs-gate: permission denied" in told.stderr
    with pytest.raises(GuardrailError, match="is shared by its group and belongs to another user"):
        GateLock(place.state).__enter__()  # this process is another user's, too


def test_a_picture_by_somebody_else_is_none(place: Place, gate: int, tmp_path: Path) -> None:
    now = instant_now()
    real = read_snapshot(place.state, now)
    assert real is not None
    place.users[GATE].own(tmp_path, 0o2770)
    write_snapshot(tmp_path, real.model_copy(update={"epoch": 99}))
    place.users[GATE].own(tmp_path / "picture.json", 0o640)
    assert read_snapshot(tmp_path, now) is not None
    place.users[ANNA].own(tmp_path / "picture.json", 0o640)
    assert read_snapshot(tmp_path, now) is None
