"""The notebooks run from the first cell to the last, each in a kernel of its own."""

import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

BOOKS = Path(__file__).parents[2] / "examples/notebooks"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["a-scenario-study", "a-site-in-five-cells", "your-own-agent"])
def test_notebook_runs_to_its_last_cell(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its results are kept in its file where HANDWHEEL_DRAW is set."""
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for variable, value in {
        "PATH": programs, "TMPDIR": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "JUPYTER_PLATFORM_DIRS": "1",
    }.items():  # fmt: skip
        monkeypatch.setenv(variable, value)
    formats: Any = nbformat
    book = formats.read(BOOKS / f"{name}.ipynb", as_version=4)
    folder = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, timeout=240, kernel_name="python3", resources=folder).execute()
    code: list[Any] = [each for each in book.cells if each.cell_type == "code"]
    assert all(each.execution_count for each in code)
    if os.environ.get("HANDWHEEL_DRAW"):
        for each in code:
            each.metadata.pop("execution", None)
        formats.write(book, BOOKS / f"{name}.ipynb")
