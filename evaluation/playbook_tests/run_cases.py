"""Runs of cases on a trial, one after the other or in several processes."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from time import perf_counter

from handwheel.connectors.errors import ConfigError, HandwheelError
from handwheel.connectors.model.site import Site, load_site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.start import split_given

from ..process_pool import in_processes
from ..trial.outcome import Outcome
from ..trial.site import OPERATORS
from ..trial.stepped import SteppedTrial
from ..trial.trial import Model, Setup, Trial
from .case import PlaybookCase
from .load import load_cases
from .report import CaseReport, CaseResult, report_of, report_of_error
from .scripted_people import ScriptedPeople
from .verdict import WatchedConditions, failures_of


def setup_of(case: PlaybookCase, site: Site) -> Setup:
    """Returns what a case needs. No other playbook than its own is there."""
    people = ScriptedPeople(case.decisions).names + ([case.start.person] if case.start else [])
    return Setup(
        site, case.model, case.seed, case.warmup_s, case.faults, [case.playbook, *case.others],
        list(dict.fromkeys((*people, *OPERATORS))),
    )  # fmt: skip


async def play(
    case: PlaybookCase, trial: Trial, is_over: Callable[[], bool] = lambda: False
) -> CaseResult:
    """Plays a case to its end on a trial that was opened for it.

    Args:
        is_over: Called after each scan. Returns whether the case ends with it, before its time.

    Raises:
        LedgerError: The ledger cannot be used.
        NotConnected: A process has ended.
    """
    begun_s = perf_counter()
    people, watched = ScriptedPeople(case.decisions), WatchedConditions(case.expected)
    is_last, start, playbook = False, case.start, case.playbook
    while not is_last and trial.now_s < case.run_for_s:
        await trial.step()
        watched.observe(trial.readings, trial.now_s)
        if start is not None and trial.now_s >= start.at_s:
            plan = bind(playbook, trial.site, *split_given(start.given, playbook.file.roles))
            trial.people.order_start(plan, start.given, start.person)
            start = None
        await people.act(trial)
        is_last = is_over()
    outcome: Outcome = trial.outcome()
    failures = [*failures_of(case.expected, outcome, playbook.id), *watched.failures()]
    return CaseResult(case, outcome, failures, people.refused, perf_counter() - begun_s)


async def run_case(
    case: PlaybookCase,
    site: Site,
    on_scan: Callable[[SteppedTrial], None] | None = None,
    *,
    model: Model | None = None,
    revoked_keys: AbstractSet[str] | None = None,
    is_over: Callable[[SteppedTrial], bool] = lambda _: False,
) -> CaseResult:
    """Runs a case in a trial of its own, in this process at full speed, up to its end.

    The playbook under test and those that it starts are released there, and no other is there.

    Args:
        on_scan: Called after each scan, such as to note values or to show the time.
        model: Creates the plant instead, at any state.
        revoked_keys: As of `SteppedTrial.open`.
        is_over: Whether the case ends with this scan, before its time.

    Raises:
        ConfigError: The site has changed since it was read, or a playbook does not fit it.
        LedgerError: The trial's ledger cannot be used.
        OSError: There is no space for a temporary folder.

    Effect: ACTUATE on the model only. Retry: none. Timeout: 15 s of the computer's time for the
    agents at each scan.
    """
    setup = replace(setup_of(case, site), create=model, revoked_keys=revoked_keys)
    async with SteppedTrial.of(setup) as trial:

        def is_last() -> bool:
            if on_scan is not None:
                on_scan(trial)
            return is_over(trial)

        return await play(case, trial, is_last)


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
    case = next(each for each in _cases(root, path, shown) if each.name == name)
    return run_reported(case, _site(root))


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
