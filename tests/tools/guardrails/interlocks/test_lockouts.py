"""Lockouts, and `handwheel authority` as a person types it."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import GuardrailError, LedgerError
from handwheel.tools.guardrails.approval.administration import ReleaseLockout
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.interlocks.lockout_files import (
    LockoutFolder,
    lockout_file,
    lockout_note,
    make_lockout_folder,
    read_lockouts,
)
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.latched_lockouts import latch, latched_note, locked_scopes
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.signatures.decisions import (
    Reason,
    key_subject,
    lockout_subject,
    meaning_of_subject,
)

from ....hmi.command_in_process import said_by
from ....sites.authority_site import OTHER, PUMP, PUMPS, Place, faults_of
from ....sites.in_memory import make_site
from ....sites.people import key_id
from ....sites.signed_requests import NOW, head_of, site_word


def test_what_is_named_is_locked_out_and_the_site_if_that_cannot_be_read(tmp_path: Path) -> None:
    assert read_lockouts(tmp_path) == frozenset()
    make_lockout_folder(tmp_path)
    folder, found = tmp_path / "lockout", set[str]()
    for name, scope in (("P-101A", "P-101A"), ("E-9", "E-9"), (".P-101A", "site")):
        lockout_file(tmp_path, name).touch()
        found.add(scope)
        assert read_lockouts(tmp_path) == found, name
    folder.rename(tmp_path / "aside")
    folder.touch()
    assert read_lockouts(tmp_path) == {"site"}
    folder.unlink()
    folder.symlink_to(tmp_path / "nowhere")
    assert read_lockouts(tmp_path) == {"site"}
    assert read_lockouts(folder) == {"site"}  # a state folder that is a link to nowhere
    assert read_lockouts(tmp_path / "lost") == frozenset()  # no gate has run here


def test_a_folder_that_is_gone_locks_the_site_until_that_very_one_is_back(tmp_path: Path) -> None:
    without = LockoutFolder(tmp_path)  # a gate that found none
    make_lockout_folder(tmp_path)
    assert without.seen() == {"site"}
    assert "bring that one back, or start the gate again" in without.fault
    folder, path = LockoutFolder(tmp_path), tmp_path / "lockout"
    assert (folder.fault, folder.seen()) == ("", frozenset())
    path.rename(tmp_path / "aside")
    for _ in range(2):
        assert folder.fault.startswith(f"{path} is gone, or another than when the gate was started")
        assert folder.seen() == {"site"}
        path.mkdir(exist_ok=True)
    path.rmdir()
    (tmp_path / "aside").rename(path)
    assert (folder.fault, folder.seen()) == ("", frozenset())
    gone = tmp_path.rename(tmp_path.with_name("gone"))  # with the whole state folder
    assert folder.seen() == {"site"}
    gone.rename(tmp_path)


WHO = "anna 2026-11-26T21:12:04.592Z pid 18440"


def test_the_first_line_of_the_file_says_who(tmp_path: Path) -> None:
    for text, said in [
        (f"{WHO}\n".encode(), WHO),
        (f"{WHO}\nand more\n".encode(), WHO),
        (b"", ""),
        (b"\n", ""),
        ("J\u00f6rg \u0430nna\u202e\x1b[2J\n".encode(), "J\u00f6rg \\u0430nna\\u202e\\x1b[2J"),
        (b"\xff\xfe\x00", "\ufffd\ufffd\\x00"),
        (b"a" * 1_000_000, "a" * 200),
        (b"\x1b" * 1_000_000, "\\x1b" * 50),
    ]:
        file = tmp_path / "P-101A"
        file.write_bytes(text)
        assert lockout_note(file) == said, text[:50]


def test_an_unreadable_file_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It locks out by being there; a disk that fails must not keep it from being latched."""
    file = tmp_path / "P-101A"
    file.write_text(WHO)

    def fail(*_: object) -> bytes:
        raise OSError("Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", fail)
        assert lockout_note(file) == ""
    assert lockout_note(file) == WHO


def test_what_is_no_plain_file_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a secret", encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
        for name in ("nothing", "link", "folder", "pipe", "socket"):
            assert lockout_note(tmp_path / name) == "", name
    pipe = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    os.write(pipe, WHO.encode())
    assert lockout_note(tmp_path / "pipe") == ""
    assert os.read(pipe, 100) == WHO.encode()  # what others put into it is not taken from it
    os.close(pipe)


def test_what_the_file_of_a_lockout_said_is_kept_with_it(tmp_path: Path) -> None:
    with Database(tmp_path, "cw-demo") as ledger:
        assert latched_note(ledger, "P-101A") == ""
        latch(ledger, "P-101A", ["P-101A"], NOW, WHO)
        latch(ledger, "site", None, NOW)
        assert (latched_note(ledger, "P-101A"), latched_note(ledger, "site")) == (WHO, "")
        bodies = [row.fields["body"] for row in list(ledger.journal())[-2:]]
    assert bodies == [
        {"scope": "P-101A", "generation": 1, "said": WHO},
        {"scope": "site", "generation": 1},
    ]


LOCK = lockout_subject(PUMPS, 1)


@pytest.fixture
def locked(place: Place) -> None:
    make_lockout_folder(place.site.state)
    lockout_file(place.site.state, PUMPS).touch()
    latch(place.database, PUMPS, place.site.members_of(PUMPS), NOW)


