"""The page on gymnasium does what it says."""

import subprocess
import sys
from pathlib import Path

import pytest

from ...project.pages.doc_shell import blocks, fits
from ...project.pages.doc_tables import DOCS


@pytest.mark.parametrize("name", ["episode.py", "approved.py"])
def test_script_of_the_page_prints_what_it_says(name: str, tmp_path: Path) -> None:
    listed = blocks((DOCS / "how-to/train-with-gymnasium.md").read_text(encoding="utf-8"))
    (script,) = [each for each in listed if each.title == name]
    (tmp_path / name).write_text("\n".join(script.lines), "utf-8")
    command = (sys.executable, name)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert fits(listed[listed.index(script) + 1].lines, done.stdout, is_live=False), done
