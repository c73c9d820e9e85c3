"""The example package, installed once from a copy and found by each test."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ..project.pages.example_pages import PACKAGE

PIP = "-m pip --disable-pip-version-check install --quiet --no-index --no-deps --no-build-isolation"


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder into which it is installed. The build leaves files in what it builds."""
    folder = tmp_path_factory.mktemp("example")
    copy = shutil.copytree(PACKAGE, folder / "source")
    target = folder / "installed"
    ended = subprocess.run(
        [sys.executable, *PIP.split(), "--target", target, copy],
        capture_output=True,
        text=True,
        timeout=60.0,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return target


@pytest.fixture
def example(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets this process and those that it starts find the package."""
    monkeypatch.syspath_prepend(installed)
    paths = [str(installed), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
