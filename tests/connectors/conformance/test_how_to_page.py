"""The connector of the how-to conforms: taken from the page, and tried as a third party does."""

import subprocess
import sys
from pathlib import Path

import pytest

from ...project.doc_shell import blocks

PAGE = Path(__file__).parents[3] / "docs/how-to/write-a-connector.md"


@pytest.mark.timeout(300)
def test_the_connector_of_the_page_conforms(tmp_path: Path) -> None:
    files = {
        block.title: "\n".join(block.lines)
        for block in blocks(PAGE.read_text(encoding="utf-8"))
        if block.title
    }
    for name, text in files.items():
        (tmp_path / name).write_text(f"{text}\n", encoding="utf-8")
    settings = "filterwarnings = error\nasyncio_default_fixture_loop_scope = function\n"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{settings}")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs", "test_gauge.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=50.0, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert " 6 skipped" in done.stdout, done.stdout
    assert "exempt: a gauge is ok or broken" in done.stdout
