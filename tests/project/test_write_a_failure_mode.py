"""The method of the how-to measures: taken from the page, installed and loaded by its name."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

from handwheel.agents.diagnosis.diagnoser import load_diagnoser
from handwheel.agents.diagnosis.evidence import Measured
from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.model.values import GOOD, DataValue

from .pages.doc_shell import blocks
from .pages.doc_tables import DOCS, text_of

PAGE = DOCS / "how-to/write-a-failure-mode.md"


def test_the_method_of_the_page_measures_a_residual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {block.title: "\n".join(block.lines) for block in blocks(text_of(PAGE)) if block.title}
    (tmp_path / "filters.py").write_text(files["filters.py"] + "\n", encoding="utf-8")
    project: Mapping[str, Mapping[str, Mapping[str, str]]]
    project = tomllib.loads(files["pyproject.toml"])["project"]
    ((name, target),) = project["entry-points"]["handwheel.diagnosers"].items()
    note = tmp_path / "filters-1.dist-info"
    note.mkdir()
    (note / "METADATA").write_text("Metadata-Version: 2.1\nName: filters\nVersion: 1\n")
    (note / "entry_points.txt").write_text(f"[handwheel.diagnosers]\n{name} = {target}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "filters", raising=False)
    method = load_diagnoser(name)
    windows = Windows(["dp", "flow"])
    inputs = {"loss": "dp", "flow": "flow", "clean": 4.0}
    assert method.measure(windows, inputs) is None
    read = {
        tag: DataValue(each, GOOD, None, None, 0.0) for tag, each in (("dp", 9.0), ("flow", 25.0))
    }
    for second in range(0, 320, 5):
        windows.observe(read, float(second))
    assert method.measure(windows, inputs) == Measured(14.0, 25.0)
