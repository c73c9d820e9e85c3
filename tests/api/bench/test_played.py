"""Real episodes played by programs of others, over MCP and in this process."""

import sys
from dataclasses import replace
from math import nan
from pathlib import Path
from typing import Any

import pytest

from handwheel.bench import Conclusion, Verbs, play
from handwheel.connectors.errors import HandwheelError
from handwheel.evaluation.benchmark.episodes import Episode, draw_episode
from handwheel.evaluation.benchmark.judge import Diagnosed
from handwheel.evaluation.benchmark.responding.judge_response import Responded
from handwheel.evaluation.benchmark.results import Result
from handwheel.evaluation.benchmark.run_suites import run_suites
from handwheel.evaluation.benchmark.suite import load_suite
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.mcp.mcp_program import McpProgram
from handwheel.tools.errors import InvalidArguments

ROOT = Path(__file__).parents[3]
EXAMPLE = f"{sys.executable} {ROOT / 'examples/benchmark_agent.py'}"
OVER_STDIO = f"{sys.executable} {Path(__file__).with_name('stdio_agent.py')}"
HANGS = "sh -c 'yes >&2'"


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("site") / "cw-100"
    write_site(root, create_plant("cw-100"), PlantEndpoints())
    return {"cw-100": root}


def _episode(suite: str, case: str, lasts_s: float) -> Episode:
    drawn = draw_episode(load_suite(suite), case, 1)
    events = tuple(replace(each, at_s=60.0) for each in drawn.events)
    return replace(drawn, events=events, onset_s=60.0, lasts_s=lasts_s)


def _played(
    roots: dict[str, Path], episode: Episode, command: str, limit_s: float = 150.0
) -> Result:
    (result,) = run_suites(roots, [episode], 1, McpProgram(command), limit_s)
    return result


def test_the_example_agent_by_http_names_a_fault(roots: dict[str, Path]) -> None:
    result = _played(roots, _episode("watch", "F02", 400.0), EXAMPLE)
    assert isinstance(result, Diagnosed)
    assert (result.outcome, result.program_failed) == ("right", "")


@pytest.mark.timeout(180)  # three processes with large imports
def test_an_agent_of_langgraph_over_stdio_has_people_repair(roots: dict[str, Path]) -> None:
    result = _played(roots, _episode("respond", "F10", 600.0), OVER_STDIO)
    assert isinstance(result, Responded)
    assert (result.outcome, result.program_failed) == ("right", "")
    assert result.acted.named == ["pump-tripped P-101A"]


def test_a_program_past_its_limit_is_ended_and_told(roots: dict[str, Path]) -> None:
    result = _played(roots, _episode("watch", "F02", 60.0), HANGS, limit_s=2.0)
    assert (result.outcome, result.program_failed) == (
        "missed", "was ended after 2 s of the computer's time",
    )  # fmt: skip


async def names_plugged(verbs: Verbs) -> None:
    await verbs.read([], after_s=1800.0)  # when every fault has begun
    await verbs.conclude(Conclusion(faults=("strainer-plugged",)))


def test_play_returns_the_results_of_a_function() -> None:
    (result,) = play(names_plugged, "watch", seeds=[1], faults=["F02"])
    assert (result.outcome, result.program_failed) == ("right", "")


async def test_play_refuses_what_cannot_be_played() -> None:
    with pytest.raises(HandwheelError, match="an event loop runs here"):
        play(names_plugged)


def test_play_refuses_what_it_cannot_copy() -> None:
    async def inner(verbs: Verbs) -> None:
        del verbs

    with pytest.raises(InvalidArguments, match="pickle"):
        play(inner, seeds=[1], faults=["F02"])


def _no_coroutine(_: Verbs) -> None: ...


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"suite": "wach"}, "suite: there is no suite 'wach'; did you mean 'watch'"),
        ({"seeds": [-1]}, "seeds.0: input should be greater than or equal to 0, found -1"),
        ({"seeds": ["a"]}, "seeds.0: input should be a valid integer, found 'a'"),
        ({"seeds": [1.5]}, "seeds.0: input should be a valid integer, found 1.5"),
        ({"seeds": iter([2, 1, 1])}, "seeds: 1 stands here twice"),
        ({"seeds": 5}, "seeds: input should be a valid list, found 5"),
        ({"jobs": 0}, "jobs: input should be greater than or equal to 1, found 0"),
        ({"limit_s": -5}, "limit_s: -5 s must be at least 1 s"),
        ({"limit_s": nan}, "limit_s: input should be a finite number"),
        ({"agent": _no_coroutine}, "agent: is no coroutine function"),
        ({"faults": ["F99"], "jobs": -1}, "faults: watch has no 'F99'; known: F01(.|\n)*jobs: "),
    ],
)
def test_play_with_a_wrong_argument_is_refused(change: dict[str, Any], words: str) -> None:
    async def agent(_: Verbs) -> None: ...

    with pytest.raises(InvalidArguments, match=words):
        play(change.pop("agent", agent), **change)
