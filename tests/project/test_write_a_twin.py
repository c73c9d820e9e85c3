"""The twin of the how-to conforms, foretells what it says, and is named by a site."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.lookahead.twin import Move
from handwheel.agents.testing import steady_windows

from .pages.doc_shell import DocShell
from .pages.doc_tables import DOCS, text_of
from .pages.installed_page import install, run_tests

PAGE = DOCS / "how-to/write-a-twin.md"
INSTALL = "pip install -e ."


def test_the_twin_of_the_page_conforms_and_foretells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(PAGE, "header_twin", tmp_path, monkeypatch)
    assert "\n11 passed" in run_tests(tmp_path, "test_header_twin.py")
    shell = DocShell(tmp_path, [INSTALL])
    shell.follow(text_of(PAGE))
    assert shell.count == 1
    module: Any = import_module("header_twin")
    twin = module.HeaderTwin()
    found = twin.estimate(steady_windows({"PT-102.pv": 350.0, "PIC-102.sp": 350.0}, 120.0))
    assert found is not None
    assert twin.predict(found.state, [], 60.0).series["PT-102.pv"] == [350.0] * 7
    moved = twin.predict(found.state, [Move("PIC-102.sp", 360.0, 10.0)], 600.0)
    assert moved.series["PT-102.pv"][-1] == pytest.approx(360.0, abs=0.1)
