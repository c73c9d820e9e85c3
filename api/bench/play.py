"""Run of a benchmark with an agent in Python."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from handwheel.connectors.errors import HandwheelError
from handwheel.tools.errors import InvalidArguments

from .function_program import Agent, FunctionProgram

if TYPE_CHECKING:  # slow to import
    from handwheel.evaluation.benchmark.episodes import Episode
    from handwheel.evaluation.benchmark.results import Result
    from handwheel.evaluation.benchmark.suite import Suite


def play(
    agent: Agent,
    suite: str = "watch",
    *,
    seeds: Iterable[int] | None = None,
    faults: Sequence[str] = (),
    jobs: int = 1,
    limit_s: float = 600.0,
) -> "list[Result]":
    """Lets an agent play the episodes of a suite, and returns their results.

    Nobody verifies what an agent in this process does beside its verbs, so that its results are
    for its programmer.

    Args:
        agent: Coroutine function of a module. Each episode calls it, in a thread of its own.
        suite: Name of a suite, such as `watch` or `respond`.
        seeds: From 1 on, as many as the suite says, if none are given.
        faults: Cases of the suite, all of them if none are given.
        jobs: Number of processes; with 1 the episodes are played in this one.
        limit_s: Time of the computer after which an agent is ended in an episode.

    Raises:
        InvalidArguments: There is no such case, or the agent cannot be copied to each episode.
        ConfigError: There is no such suite.
        HandwheelError: An event loop runs in this thread, or a process has ended.

    Effect: writes temporary files, runs the agent. Retry: none. Timeout: `limit_s` an episode.
    """
    from handwheel.evaluation.benchmark.run_suites import run_suites
    from handwheel.evaluation.benchmark.suite import load_suite
    from handwheel.evaluation.plants.installed_plants import create_plant
    from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site

    _check_loop()
    found = load_suite(suite)
    episodes = list(_episodes(found, seeds, faults))
    with TemporaryDirectory() as folder:
        root = Path(folder) / found.file.plant
        write_site(root, create_plant(found.file.plant), PlantEndpoints())
        roots = {found.file.plant: root}
        return list(run_suites(roots, episodes, jobs, FunctionProgram(agent), limit_s))


def _check_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise HandwheelError("an event loop runs here; write `await asyncio.to_thread(play, …)`")


def _episodes(
    suite: "Suite", seeds: Iterable[int] | None, faults: Sequence[str]
) -> "Iterator[Episode]":
    from handwheel.evaluation.benchmark.episodes import draw_episode

    known = suite.file.cases_for(programs=True)
    if unknown := [each for each in faults if each not in known]:
        raise InvalidArguments(f"{suite.name} has no {unknown[0]!r}; known: {', '.join(known)}")
    for seed in range(1, suite.file.seeds + 1) if seeds is None else seeds:
        for case in faults or known:
            yield draw_episode(suite, case, seed)
