"""Lockouts as files: whatever stands where they are looked for, a doubt locks the whole site."""

from collections.abc import Callable
from pathlib import Path

import pytest

from handwheel.tools.guardrails.interlocks.lockout_files import (
    LockoutFolder,
    lockout_file,
    make_lockout_folder,
    read_lockouts,
)

Spoil = Callable[[Path], object]


def _file(state: Path) -> None:
    (state / "lockout").touch()


def _dangling(state: Path) -> None:
    (state / "lockout").symlink_to(state / "nowhere")


def _lost(state: Path) -> None:
    state.rmdir()


def _odd_name(state: Path) -> None:
    make_lockout_folder(state)
    lockout_file(state, ".P-101A").touch()


@pytest.mark.parametrize("spoil", [_file, _dangling, _lost, _odd_name])
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
