"""The method of the how-to measures: taken from the page, installed and loaded by its name."""

from pathlib import Path

import pytest

from handwheel.agents.diagnosis.diagnoser import load_diagnoser
from handwheel.agents.diagnosis.evidence import Measured
from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.model.values import GOOD, DataValue

from .pages.doc_tables import DOCS
from .pages.installed_page import install

PAGE = DOCS / "how-to/write-a-failure-mode.md"


def test_the_method_of_the_page_measures_a_residual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    method = load_diagnoser(install(PAGE, "filters", tmp_path, monkeypatch))
    windows = Windows(["dp", "flow"])
    inputs = {"loss": "dp", "flow": "flow", "clean": 4.0}
    assert method.measure(windows, inputs) is None
    read = {
        tag: DataValue(each, GOOD, None, None, 0.0) for tag, each in (("dp", 9.0), ("flow", 25.0))
    }
    for second in range(0, 320, 5):
        windows.observe(read, float(second))
    assert method.measure(windows, inputs) == Measured(14.0, 25.0)
