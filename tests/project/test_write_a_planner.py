"""The planner of the how-to conforms, and a site takes it."""

from pathlib import Path

import pytest

from handwheel.agents.planning.planners import Planners
from handwheel.agents.testing import CASES

from .pages.doc_shell import DocShell
from .pages.doc_tables import DOCS, text_of
from .pages.installed_page import install, run_tests

PAGE = DOCS / "how-to/write-a-planner.md"
INSTALL = "pip install -e ."


async def test_the_planner_of_the_page_conforms_and_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = install(PAGE, "careful", tmp_path, monkeypatch)
    assert "\n6 passed" in run_tests(tmp_path, "test_careful.py")
    shell = DocShell(tmp_path, [INSTALL])
    shell.follow(text_of(PAGE))
    assert shell.count == 1
    plan = await Planners(name).plan(CASES["several candidates"], None)
    assert (plan.candidate, plan.author) == ("works/change-over (P-1A, P-1B)", "careful")
