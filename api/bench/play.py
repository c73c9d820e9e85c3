"""Run of a benchmark with an agent in Python."""

import asyncio
from collections.abc import Iterable, Sequence
from inspect import iscoroutinefunction

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import did_you_mean
from handwheel.evaluation.benchmark.results import Result
from handwheel.tools.errors import InvalidArguments

from .function_program import Agent, FunctionProgram


def play(
    agent: Agent,
    suite: str = "watch",
    *,
    seeds: Iterable[int] | None = None,
    faults: Sequence[str] = (),
    jobs: int = 1,
    limit_s: float = 600.0,
) -> list[Result]:
    """Lets an agent play the episodes of a suite, and returns their results.

    Nobody verifies what an agent in this process does beside its verbs, so that its results are
    for its programmer. At a terminal a bar shows how far they are.

    Args:
        agent: Coroutine function of a module. Each episode calls it, in a thread of its own.
        suite: Name of a suite, such as `watch` or `respond`.
        seeds: From 1 on, as many as the suite says, if none are given.
        faults: Cases of the suite, all of them if none are given.
        jobs: Number of processes; with 1 the episodes are played in this one.
        limit_s: Time of the computer after which an agent is ended in an episode.

    Returns:
        A `Diagnosed` of each episode, in `respond` and `tep` a `Responded`, in `hold` a
        `HoldResult`, in `renamed` a `Renamed`. None is missing if an agent has failed, which
        `program_failed` tells.

    Raises:
        InvalidArguments: There is no such suite, case or seed, or the agent is no coroutine
            function or cannot be copied to each episode.
        HandwheelError: An event loop runs in this thread, or a process has ended.

    Effect: writes temporary files, runs the agent. Retry: none. Timeout: `limit_s` an episode.
    """
    from handwheel.evaluation.benchmark.episodes import draw_episodes
    from handwheel.evaluation.benchmark.suite import load_suite
    from handwheel.hmi.bench.options import SuiteName
    from handwheel.hmi.bench.play_suites import play_suites

    _check_loop()
    if not iscoroutinefunction(agent):
        raise InvalidArguments(f"the agent is no coroutine function: {agent!r}")
    names = [each.value for each in SuiteName if each is not SuiteName.ALL]
    if suite not in names:
        known = ", ".join(names)
        raise InvalidArguments(
            f"there is no suite {suite!r}{did_you_mean(suite, names)}; known: {known}"
        )
    wanted = None if seeds is None else list(seeds)
    if wanted and min(wanted) < 0:
        raise InvalidArguments(f"a seed is a number from 0 on, not {min(wanted)}")
    found = load_suite(suite)
    episodes = draw_episodes(found, faults, wanted, programs=True)
    played = play_suites([found], episodes, jobs, FunctionProgram(agent), limit_s, models=None)
    return [result for _, results, _ in played for result in results]


def _check_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise HandwheelError("an event loop runs here; write `await asyncio.to_thread(play, …)`")
