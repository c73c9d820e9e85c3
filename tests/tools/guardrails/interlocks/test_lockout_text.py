"""What the file of a lockout says of who made it: a little of it is kept, whatever stands there."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from handwheel.tools.guardrails.interlocks.lockout_files import lockout_note
from handwheel.tools.guardrails.ledger.latched_lockouts import latch, latched_note
from handwheel.tools.guardrails.ledger.store.database import Database

from ....sites.signed_requests import NOW

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


def test_a_file_that_cannot_be_read_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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


def _nothing(path: Path) -> None:
    return


@pytest.mark.parametrize("make", [_secret, _socket, _nothing, os.mkfifo, os.mkdir])
def test_what_is_no_plain_file_says_nothing_and_nobody_waits_for_it(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
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
