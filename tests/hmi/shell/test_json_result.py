"""`--json` of commands that act: one document of what was done, and nothing else beside it."""

import json
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.tools.guardrails.gate.server.registry import MESSAGES
from handwheel.tools.requests.timestamps import instant_now

from ...command_line import handwheel
from ...gate.server.served_ledger import served
from ..command_processes import in_terminal

PASSPHRASE = "battery staple"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    file = tmp_path / "passphrase"
    file.touch(mode=0o600)
    file.write_text(PASSPHRASE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert _done("init", "cw")["path"] == "cw"
    policy = tmp_path / "cw/policy.yaml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text.replace("unattended: never", "unattended: simulated"), encoding="utf-8")
    monkeypatch.setenv("HANDWHEEL_SITE", "cw")
    return tmp_path / "cw"


# A shell's `> out.json`, at a terminal.
_INTO_FILE = """
import subprocess, sys
command = [sys.executable, "-m", "handwheel.hmi", *sys.argv[1:]]
with open("out.json", "w") as file:
    sys.exit(subprocess.run(command, stdout=file).returncode)
"""


def _done(*words: str) -> dict[str, Any]:
    done = handwheel(*words, "--json")
    assert done.returncode == 0, done.stderr
    fields: dict[str, Any] = json.loads(done.stdout)
    return fields


def _rows(*words: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(handwheel(*words, "--json").stdout)
    return rows


def test_each_command_tells_what_it_did(site: Path, tmp_path: Path) -> None:
    signed = ("--passphrase-file", "passphrase")
    issued = ("--issuer-passphrase-file", "passphrase")
    (boss,) = _done("operators", "enroll", "boss", "--role", "administrator", *signed)["enrolled"]
    assert (boss["person"], boss["roles"]) == ("boss", ["administrator"])
    (anna,) = _done("operators", "enroll", "anna", "--role", "operator", *signed, *issued)[
        "enrolled"
    ]
    rotated = _done("operators", "rotate", "anna", *signed, *issued)
    assert (rotated["old_key_id"], rotated["revoked"]) == (anna["key_id"], False)
    made = _done("operators", "key", "ben", *signed)
    assert Path(made["path"]).is_file()
    locked = _done("lockout", "P-101B")
    assert (locked["locked_out"], Path(locked["file"]).is_file()) == ("P-101B", True)
    with served(load_site(site), instant_now, MESSAGES):
        released = _done("release", "P-101B", *signed)
        assert released == {"released": "P-101B", "by": "boss", "still_locked_out": []}
        taken = _done("authority", "take", "P-101B", "--to", "local")
        assert (taken["equipment"], taken["mode"], taken["ended"]) == ("P-101B", "LOCAL", [])
        copied = _done("journal", "backup", str(tmp_path / "copy.db"))
        assert copied["rows"] > 1
        exported = _done(
            "journal", "export", "--format", "csv", "--output", str(tmp_path / "rows.csv")
        )
        assert exported == {"path": str(tmp_path / "rows.csv"), "format": "csv", "sound": True}
        revoked = _done("operators", "revoke", "anna", *signed)
        assert set(revoked["revoked"]) == {anna["key_id"], rotated["key_id"]}
    ran = _done("plants", "run", "cw-100", "--for", "2s", "--field", "clean-strainer@1s")
    assert (ran["seconds"], ran["tripped_by"]) == (2.0, None)
    assert {row["tag"] for row in _rows("plants", "map", "cw-100")} >= {"P-101A.run_cmd"}


def test_an_error_is_told_as_ever_and_no_document_is_printed(site: Path) -> None:
    for words in (["release", "P-9"], ["runs", "stop", "U-9"], ["requests", "revoke", "R-9"]):
        more = ["--reason", "x"] if words[0] == "requests" else []
        done = handwheel(*words, *more, "--json")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith("handwheel: ")


def test_a_question_is_asked_at_the_terminal_and_not_in_the_document(site: Path) -> None:
    with in_terminal("-c", _INTO_FILE, "operators", "key", "anna", "--json") as terminal:
        for question in ("or more: ", "the same again: "):
            terminal.answer(question, f"{PASSPHRASE}\n")
        assert terminal.exit_code() == 0
    told = json.loads((site.parent / "out.json").read_text(encoding="utf-8"))
    assert told["person"] == "anna"
    assert Path(told["path"]).is_relative_to(site.parent / "config")
