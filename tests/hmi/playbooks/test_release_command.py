"""`handwheel playbooks release`, and what `list`, `check` and a damaged lock say."""

import json
from pathlib import Path

import pytest

from handwheel.connectors.model.site import LOCK_FILE
from handwheel.hmi.site.files.site_template import PlantEndpoints

from ...plants.served import site_of
from ...playbooks.sample_playbook import GOOD, changed, written
from ..command_in_process import Said

PEOPLE = {"boss": "administrator", "eva": "engineer", "anna": "operator"}
NAME = "test/start-standby"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> Path:
    """A site with a playbook of its own and three people, whose passphrase is in a file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr("handwheel.tools.guardrails.identity.keys.KDF_ROUNDS", 1)
    root = tmp_path / "cw"
    site_of(root, PlantEndpoints())
    (root / "playbooks").mkdir()
    written(root / "playbooks", GOOD)
    monkeypatch.chdir(root)
    (tmp_path / "pass").touch(0o600)
    (tmp_path / "pass").write_text("battery staple\n")
    for person, role in PEOPLE.items():
        issuer = ("--issuer-passphrase-file", "../pass") if person != "boss" else ()
        words = ("--role", role, "--passphrase-file", "../pass", *issuer)
        code, told, wrong = said("operators", "enroll", person, *words)
        assert (code, "no rule" in wrong) == (0, False)
        assert ("playbooks release package:cw" in told) is (person == "boss")
    return root


def release(said: Said, path: str, by: str) -> tuple[int, str, str]:
    return said("playbooks", "release", path, "--as", by, "--passphrase-file", "../pass")


def states(said: Said) -> dict[str, tuple[str, str]]:
    found = json.loads(said("playbooks", "list", "--json")[1])
    return {each["id"]: (each["release"], each["why"]) for each in found}


def test_a_playbook_is_released_until_it_changes(site: Path, said: Said) -> None:
    code, told, _ = release(said, "playbooks/p.yaml", "boss")
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert code == 0
    assert "start: P-101B.run_cmd = true" in lines
    assert lines[-1] == "boss released 1 playbook in playbooks.lock"
    assert states(said)[NAME][0] == "released"
    release(said, "package:cw", "eva")  # an engineer, who leaves the other entry as it is
    assert {state for state, _ in states(said).values()} == {"released"}
    written(site / "playbooks", GOOD.replace("version: 1.0.0", "version: 1.0.1"))
    state, why = states(said)[NAME]
    was, now = (part.split()[0] for part in (why, why.rpartition(" ")[2]))
    assert (state, was in (site / LOCK_FILE).read_text(), was != now) == (
        "changed since",
        True,
        True,
    )


def test_a_release_when_parameters_combine_too_often_says_what_to_do(
    site: Path, said: Said
) -> None:
    flow = "type: quantity, unit: m3/h, default: 6 m3/h, min: 5 m3/h, max: 9 m3/h"
    few, many = ([f"flow_{n}" for n in range(count)] for count in (3, 4))
    for names, is_told in ((few, False), (many, True)):
        given = "".join(f"  {name}: {{{flow}}}\n" for name in names)
        text = changed(
            ("trigger:\n", f"{given}trigger:\n"),
            ("FIC-201.sp: 30 m3/h", f'FIC-201.sp: "{" + ".join(names)}"'),
        )
        written(site / "playbooks", text)
        code, told, _ = release(said, NAME, "boss")
        shown = " ".join(told.split())
        assert code == 0
        assert ("81 combinations of values, and the writes of the first 64" in shown) is is_told
        assert (f"name fewer of {', '.join(names)}, remove min" in shown) is is_told


def test_what_must_not_be_released_is_not(site: Path, said: Said) -> None:
    release(said, "package:cw", "boss")
    before = (site / LOCK_FILE).read_text()
    code, _, wrong = release(said, NAME, "anna")
    assert (code, "anna is no administrator or engineer" in wrong) == (1, True)
    written(site / "playbooks", changed(("    on_fail: {then: hold}\n", "")))
    code, told, _ = release(said, NAME, "boss")
    assert (code, "no-on-fail error" in told) == (1, True)
    assert told.endswith("nothing was released\n")
    written(site / "playbooks", changed(("owner: tests", "owner: OWNER")))
    code, told, _ = release(said, NAME, "boss")
    assert (code, "placeholder error: 'OWNER' is to be filled in" in told) == (1, True)
    assert (site / LOCK_FILE).read_text() == before
    (site / LOCK_FILE).write_text(before.replace('"by"', '"bye"', 1))
    for words in (("playbooks", "release", NAME), ("playbooks", "list")):
        code, _, wrong = said(*words)
        assert (code, f"{LOCK_FILE}:6:3: " in wrong) == (2, True), wrong
    (site / LOCK_FILE).write_text(before.replace("P-101B", "P-101A"))
    code, _, wrong = said("check")
    assert (code, "changeover: its signature does not fit" in wrong) == (2, True)
    assert states(said)["cw/pump-bearing-changeover"][0] == "not released"
