"""Fixtures of the command line's tests."""

import pytest

from .in_process import Said, said_by


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command in this process; gives its exit code, standard output and error."""
    return said_by(capsys)
