"""The story by hand under four OS users: each can do its own part, and none another's."""

import asyncio
import json
import os
import pwd
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_IMODE
from typing import Any

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.shell.cli.exits import WAITING
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.gate.gate import open_gate

from ...kill.agent_kills.site import PLAYBOOK
from ...plants.served import frames_of, plant_process, site_of
from ..command_processes import becomes_true
from .os_users import User, interpreter, open_folder
from .shells import PASSPHRASE
from .shells import Place as Site

PYTHON = interpreter() if os.geteuid() == 0 else ""
pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can start processes of other users"),
    pytest.mark.skipif(not PYTHON, reason="no Python of this version that other users can run"),
]

GROUP, GATE, ANNA, BEN = 64000, 64001, 64002, 64003
AGENTS_NAME = "nobody"  # site.yaml takes a name, so this user needs one
DENIED = "PermissionError"


def _read(path: Path) -> str:
    return f"len(open({str(path)!r}, 'rb').read())"


def _unlink(path: Path) -> str:
    return f"os.unlink({str(path)!r})"


def _touch(path: Path) -> str:
    return f"open({str(path)!r}, 'x').close()"


def _move(path: Path) -> str:
    return f"os.rename({str(path)!r}, {f'{path}.old'!r})"


def _rows(path: Path, mode: str) -> str:
    """Counts the rows of a ledger."""
    opened = f"sqlite3.connect({f'file:{path}?mode={mode}'!r}, uri=True, timeout=0.1)"
    return f"{opened}.execute('SELECT count(*) > 0 FROM row').fetchone()[0]"


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


def _agents() -> int:
    return pwd.getpwnam(AGENTS_NAME).pw_uid


