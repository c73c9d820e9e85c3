"""Episodes that options ask for."""

import re
from collections.abc import Sequence

import typer

from handwheel.evaluation.benchmark.episodes import Episode, draw_episode
from handwheel.evaluation.benchmark.suite import Suite

from .options import ONE_SUITE

_SEEDS = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?", re.ASCII)
_MOST_SEEDS = 1000


def wanted_episodes(
    suites: Sequence[Suite], faults: Sequence[str], seeds: str | None, has_program: bool
) -> list[Episode]:
    """Returns the episodes of some suites, those of a suite and seed side by side.

    Args:
        has_program: Whether a program of others plays them, for which some suites have other cases.
    """
    if faults and len(suites) > 1:
        raise typer.BadParameter(ONE_SUITE, param_hint="--fault")
    given = None if seeds is None else _seeds(seeds)
    return [
        draw_episode(suite, case, seed)
        for suite in suites
        for seed in given or range(1, suite.file.seeds + 1)
        for case in _cases(suite, faults, has_program)
    ]


def _seeds(text: str) -> range:
    found = _SEEDS.fullmatch(text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not first <= last < first + _MOST_SEEDS:
        raise typer.BadParameter(
            f"{text!r}: write at most {_MOST_SEEDS} seeds as A-B, such as 1-20, or one as A",
            param_hint="--seeds",
        )
    return range(first, last + 1)


def _cases(suite: Suite, wanted: Sequence[str], has_program: bool) -> list[str]:
    """Returns the wanted cases in the order of the suite, by default all of them."""
    known = suite.file.cases_for(programs=has_program)
    if unknown := [each for each in wanted if each not in known]:
        raise typer.BadParameter(
            f"{suite.name} has no {', '.join(map(repr, unknown))}; known: {', '.join(known)}",
            param_hint="--fault",
        )
    return [each for each in known if not wanted or each in wanted]