def _signed(place: Place, by: str = "boss", **changes: Any) -> Signed:
    role = "administrator" if by == "boss" else "operator"
    said = {"head": head_of(place.database).hash, "role": role} | changes
    return site_word("release", LOCK, by, **said)


def _release(place: Place, signed: Signed) -> None:
    word = signed
    message = ReleaseLockout(site=place.site.id, scope=PUMPS, generation=1, signed=word)
    message.apply(place.decision_context, NOW)


WHOLE = lockout_subject("site", 1)
KEY = key_subject(key_id("anna"))


@pytest.mark.usefixtures("locked")
def test_another_word_releases_nothing_and_is_told(place: Place) -> None:
    words: list[tuple[str, dict[str, Any], str]] = [
        ("boss", {"subject": WHOLE, "meaning": meaning_of_subject("release", WHOLE)},
         Reason.NOT_APPROVED),
        ("boss", {"subject": lockout_subject(PUMPS, 2)}, Reason.NOT_APPROVED),
        ("boss", {"verdict": "revoke-key", "meaning": meaning_of_subject("revoke-key", KEY)},
         Reason.NOT_APPROVED),
        ("boss", {"meaning": meaning_of_subject("release", WHOLE)}, Reason.OTHER_MEANING),
        ("boss", {"meaning": "I release it"}, Reason.OTHER_MEANING),
        ("anna", {}, "anna is no administrator"),
        ("boss", {"attended": False}, Reason.UNATTENDED),
    ]  # fmt: skip
    for by, changes, reason in words:
        with pytest.raises(GuardrailError, match=f"^{reason}$"):
            _release(place, _signed(place, by, **changes))
        kind, _, body = place.told()[-1]
        assert (kind, body["reason"]) == ("decision.refused", str(reason))
        assert locked_scopes(place.database) == {PUMPS: 1}, changes
        assert lockout_file(place.site.state, PUMPS).exists(), changes
    _release(place, _signed(place))
    assert locked_scopes(place.database) == {}
    assert not lockout_file(place.site.state, PUMPS).exists()
    assert place.told()[-1][0] == "lockout.released"
    assert faults_of(place) == ()


@pytest.mark.usefixtures("locked")
def test_a_file_that_cannot_be_removed_stays_a_lockout(place: Place) -> None:
    file = lockout_file(place.site.state, PUMPS)
    file.unlink()
    (file / "inside").mkdir(parents=True)
    told = place.told()
    with pytest.raises(LedgerError, match=f"{PUMPS}: .*; nothing was released$"):
        _release(place, _signed(place))
    assert (place.told(), locked_scopes(place.database)) == (told, {PUMPS: 1})
    (file / "inside").rmdir()
    file.rmdir()
    _release(place, _signed(place))
    assert locked_scopes(place.database) == {}


@pytest.fixture
def gate_is_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands change the ledger themselves, as in the gate's process."""

    def opened(site: Site) -> Database:
        return Database(site.state, site.id)

    monkeypatch.setattr(connect, "open_ledger", opened)


@pytest.mark.usefixtures("gate_is_here")
def test_commands_show_and_take_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_site(tmp_path)
    where, handwheel = f"--site={tmp_path}", said_by(capsys)

    def shown() -> dict[str, dict[str, Any]]:
        code, out, error = handwheel("authority", "list", where, "--json")
        assert (code, error) == (0, "")
        return {each["equipment"]: each for each in json.loads(out)}

    assert {name: each["mode"] for name, each in shown().items()} == dict.fromkeys(
        ["site", PUMPS, PUMP, OTHER], "OPERATOR"
    )
    done = handwheel("authority", "take", PUMPS, "--to", "maintenance", where)
    assert done[:2] == (0, "taken: PUMPS-101 is MAINTENANCE\n")
    pump = shown()[PUMP]
    assert (pump["mode"], pump["scope"], pump["agents"]) == ("MAINTENANCE", PUMPS, False)
    lines = handwheel("authority", "list", where)[1].splitlines()
    assert lines[0] == "site       OPERATOR     never granted"
    assert lines[2].startswith("P-101A     MAINTENANCE  by ")
    assert lines[2].endswith(", with PUMPS-101")
    assert "mode       MAINTENANCE" in handwheel("authority", "show", PUMP, where)[1]
    rows = handwheel("journal", "tail", where, "--json")[1].splitlines()
    assert json.loads(rows[-1])["body"]["by"] == "user"


@pytest.mark.usefixtures("gate_is_here")
def test_wrong_words_are_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_site(tmp_path)
    for words, code, reason in [
        (["take", "P-999"], 2, "there is no equipment 'P-999' at this site; known: site, "),
        (["take", PUMP, "--to", "agent"], 2, "'agent' is not one of"),
        (["give", PUMP, "--as", "anna"], 2, "Missing option '--for'"),
        (["give", PUMP, "--for", "8", "--as", "anna"], 2, "--for: '8' is no duration"),
        (["give", PUMP, "--for", "31d", "--as", "anna"], 2, "--for: must lie between 1 s and 30 d"),
        (["give", "P-999", "--for", "8h", "--as", "anna"], 2, "there is no equipment 'P-999'"),
        (["give", PUMP, "--for", "8h", "--as", "boss"], 1, "boss is no operator of this site"),
        (["give", PUMP, "--for", "8h", "--as", "max"], 1, "max lacks a role that is needed"),
    ]:
        done = said_by(capsys)("authority", *words, f"--site={tmp_path}")
        assert done[:2] == (code, ""), words
        assert f"handwheel: {reason}" in done[2] or reason in done[2].splitlines()[-1], words
