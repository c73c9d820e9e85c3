"""Run of a benchmark with an agent in Python."""

import asyncio
from collections.abc import Iterable, Sequence

from handwheel.connectors.errors import HandwheelError
from handwheel.evaluation.benchmark.results import Result

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
        seeds: Each once; from 1 on, as many as the suite says, if none are given.
        faults: Cases of the suite, all of them if none are given.
        jobs: Number of processes; with 1 the episodes are played in this one.
        limit_s: Time of the computer after which an agent is ended in an episode, at least 1 s.

    Returns:
        A `Diagnosed` of each episode, in `respond` and `tep` a `Responded`, in `hold` a
        `HoldResult`, in `renamed` a `Renamed`. None is missing if an agent has failed, which
        `program_failed` tells.

    Raises:
        InvalidArguments: An argument is wrong, such as an unknown suite or a number of jobs below
            1; all of them. Or the agent cannot be copied to each episode.
        HandwheelError: An event loop runs in this thread, or a process has ended.

    Effect: writes temporary files, runs the agent. Retry: none. Timeout: `limit_s` an episode.
    """
    from handwheel.evaluation.benchmark.episodes import draw_episodes
    from handwheel.evaluation.benchmark.suite import load_suite
    from handwheel.hmi.bench.play_suites import play_suites

    from .play_arguments import checked_arguments

    _check_loop()
    own = checked_arguments(
        agent=agent, suite=suite, seeds=seeds, faults=faults, jobs=jobs, limit_s=limit_s
    )
    found = load_suite(own.suite)
    episodes = draw_episodes(found, own.faults, own.seeds, programs=True)
    program = FunctionProgram(agent)
    played = play_suites([found], episodes, own.jobs, program, own.limit_s, models=None)
    return [result for _, results, _ in played for result in results]


def _check_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise HandwheelError("an event loop runs here; write `await asyncio.to_thread(play, …)`")
