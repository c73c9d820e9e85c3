"""The story by hand under three OS users: each can do its own part, and none another's."""

import json
import os
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from stat import S_IMODE

import pytest

from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot, write_snapshot
from handwheel.tools.guardrails.gate.state.lock import GateLock
from handwheel.tools.guardrails.identity.enrolment import Enrolment, record_of
from handwheel.tools.guardrails.identity.keys import PrivateKey, create_key, fingerprint, key_path
from handwheel.tools.guardrails.identity.operators_yaml import operators_text
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.timestamps import instant_now

from ...plants.served import GATE_SECRET, frames_of, plant_process, site_of
from ..command_processes import becomes_true
from .os_users import User, interpreter, open_folder

PYTHON = interpreter() if os.geteuid() == 0 else ""
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users"),
    pytest.mark.skipif(not PYTHON, reason="no Python of this version that other users can run"),
]

GROUP, GATE, PROPOSER, OPERATOR = 64000, 64001, 64002, 64003
PASSPHRASE = "battery staple"
_READ = "import sys; open(sys.argv[1], 'rb').read()"
_UNLINK = "import os, sys; os.unlink(sys.argv[1])"
_TOUCH = "import sys; open(sys.argv[1], 'x').close()"
_KILL = "import os, sys; os.kill(int(sys.argv[1]), 0)"
_FORGE = """
import sqlite3, sys
ledger = sqlite3.connect(sys.argv[1], isolation_level=None)
at, boot_ms, name = sys.argv[2], int(sys.argv[3]), sys.argv[4]
ledger.execute("UPDATE request SET state = 'APPROVED', approved_at = ?, approved_boot_ms = ? "
               "WHERE request_id = ?", (at, boot_ms, name))
ledger.execute("UPDATE action SET state = 'DUE', due_boot_ms = ? WHERE action_id = ?",
               (boot_ms, name + "/c1"))
print("written")
"""


@dataclass(frozen=True)
class Place:
    """A site with a plant and a gate, and who is who."""

    root: Path
    frames: Path
    users: Mapping[int, User]
    gate_pid: int

    @property
    def state(self) -> Path:
        return self.root / "var"

    def propose(self, value: str = "true") -> str:
        told = self.users[PROPOSER].handwheel(
            "requests", "propose", f"P-101B.run_cmd={value}", "--reason", "try it", "--as", "anna",
            "--passphrase-file", str(self.secret("anna")),
        )  # fmt: skip
        assert (told.returncode, told.stderr) == (0, "")
        return told.stdout.split()[0]

    def approve(self, name: str) -> tuple[int, str]:
        told = self.users[OPERATOR].handwheel(
            "requests", "approve", name, "--as", "ben", "--digest", self.request(name).digest,
            "--passphrase-file", str(self.secret("ben")),
        )  # fmt: skip
        return told.returncode, told.stderr

    def secret(self, person: str) -> Path:
        return self.root.parent / person / "passphrase"

    def request(self, name: str) -> RequestRecord:
        with Database(self.state, "cw") as database:
            return load_request(database, name)

    def state_of(self, name: str) -> tuple[str, str, str]:
        record = self.request(name)
        return record.state, record.actions[0].state, record.actions[0].reason


