"""Run of many episodes, in this process or in several."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site, load_site

from ..process_pool import in_processes
from ..room.site import in_memory_site
from .episodes import Episode
from .judge import Result, judge
from .play import play, watched_site
from .suite import Suite, load_suite


def run_suite(root: Path, episodes: Sequence[Episode], jobs: int) -> Iterator[Result]:
    """Plays and judges episodes, and yields their results in order.

    Args:
        root: Folder of a site of the plant.
        jobs: Number of processes; with 1 they run in this one.

    Raises:
        ConfigError: The site or its failure modes are not valid.
        HandwheelError: A process has ended before its episode.
    """
    for each in {each.suite for each in episodes}:
        _setting(root, each)  # every problem before the first episode, and for every process
    yield from in_processes(_run, [(root, each) for each in episodes], jobs)


def _run(root: Path, episode: Episode) -> Result:
    site, hypotheses = _setting(root, episode.suite)
    return judge(episode, play(episode, site, hypotheses))


@lru_cache(1)
def _setting(root: Path, suite: str) -> tuple[Site, Hypotheses]:
    return watched(load_site(root), load_suite(suite))


def watched(site: Site, suite: Suite) -> tuple[Site, Hypotheses]:
    """Returns a site in memory with the failure modes of a suite. Raises `ConfigError`."""
    with_modes = replace(site, failure_modes=tuple(suite.file.failure_modes))
    hypotheses, problems = load_hypotheses(with_modes)
    if problems:
        raise ConfigError(problems)
    return in_memory_site(watched_site(with_modes, hypotheses)), hypotheses
