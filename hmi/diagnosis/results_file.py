"""Reads predictions from results of the benchmark, in which the fault was injected."""

import json
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from handwheel.connectors.config.regular_files import read_regular
from handwheel.connectors.errors import ConfigError, Problem, os_reason
from handwheel.connectors.hints import shell_command
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.calibration.prediction import Prediction
from handwheel.tools.safe_text import plain, printable

from ..bench.options import SuiteName

_MOST_PROBLEMS = 5  # of one file
_SUITES = ("watch", "pairs", "mismatch")  # in which the agents only diagnose


class _Part(BaseModel):
    """Part of a file of which the rest does not matter here."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, allow_inf_nan=False)


_PartT = TypeVar("_PartT", bound=_Part)


class _Weighed(_Part):
    at_s: float
    hypothesis: str
    total_db: float
    ahead_db: float


class _Episode(_Part):
    case: str
    seed: int
    onset_s: float
    true: list[str]
    weighed: list[_Weighed]


class _Versions(_Part):
    handwheel: str


class _Head(_Part):
    schema_: Literal["benchmark-results/1"] = Field(alias="schema")
    suite: str
    suite_sha256: str
    failure_modes_sha256: str = ""
    versions: _Versions


class _Results(_Part):
    episodes: list[_Episode]


class _All(_Part):
    schema_: Literal["benchmark-results/1"] = Field(alias="schema")
    suites: list[dict[str, Any]]


def read_results(paths: Sequence[Path]) -> list[Prediction]:
    """Reads files of results. Raises `ConfigError` with the problems of all of them."""
    found: list[Prediction] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str, int], Path] = {}
    for path in paths:
        try:
            read = list(_read(path))
        except ConfigError as error:
            problems += error.problems
            continue
        for suite, each in read:
            first = seen.setdefault((suite, each.case, each.seed), path)
            if first is not path:
                what = f"{suite} {plain(each.case)}, seed {each.seed}"
                problems.append(_problem(path, "episodes", f"{what} is in {first} as well"))
            found += _predictions(suite, each)
    if problems:
        raise ConfigError(problems)
    return found


def _predictions(suite: str, episode: _Episode) -> Iterator[Prediction]:
    case = f"{suite} {episode.case} {episode.seed}"
    for each in episode.weighed:
        is_true = each.at_s >= episode.onset_s and each.hypothesis in episode.true
        yield Prediction(case, each.hypothesis, each.total_db, each.ahead_db, is_true)


def _read(path: Path) -> list[tuple[str, _Episode]]:
    """Returns the episodes of a file with their suite."""
    found: list[tuple[str, _Episode]] = []
    problems: list[Problem] = []
    for key, part in _parts(path, _data(path)):
        try:
            head = _checked(_Head, path, part, key)
            if misfits := list(_misfits(path, head, key)):
                raise ConfigError(misfits)
            found += [(head.suite, each) for each in _checked(_Results, path, part, key).episodes]
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return found


def _parts(path: Path, data: Any) -> Iterator[tuple[str, Any]]:
    """Yields the results of a suite, or those of all that have probabilities, with their keys."""
    if not isinstance(data, dict) or "suites" not in data:
        yield "", data
        return
    others = {*SuiteName} - {*_SUITES}
    for n, each in enumerate(_checked(_All, path, data).suites):
        if each.get("suite") not in others:
            yield f"suites.{n}.", each


def _data(path: Path) -> Any:
    try:
        return json.loads(read_regular(path))
    except OSError as error:
        raise ConfigError([_problem(path, "", os_reason(error))]) from None
    except json.JSONDecodeError as error:
        where = Problem(str(path), error.lineno, error.colno, "", f"is no JSON: {error.msg}")
        raise ConfigError([where]) from None
    except (RecursionError, ValueError):
        raise ConfigError([_problem(path, "", "is no JSON in UTF-8")]) from None


def _checked(part: type[_PartT], path: Path, data: Any, key: str = "") -> _PartT:
    try:
        return part.model_validate(data)
    except ValidationError as error:
        raise ConfigError(
            [
                _problem(path, key + ".".join(map(str, each["loc"])), each["msg"].lower())
                for each in error.errors()[:_MOST_PROBLEMS]
            ]
        ) from None


def _misfits(path: Path, head: _Head, key: str) -> Iterator[Problem]:
    """Yields why results say nothing about the diagnosis that is installed."""
    if head.suite not in _SUITES or head.suite not in [*SuiteName]:
        known = ", ".join(each for each in _SUITES if each in [*SuiteName])
        reason = f"{printable(head.suite, 40)!r} has no probabilities; suites that have: {known}"
        yield _problem(path, f"{key}suite", reason)
        return
    suite, own = load_suite(head.suite), version("handwheel")
    of = ["--suite", head.suite]
    command = shell_command("bench", "agents", *of, "--json", "FILE")
    again = f"make it again by '{command}'"
    if head.versions.handwheel != own:
        other = printable(head.versions.handwheel, 40)
        yield _problem(path, f"{key}versions.handwheel", f"is {other}, installed is {own}; {again}")
    if head.suite_sha256 != suite.sha256:
        yield _problem(path, f"{key}suite_sha256", f"is of another file of the suite; {again}")
    if head.failure_modes_sha256 != suite.modes_sha256:
        names = ", ".join(suite.file.failure_modes)
        reason = f"its weights are not those of {names} now; {again}"
        yield _problem(path, f"{key}failure_modes_sha256", reason)


def _problem(path: Path, key: str, reason: str) -> Problem:
    return Problem(str(path), 0, 0, printable(key, 80), reason)
