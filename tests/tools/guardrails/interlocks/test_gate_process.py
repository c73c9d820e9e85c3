"""The process that a gate's lock file names."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from handwheel.tools.guardrails.interlocks.gate_process import GATE_LOCK, gate_process

_GONE = 2**22 + 1  # above the largest id of a process


@pytest.mark.parametrize(
    "text",
    ["", "gate", str(_GONE), "9" * 19],
)
def test_a_lock_names_its_process_only_while_that_lives(tmp_path: Path, text: str) -> None:
    assert gate_process(tmp_path) is None
    (tmp_path / GATE_LOCK).write_text(str(os.getpid()))
    assert gate_process(tmp_path) == os.getpid()
    (tmp_path / GATE_LOCK).write_text(text)
    assert gate_process(tmp_path) is None


def _refuse(*_: object) -> None:
    raise PermissionError


@pytest.mark.parametrize(("where", "name", "found"), [(Path, "read_bytes", 0), (os, "kill", _GONE)])
def test_a_gate_of_another_user_is_not_taken_for_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: object, name: str, found: int
) -> None:
    (tmp_path / GATE_LOCK).write_text(str(_GONE))
    refuse: Callable[..., None] = _refuse
    monkeypatch.setattr(where, name, refuse)
    assert gate_process(tmp_path) == found