@pytest.fixture(scope="module")
def place() -> Generator[Place]:
    """A site whose gate has been started and stopped once."""
    with open_folder() as folder:
        site, root = Site(folder), folder / "cw"
        named = {ANNA: "anna", BEN: "ben", GATE: "gate", _agents(): "agents"}
        own = {"HANDWHEEL_SITE": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
        users = {
            uid: User(uid, GROUP, PYTHON, {**own, "XDG_CONFIG_HOME": str(folder / name)})
            for uid, name in named.items()
        }
        with plant_process(*site.plant_options()) as plant:
            site_of(root, plant.link)
            _enrol(site, users)
            _share(root, users[GATE])
            place = Place(root, site.frames, users)
            with place.gate():
                pass
            yield place


@pytest.fixture(scope="class")
def gate(place: Place) -> Generator[int]:
    with place.gate() as pid:
        yield pid


def _enrol(site: Site, users: Mapping[int, User]) -> None:
    """Enrols people, each with a key of their own, and releases the only playbook."""
    for file, old, new in (
        ("site.yaml", "tags: tags.yaml", f"processes: {{agents: {AGENTS_NAME}}}\ntags: tags.yaml"),
        ("site.yaml", 'playbooks: [playbooks/, "package:cw"]', "playbooks: [playbooks/]"),
        ("policy.yaml", "unattended: never", "unattended: simulated"),
        ("policy.yaml", "cooldown: 10 s", "cooldown: 10 ms"),
    ):
        text = (site.root / file).read_text(encoding="utf-8")
        assert old in text, (file, old)
        (site.root / file).write_text(text.replace(old, new), encoding="utf-8")
    (site.root / "playbooks").mkdir(exist_ok=True)
    (site.root / "playbooks/change-over.yaml").write_text(PLAYBOOK, encoding="utf-8")
    site.enroll()
    site.run("playbooks", "release", "test/change-over", "--as", "root", *site.signs)
    for uid, name in ((ANNA, "anna"), (BEN, "ben")):
        config, key = site.folder / name, f"handwheel/keys/cw/{name}.key"
        (config / key).parent.mkdir(parents=True)
        (site.folder / "config" / key).rename(config / key)
        (config / "passphrase").write_text(f"{PASSPHRASE}\n", encoding="utf-8")
        for path in (config, *config.rglob("*")):
            users[uid].own(path, 0o700 if path.is_dir() else 0o600)


def _share(root: Path, gate: User) -> None:
    """Gives each part of the site to whom the how-to page says."""
    (root / "secrets/opcua").mkdir(exist_ok=True)
    (root / "secrets/opcua/private-key.pem").touch()
    for path in (root / "secrets", *(root / "secrets").rglob("*")):
        gate.own(path, 0o700 if path.is_dir() else 0o600)
    (root / "var").mkdir()
    gate.own(root / "var", 0o3770)


def _check_that_the_agents_cannot_reach_the_ledger(place: Place) -> None:
    folder, state = place.ledger.parent, place.state
    files = [place.ledger, folder / "anchors"]
    calls = [call(path) for path in files for call in (_read, _unlink, _move, _touch)]
    calls += [f"os.listdir({str(folder)!r})", _move(folder), f"shutil.rmtree({str(folder)!r})"]
    calls += [_unlink(state / "gate.sock"), _move(state / "gate.sock")]
    calls += [_move(state), _move(state / "lockout")]
    rows = [_rows(place.ledger, mode) for mode in ("ro", "rw", "rwc")]
    before = place.ledger.stat().st_ino
    tried = place.agents.tries(*calls, *rows)
    assert tried == [*(DENIED for _ in calls), *("OperationalError" for _ in rows)]
    assert place.ledger.stat().st_ino == before


@pytest.mark.usefixtures("gate")
class TestWhileTheGateRuns:
    @pytest.mark.soak
    def test_people_and_agents_move_the_plant_once_each(self, place: Place) -> None:
        for value in ("true", "false"):
            name = place.propose(value)
            place.approve(name)
            assert place.request(name)["actions"][0]["state"] == "VERIFIED"
        place.signs(BEN, "authority", "give", "PUMPS-101", "--for", "1h")
        with place.agents.started("run", "--json"):
            assert becomes_true(lambda: bool(place.waiting()))
            (asked,) = place.waiting()
            place.approve(asked)
        assert place.request(asked)["proposer"] == "control agent"
        assert place.request(asked)["actions"][0]["state"] == "VERIFIED"
        assert [each["pdu"] for each in frames_of(place.frames)] == [
            "050014ff00", "0500140000", "050014ff00",
        ]  # fmt: skip
        modes = {
            "ledger": 0o2700, "ledger/ledger.db": 0o600, "gate.sock": 0o660, "lockout": 0o3770,
            "history.db": 0o660, "agents.sock": 0o660,
        }  # fmt: skip
        for file, mode in modes.items():
            found = (place.state / file).stat()
            assert (oct(S_IMODE(found.st_mode)), found.st_gid) == (oct(mode), GROUP), file

    @pytest.mark.soak
    def test_every_user_sees_the_ledger(self, place: Place) -> None:
        for uid in place.users:
            told = place.users[uid].handwheel("status")
            assert (told.returncode in {0, WAITING}, told.stderr) == (True, ""), told
            assert "gate.started" in place.tells(uid, "journal", "tail", "--json", "-n", "1000")

    def test_neither_the_agents_nor_another_process_of_its_user_opens_the_ledger(
        self, place: Place
    ) -> None:
        _check_that_the_agents_cannot_reach_the_ledger(place)
        tried = place.users[GATE].tries(_rows(place.ledger, "ro"), _rows(place.ledger, "rw"))
        assert tried == ["OperationalError"] * 2

    def test_the_agents_user_reads_no_secret_and_stops_no_gate(
        self, place: Place, gate: int
    ) -> None:
        own, others = place.root.parent / "anna", place.root.parent / "ben"
        assert place.users[ANNA].tries(_read(own / "handwheel/keys/cw/anna.key")) != [DENIED]
        secrets = (
            place.root / "secrets/dcs-gate",
            place.root / "secrets/opcua/private-key.pem",
            others / "handwheel/keys/cw/ben.key",
            others / "passphrase",
        )
        assert all(each.exists() for each in secrets)
        calls = [*(_read(each) for each in secrets), f"os.kill({gate}, 0)"]
        for user in (place.agents, place.users[ANNA]):
            assert user.tries(*calls) == [DENIED] * len(calls)

    def test_a_lockout_is_not_taken_away_by_others(self, place: Place) -> None:
        place.tells(BEN, "lockout", "P-101A")
        file = place.state / "lockout/P-101A"
        own = file.with_name("P-101B")  # a lockout of one's own
        assert place.agents.tries(_unlink(file), _touch(own)) == [DENIED, "None"]
        assert sorted(each.name for each in file.parent.iterdir()) == ["P-101A", "P-101B"]


def test_without_a_gate_only_its_user_reads_the_ledger(place: Place) -> None:
    _check_that_the_agents_cannot_reach_the_ledger(place)
    assert place.users[GATE].tries(_rows(place.ledger, "ro")) == ["1"]
    told = place.users[GATE].handwheel("journal", "tail", "--json", "-n", "1000")
    assert (told.returncode, "gate.started" in told.stdout) == (0, True)
    assert "no gate is running, so nothing changes" in told.stderr
    told = place.agents.handwheel("journal", "tail")
    assert (told.returncode, told.stdout) == (3, "")
    assert "no gate is running" in told.stderr


def test_a_gate_of_another_user_does_not_start(place: Place) -> None:
    told = place.users[ANNA].handwheel("gate", "--json")
    assert (told.returncode, told.stdout) == (3, "")
    assert "secrets/dcs-gate: permission denied" in told.stderr
    with pytest.raises(GuardrailError, match="is shared by its group and belongs to another user"):
        asyncio.run(open_gate(load_site(place.root)).__aenter__())  # this process is another's, too
