"""A package whose files stand on a page, as if `pip` had installed it."""

import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from ...plug_ins.registered import register
from .doc_shell import blocks
from .doc_tables import text_of


def write_files(page: Path, folder: Path) -> Mapping[str, str]:
    """Writes the page's files into a folder, and returns their texts by name."""
    files = {block.title: "\n".join(block.lines) for block in blocks(text_of(page)) if block.title}
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n", encoding="utf-8")
    return files


def install(page: Path, package: str, folder: Path, patch: pytest.MonkeyPatch) -> str:
    """Writes the page's files into a folder; returns the first name under which it is found."""
    files = write_files(page, folder)
    project: Mapping[str, Mapping[str, Mapping[str, str]]]
    project = tomllib.loads(files["pyproject.toml"])["project"]
    register(folder, patch, project["entry-points"], package)
    patch.delitem(sys.modules, package, raising=False)
    (entries,) = project["entry-points"].values()
    return next(iter(entries))


def run_tests(folder: Path, file: str) -> str:
    """Runs a page's tests as its reader does, and returns what pytest prints."""
    settings = "filterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"
    (folder / "pytest.ini").write_text(f"[pytest]\n{settings}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", file],
        cwd=folder, capture_output=True, text=True, timeout=50.0, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    return done.stdout
