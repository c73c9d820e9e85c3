"""Files of tests as pytest collects them, an item for each case, and the sites of tests."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from handwheel.connectors.config.validation import load_model
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import SITE_FILE, Site, load_site
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.playbook_tests.case import PlaybookCase
from handwheel.evaluation.playbook_tests.load import is_tests_file, load_cases
from handwheel.evaluation.playbook_tests.report import CaseResult
from handwheel.evaluation.playbook_tests.run_cases import play, setup_of
from handwheel.evaluation.playbook_tests.schema import TestsFile
from handwheel.sim_plant.errors import ScenarioError

from ..site.files.site_template import PlantEndpoints, write_site
from .fixtures import SPEED

_VARIABLE = "HANDWHEEL_SITE"
_MODEL = "cw-100"  # of a site that nobody has named
_WRITTEN = pytest.StashKey[dict[str, Site]]()


def site_for(config: pytest.Config, path: Path, model: str) -> Site:
    """Returns the site of a test.

    Args:
        path: The test's file, above which a site is looked for.
        model: Plant of the site that is written if there is none; empty for `cw-100`.

    Raises:
        ConfigError: The site is not valid.
        ScenarioError: There is no such model.
    """
    if root := _found(path):
        return load_site(root)
    return _written(config, model or _MODEL)


def _found(path: Path) -> Path | None:
    if named := os.environ.get(_VARIABLE):
        return Path(named)
    return next((each for each in path.resolve().parents if (each / SITE_FILE).is_file()), None)


def _written(config: pytest.Config, model: str) -> Site:
    sites = config.stash.setdefault(_WRITTEN, {})
    if model not in sites:
        plant = create_plant(model)
        folder = TemporaryDirectory(prefix="handwheel-")
        config.add_cleanup(folder.cleanup)
        write_site(Path(folder.name) / model, plant, PlantEndpoints())
        sites[model] = load_site(Path(folder.name) / model)
    return sites[model]


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
        from .fixtures import open_trial

        kind = str(self.config.getoption("--handwheel"))
        async with open_trial(kind, setup_of(self._case, self._site), SPEED) as trial:
            return await play(self._case, trial)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Returns the text of a failure, without a traceback where it says all."""
        if isinstance(excinfo.value, CaseFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Returns file, line from 0, and name."""
        return self.path, self._case.line - 1, self.name