def _user(uid: int, config: Path, root: Path) -> User:
    variables = {
        "XDG_CONFIG_HOME": str(config), "HANDWHEEL_SITE": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    return User(uid, GROUP, PYTHON, variables)


@pytest.fixture(scope="module")
def place() -> Generator[Place]:
    with open_folder() as folder:
        root, frames, secret = folder / "cw", folder / "frames.jsonl", folder / "gate-secret"
        people = {PROPOSER: "anna", OPERATOR: "ben", GATE: "gate"}
        users = {uid: _user(uid, folder / name, root) for uid, name in people.items()}
        secret.touch(mode=0o600)
        secret.write_text(GATE_SECRET, encoding="utf-8")
        with plant_process("--frame-log", str(frames), "--gate-secret", str(secret)) as plant:
            site_of(root, plant.link)
            _enrol(root, users, people)
            _share(root, users)
            with users[GATE].started("gate", "--json") as gate:
                assert gate.stdout is not None
                assert json.loads(gate.stdout.readline())["ready"] == "gate"
                yield Place(root, frames, users, gate.pid)


def _enrol(root: Path, users: Mapping[int, User], people: Mapping[int, str]) -> None:
    """Writes people and their keys, each into the folder of its user."""
    boss, start = PrivateKey.generate(), datetime.now(UTC) - timedelta(hours=1)
    until = start + timedelta(days=1)
    records = [record_of("cw", Enrolment("boss", ("administrator",), start, until),
                         boss.public_key(), boss)]  # fmt: skip
    for uid in (PROPOSER, OPERATOR):
        name, config = people[uid], root.parent / people[uid]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("XDG_CONFIG_HOME", str(config))
            public = create_key(key_path("cw", name), PASSPHRASE).public_key()
        (config / "passphrase").write_text(f"{PASSPHRASE}\n", encoding="utf-8")
        for path in (config, *config.rglob("*")):
            users[uid].own(path, 0o700 if path.is_dir() else 0o600)
        wanted = Enrolment(name, ("operator",), start, until)
        records.append(record_of("cw", wanted, public, boss))
    (root / "operators.yaml").write_text(operators_text(records), encoding="utf-8")
    trust = f'trust: {{root: "{fingerprint(boss.public_key())}"}}'
    for file, old, new in (
        ("site.yaml", "tags: tags.yaml", f"{trust}\ntags: tags.yaml"),
        ("policy.yaml", "unattended: never", "unattended: simulated"),
        ("policy.yaml", "cooldown: 10 s", "cooldown: 10 ms"),
    ):
        text = (root / file).read_text(encoding="utf-8")
        assert old in text
        (root / file).write_text(text.replace(old, new), encoding="utf-8")


def _share(root: Path, users: Mapping[int, User]) -> None:
    """Gives each part of the site to whom the how-to page says."""
    (root / "secrets/opcua").mkdir(exist_ok=True)
    (root / "secrets/opcua/private-key.pem").touch()
    for path in (root / "secrets", *(root / "secrets").rglob("*")):
        users[GATE].own(path, 0o700 if path.is_dir() else 0o600)
    (root / "var").mkdir()
    users[GATE].own(root / "var", 0o2770)
    (root / "var/lockout").mkdir()
    users[OPERATOR].own(root / "var/lockout", 0o3770)


def test_three_users_move_the_plant_once(place: Place) -> None:
    before = len(frames_of(place.frames))
    name = place.propose()
    assert place.approve(name) == (0, "")
    assert place.state_of(name)[:2] == ("CLOSED", "VERIFIED")
    assert [each["pdu"] for each in frames_of(place.frames)[before:]] == ["050014ff00"]
    modes = {"ledger.db": 0o660, "anchors": 0o660, "picture.json": 0o640, "wake": 0o3770}
    for file, mode in modes.items():
        found = (place.state / file).stat()
        assert (oct(S_IMODE(found.st_mode)), found.st_gid) == (oct(mode), GROUP), file


def test_the_proposers_user_reads_no_secret_and_stops_no_gate(place: Place) -> None:
    user, denied = place.users[PROPOSER], "PermissionError"
    own, others = place.root.parent / "anna", place.root.parent / "ben"
    assert user.script(_READ, str(own / "handwheel/keys/cw/anna.key")) == ""
    assert user.script(_READ, str(place.state / "picture.json")) == ""
    for path in (
        place.root / "secrets/dcs-gate",
        place.root / "secrets/opcua/private-key.pem",
        others / "handwheel/keys/cw/ben.key",
        others / "passphrase",
    ):
        assert path.exists()
        assert user.script(_READ, str(path)) == denied
    assert user.script(_KILL, str(place.gate_pid)) == denied


def test_an_approved_row_by_the_proposers_user_moves_nothing(place: Place) -> None:
    name, before, now = place.propose("false"), frames_of(place.frames), instant_now()
    at = now.wall.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    ledger = str(place.state / "ledger.db")
    words = (ledger, at, str(now.boot_ms), name)
    assert place.users[PROPOSER].script(_FORGE, *words) == "written"
    assert becomes_true(lambda: place.state_of(name)[1] == "INVALIDATED")
    assert "not enough people have approved" in place.state_of(name)[2]
    assert frames_of(place.frames) == before


def test_a_lockout_by_the_operator_is_not_taken_away_by_others(place: Place) -> None:
    assert place.users[OPERATOR].handwheel("lockout", "P-101A").returncode == 0
    file = place.state / "lockout/P-101A"
    assert place.users[PROPOSER].script(_UNLINK, str(file)) == "PermissionError"
    own = file.with_name("P-101B")
    assert place.users[PROPOSER].script(_TOUCH, str(own)) == ""  # a lockout of one's own
    assert sorted(each.name for each in file.parent.iterdir()) == ["P-101A", "P-101B"]


def test_a_gate_of_another_user_does_not_start(place: Place) -> None:
    told = place.users[PROPOSER].handwheel("gate", "--json")
    assert (told.returncode, told.stdout) == (3, "")
    assert "secrets/dcs-gate: permission denied" in told.stderr
    with pytest.raises(GuardrailError, match="is shared by its group and belongs to another user"):
        GateLock(place.state).__enter__()  # this process is another user's, too


def test_a_picture_by_somebody_else_is_none(place: Place, tmp_path: Path) -> None:
    now = instant_now()
    real = read_snapshot(place.state, now)
    assert real is not None
    place.users[GATE].own(tmp_path, 0o2770)
    write_snapshot(tmp_path, real.model_copy(update={"epoch": 99}))
    place.users[GATE].own(tmp_path / "picture.json", 0o640)
    assert read_snapshot(tmp_path, now) is not None
    place.users[PROPOSER].own(tmp_path / "picture.json", 0o640)
    assert read_snapshot(tmp_path, now) is None
