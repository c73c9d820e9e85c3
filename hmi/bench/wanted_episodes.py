"""Episodes that options ask for."""

import re
from collections.abc import Sequence

import typer

from handwheel.evaluation.benchmark.episodes import Episode, draw_episodes
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.tools.errors import InvalidArguments

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
    try:
        return [
            episode
            for each in suites
            for episode in draw_episodes(each, faults, given, programs=has_program)
        ]
    except InvalidArguments as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from None


def _seeds(text: str) -> range:
    found = _SEEDS.fullmatch(text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not first <= last < first + _MOST_SEEDS:
        raise typer.BadParameter(
            f"{text!r}: write at most {_MOST_SEEDS} seeds as A-B, such as 1-20, or one as A",
            param_hint="--seeds",
        )
    return range(first, last + 1)
