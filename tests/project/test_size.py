"""The budget of size.toml, tried on a small repository of its own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parents[2] / ".ci" / "size.py"
_GIT = shutil.which("git") or "git"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / ".ci").mkdir()
    shutil.copy(_SCRIPT, tmp_path / ".ci")
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "gate.py").write_text("A = 1\nB = 2\n")
    (tmp_path / "README.md").write_text("Four words in all\n")
    (tmp_path / "size.toml").write_text("[lines]\n[count]\n")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run([_GIT, *words], cwd=tmp_path, check=True)
    assert _run(tmp_path, "--lower").returncode == 0
    return tmp_path


def _run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = repository / ".ci" / "size.py"
    return subprocess.run(
        [sys.executable, script, *arguments], capture_output=True, text=True, check=False
    )


def test_size_of_what_is_there_passes(repository: Path) -> None:
    assert "tools = 2" in (repository / "size.toml").read_text()
    assert _run(repository).stdout == "size: product 2 lines, tests 0 lines, docs 4 words\n"


def test_size_of_one_more_line_or_word_fails_and_is_never_raised(repository: Path) -> None:
    (repository / "tools" / "gate.py").write_text("A = 1\nB = 2\nC = 3\n")
    (repository / "README.md").write_text("Now five words in all\n")
    found = _run(repository, "--lower")
    assert found.returncode == 1
    assert [each.partition(";")[0] for each in found.stdout.splitlines()] == [
        "lines.tools: 3, of at most 2",
        "lines.product: 3, of at most 2",
        "count.words: 5, of at most 4",
    ]
    assert "docs/decisions" in found.stdout


def test_size_of_a_folder_with_sixteen_modules_fails(repository: Path) -> None:
    (repository / "size.toml").write_text("[lines]\ntools = 99\nproduct = 99\n")
    for number in range(15):
        (repository / "tools" / f"part_{number}.py").touch()
    subprocess.run([_GIT, "add", "."], cwd=repository, check=True)
    assert "tools: 16 modules, of at most 15" in _run(repository).stdout
