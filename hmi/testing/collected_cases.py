"""Files of tests as pytest collects them, an item for each case."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.evaluation.playbook_tests.case import PlaybookCase
from handwheel.evaluation.playbook_tests.engine import CaseResult, play, setup_of
from handwheel.evaluation.playbook_tests.load import is_tests_file, load_cases
from handwheel.evaluation.playbook_tests.schema import TestsFile
from handwheel.sim_plant.errors import ScenarioError

from .sites import site_for
from .wanted_plant import SPEED


def tests_file(path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Returns the collector of a file of tests, `None` for another file."""
    if not is_tests_file(path):
        return None
    collector: CaseFileCollector = CaseFileCollector.from_parent(parent, path=path)  # pyright: ignore[reportUnknownMemberType]
    return collector


class CaseFileCollector(pytest.File):
    """File of tests of a playbook."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yields an item for each case. A file that is not valid raises `CollectError`."""
        try:
            file = load_model(TestsFile, read_document(self.path))
            model = next((each.plant.model for each in file.cases if each.plant.model), "")
            site = site_for(self.config, self.path, model)
            cases = load_cases(self.path, site)
        except (ConfigError, ScenarioError) as error:
            raise self.CollectError(str(error)) from None
        for case in cases:
            yield CaseItem.from_parent(self, name=case.name, case=case, site=site)


class CaseFailed(Exception):
    """A case whose expectations are not met."""


class CaseItem(pytest.Item):
    """Case of a file of tests."""

    def __init__(self, *, case: PlaybookCase, site: Site, **given: Any) -> None:
        super().__init__(**given)
        self._case, self._site = case, site

    def runtest(self) -> None:
        """Plays the case. Raises `CaseFailed` with what is not met."""
        from handwheel.evaluation.playbook_tests.report import report_of

        report = report_of(asyncio.run(self._played()))
        if report.failures:
            trace = [f"    {each}" for each in report.trace]
            raise CaseFailed("\n".join([*report.failures, *trace]))

    async def _played(self) -> CaseResult:
        from .driver import open_engine

        kind = str(self.config.getoption("--handwheel"))
        async with open_engine(kind, setup_of(self._case, self._site), SPEED) as engine:
            return await play(self._case, engine)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Returns the text of a failure, without a traceback where it says all."""
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Returns file, line from 0, and name."""
        return self.path, self._case.line - 1, self.name
