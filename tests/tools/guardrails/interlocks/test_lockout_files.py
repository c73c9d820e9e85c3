"""Lockouts as files: a doubt locks the whole site, and a little of who made one is kept."""

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from handwheel.tools.guardrails.interlocks.lockout_files import (
    LockoutFolder,
    lockout_file,
    lockout_note,
    make_lockout_folder,
    read_lockouts,
)
from handwheel.tools.guardrails.ledger.latched_lockouts import latch, latched_note
from handwheel.tools.guardrails.ledger.store.database import Database

from ....sites.signed_requests import NOW

Spoil = Callable[[Path], object]


def _odd_name(state: Path) -> None:
    make_lockout_folder(state)
    lockout_file(state, ".P-101A").touch()


SPOILT: Mapping[str, Spoil] = {
    "a file": lambda state: (state / "lockout").touch(),
    "dangling": lambda state: (state / "lockout").symlink_to(state / "nowhere"),
    "lost": Path.rmdir,
    "an odd name": _odd_name,
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_cannot_be_read_is_a_locked_site(tmp_path: Path, spoil: Spoil) -> None:
    state = tmp_path / "var"
    state.mkdir()
    assert read_lockouts(state) == frozenset()
    spoil(state)
    assert read_lockouts(state) == {"site"}


def test_whatever_is_named_is_locked_out_and_nothing_else(tmp_path: Path) -> None:
    make_lockout_folder(tmp_path)
    assert read_lockouts(tmp_path) == frozenset()
    for scope in ("P-101A", "E-9"):
        lockout_file(tmp_path, scope).touch()
    assert read_lockouts(tmp_path) == {"P-101A", "E-9"}


def test_a_folder_that_is_gone_locks_the_site_until_that_very_one_is_back(tmp_path: Path) -> None:
    make_lockout_folder(tmp_path)
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


def test_a_gate_that_found_no_folder_counts_the_site_as_locked(tmp_path: Path) -> None:
    folder = LockoutFolder(tmp_path)
    make_lockout_folder(tmp_path)
    assert folder.seen() == {"site"}
    assert "bring that one back, or start the gate again" in folder.fault
    assert LockoutFolder(tmp_path).seen() == frozenset()


WHO = "anna 2026-11-26T21:12:04.592Z pid 18440"


def test_the_first_line_of_the_file_says_who(tmp_path: Path) -> None:
    for text, said in [
        (f"{WHO}\n".encode(), WHO),
        (f"{WHO}\nand more\n".encode(), WHO),
        (b"", ""),
        (b"\n", ""),
        ("J\u00f6rg \u0430nna\u202e\x1b[2J\n".encode(), "J\u00f6rg \\u0430nna\\u202e\\x1b[2J"),
        (b"\xff\xfe\x00", "\ufffd\ufffd\\x00"),
    ]:
        file = tmp_path / "P-101A"
        file.write_bytes(text)
        assert lockout_note(file) == said, text


def test_of_a_long_file_little_is_kept(tmp_path: Path) -> None:
    for text in [b"a" * 1_000_000, b"\x1b" * 1_000_000, "\u00e9".encode() * 500]:
        file = tmp_path / "P-101A"
        file.write_bytes(text)
        assert len(lockout_note(file)) == 200, text
        assert lockout_note(file).isprintable(), text


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


def _secret(path: Path) -> None:
    secret = path.parent / "secret"
    secret.write_text("a secret", encoding="utf-8")
    path.symlink_to(secret)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(path))


@pytest.mark.parametrize("make", [_secret, _socket, Path, os.mkfifo, os.mkdir])
def test_what_is_no_plain_file_says_nothing(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / "P-101A")
    assert lockout_note(tmp_path / "P-101A") == ""


def test_what_others_put_into_a_pipe_is_not_taken_from_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "P-101A")
    pipe = os.open(tmp_path / "P-101A", os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(pipe, WHO.encode())
        assert lockout_note(tmp_path / "P-101A") == ""
        assert os.read(pipe, 100) == WHO.encode()
    finally:
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
