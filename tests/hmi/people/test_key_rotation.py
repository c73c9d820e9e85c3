"""`handwheel operators key`, `enroll --key` and `rotate`, in process and with quick keys."""

import json
import shutil
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.people.private_key import open_key
from handwheel.hmi.shell.cli.command_line import run_command_line
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.guardrails.gate.server.registry import MESSAGES
from handwheel.tools.guardrails.identity import keys
from handwheel.tools.guardrails.identity.key_files import next_key_path
from handwheel.tools.guardrails.identity.keys import fingerprint, key_path
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.requests.timestamps import instant_now

from ...gate.server.served_ledger import served
from ...plants.served import site_of
from ..command_in_process import Said, said_by


@dataclass(frozen=True)
class Place:
    """A site with an administrator, another one, and anna."""

    root: Path
    said: Said

    def run(self, *words: str) -> tuple[int, str, str]:
        return self.said("operator", *words, "--site", str(self.root))

    def done(self, *words: str) -> str:
        code, out, errors = self.run(*words)
        assert (code, errors) == (0, ""), errors
        return out

    def secret(self, name: str) -> str:
        path = self.root.parent / f"{name}.pass"
        path.touch(mode=0o600)
        path.write_text(f"the passphrase of {name}\n")
        return str(path)

    def new(self, name: str = "new") -> tuple[str, str]:
        return "--passphrase-file", self.secret(name)

    def boss(self, name: str = "boss") -> tuple[str, ...]:
        return "--as", name, "--issuer-passphrase-file", self.secret(name)

    def key_of(self, person: str) -> str:
        found = load_roster(load_site(self.root)).by_name(person, instant_now().wall)
        assert found is not None
        return found.key_id

    def opens(self, person: str, secret: str) -> str:
        """The id of the key with which the person signs next."""
        site = load_site(self.root)
        found = load_roster(site).by_name(person, instant_now().wall)
        assert found is not None
        return fingerprint(open_key(site, found, Path(self.secret(secret))).public_key())


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with two administrators, anna, and an administrator who came after her."""
    folder = tmp_path_factory.mktemp("prepared")
    site_of(folder / "cw", PlantEndpoints())

    def run(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            run_command_line(list(words))
        return int(ended.value.code or 0), "", ""

    place = Place(folder / "cw", run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        place.done("enroll", "boss", "--role", "administrator", *place.new("boss"))
        issuer = ("--issuer-passphrase-file", place.secret("boss"))
        for name in ("rosa", "anna", "late"):
            role = "operator" if name == "anna" else "administrator"
            by = () if name == "rosa" else ("--as", "boss")
            place.done("enroll", name, "--role", role, *place.new(name), *issuer, *by)
    return folder


@pytest.fixture
def place(
    prepared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Place:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(sys, "stdin", StringIO(""))
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    return Place(tmp_path / "cw", said_by(capsys))


def test_a_key_of_ones_own_is_vouched_for_without_its_passphrase(place: Place) -> None:
    line, told = place.done("key", "ben", *place.new("ben")).splitlines()
    key_id = told.split()[1]
    assert told == f"key {key_id} in {key_path('cw', 'ben')}"
    out = place.done("enroll", "ben", "--role", "operator", "--key", line, *place.boss())
    assert f"key {key_id}, made elsewhere" in out
    assert place.opens("ben", "ben") == place.key_of("ben") == key_id


def test_the_next_key_is_used_once_it_counts_and_the_old_one_is_kept(place: Place) -> None:
    old = place.key_of("anna")
    line = place.done("key", "anna", *place.new()).splitlines()[0]
    assert place.opens("anna", "anna") == old
    place.done("rotate", "anna", "--key", line, *place.boss())
    new = place.key_of("anna")
    assert new != old
    assert place.opens("anna", "new") == new
    assert not next_key_path("cw", "anna").exists()
    kept = sorted(each.name for each in key_path("cw", "anna").parent.glob("anna.key*"))
    assert [each.partition("-")[0] for each in kept] == ["anna.key", "anna.key.old"]


def test_a_lost_key_is_revoked_with_the_rotation(place: Place) -> None:
    old = place.key_of("anna")
    words = ("rotate", "anna", "--revoke", *place.new(), *place.boss())
    code, _, errors = place.run(*words)
    assert (code, "no gate is running, so nothing was changed" in errors) == (3, True)
    assert place.key_of("anna") == old
    with served(load_site(place.root), instant_now, MESSAGES):
        out = place.done(*words)
    assert f"anna: key {old} is revoked\n" in out
    listed = json.loads(place.done("list", "--json"))["operators"]
    annas = [each for each in listed if each["person"] == "anna"]
    found = [(each["key_id"] == old, each["valid"], each["revoked"]) for each in annas]
    assert found == [(True, False, True), (False, True, False)]
    assert place.opens("anna", "new") == place.key_of("anna")
    lost = load_roster(load_site(place.root)).with_key(old)[0]
    back = ("enroll", "zoe", "--role", "operator", "--key", keys.public_line(lost.public))
    code, _, errors = place.run(*back, *place.boss())
    assert (code, "was revoked; it stays invalid" in errors) == (2, True)


@pytest.mark.parametrize(
    ("words", "issuer", "reason"),
    [
        (("rotate", "nobody"), "boss", "nobody is not enrolled now"),
        (("rotate", "boss"), "boss", "boss is the trust root"),
        (("rotate", "rosa"), "rosa", "rosa cannot sign the rotation of their own key"),
        (("rotate", "anna"), "late", "would not count"),
        (("rotate", "anna", "--key", "/no/such"), "boss", "/no/such: cannot be read"),
        (
            ("rotate", "anna", "--key", "/dev/null"),
            "boss",
            "/dev/null: cannot be read: is no regular file",
        ),
        (("enroll", "ben", "--role", "operator", "--key", "ssh-rsa A"), "boss", "is no line"),
        (("enroll", "ben", "--role", "operator", "--key", "-"), "boss", "-: the public key"),
        (("key", "Anna"), "", "is no name for a person"),
    ],
)
def test_what_is_refused_changes_nothing(
    place: Place, words: tuple[str, ...], issuer: str, reason: str
) -> None:
    path, folder = place.root / "operators.yaml", key_path("cw", "anna").parent
    before, files = path.read_text(), sorted(folder.iterdir())
    new = () if "--key" in words else place.new()
    code, out, errors = place.run(*words, *new, *(place.boss(issuer) if issuer else ()))
    assert (code, out) == (2, "")
    assert reason in errors
    assert (path.read_text(), sorted(folder.iterdir())) == (before, files)
