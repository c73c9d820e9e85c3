"""Runs of many cases, in this process or in several."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter

from handwheel.connectors.errors import ConfigError, HandwheelError
from handwheel.connectors.model.site import Site, load_site

from ..process_pool import in_processes
from .case import PlaybookCase
from .load import load_cases
from .report import CaseReport, report_of, report_of_error
from .stepped_run import run_case


@dataclass(frozen=True, slots=True)
class CaseFile:
    """File of tests, with the cases that are wanted of it."""

    root: Path  # folder of the site
    path: Path
    shown: str  # its name in errors and reports
    names: Sequence[str]  # of the cases


def read_cases(root: Path, path: Path, shown: str) -> CaseFile:
    """Returns a file of tests with all its cases. Raises `ConfigError` with every problem."""
    return CaseFile(root, path, shown, [each.name for each in _cases(root, path, shown)])


def run_cases(files: Sequence[CaseFile], jobs: int) -> Iterator[CaseReport]:
    """Runs cases and yields their reports, in the order of the files.

    Args:
        jobs: Number of processes; with 1 they run in this one.

    Raises:
        ConfigError: Site, file or playbook is not valid.
        HandwheelError: A process has ended before its case.
    """
    wanted = [(each.root, each.path, each.shown, name) for each in files for name in each.names]
    yield from in_processes(_run, wanted, jobs)


def _run(root: Path, path: Path, shown: str, name: str) -> CaseReport:
    site = _site(root)
    case = next(each for each in _cases(root, path, shown) if each.name == name)
    return run_reported(case, site)


def run_reported(case: PlaybookCase, site: Site) -> CaseReport:
    """Runs a case and reports an error of it as its result. Raises `ConfigError`."""
    begun_s = perf_counter()
    try:
        return report_of(asyncio.run(run_case(case, site)))
    except ConfigError:
        raise
    except (HandwheelError, RuntimeError, OSError) as error:
        return report_of_error(case, error, perf_counter() - begun_s)


@lru_cache(1)
def _site(root: Path) -> Site:
    return load_site(root)


@lru_cache(32)
def _cases(root: Path, path: Path, shown: str) -> Sequence[PlaybookCase]:
    return load_cases(path, _site(root), shown)
