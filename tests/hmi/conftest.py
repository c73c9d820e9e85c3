"""Fixtures of the command line's tests."""

from collections.abc import Generator
from pathlib import Path

import pytest

from .command_in_process import Said, said_by
from .runs.run_site import Place, opened


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command in this process; gives its exit code, standard output and error."""
    return said_by(capsys)


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Place]:
    """A place where this process works on the runs, and people have keys of their own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    with opened(tmp_path) as place:
        yield place
