"""The file `results.json` of a benchmark."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from handwheel.evaluation.benchmark.baselines.agent_name import AgentName
from handwheel.evaluation.benchmark.holding.hold_result import HoldResult, total
from handwheel.evaluation.benchmark.judge import Diagnosed, wrong_without_baseline
from handwheel.evaluation.benchmark.programs.renamed import Renamed, recall_gap
from handwheel.evaluation.benchmark.programs.verbs import Program
from handwheel.evaluation.benchmark.responding.judge_response import Responded, response_summary
from handwheel.evaluation.benchmark.results import Result, of_kind
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.evaluation.benchmark.summary import by_case, meets, summary

SCHEMA = "benchmark-results/1"
"""Schema of the file, which has one suite, or several under `suites`."""


def result_fields(
    suite: Suite,
    results: Sequence[Result],
    wanted: int,
    agent: AgentName | Program = AgentName.HANDWHEEL,
) -> dict[str, Any]:
    """Returns all results with the hash of the suite and the versions, which tell them apart.

    The name of a program is its own, and marked as not verified.

    Args:
        wanted: Number of results of the whole run. If there are fewer, no goal is met.
    """
    is_whole = len(results) == wanted
    return {
        "schema": SCHEMA,
        "suite": suite.name,
        "agent": agent.value if isinstance(agent, AgentName) else agent.name,
        "agent_is_verified": isinstance(agent, AgentName),
        "suite_sha256": suite.sha256,
        "failure_modes_sha256": suite.modes_sha256,
        "versions": {"handwheel": version("handwheel"), "python": platform.python_version()},
        "goal": suite.file.goal.model_dump(),
        "is_whole": is_whole,
        "is_met": is_whole and meets(summary(results), suite.file.goal),
        "total": _summary_fields(results),
        "cases": {case: _summary_fields(found) for case, found in by_case(results).items()},
        "episodes": [_episode_fields(each) for each in results],
    }


def _episode_fields(result: Result) -> dict[str, Any]:
    episode = result.episode
    return {
        "case": result.case,
        "seed": result.seed,
        "outcome": result.outcome,
        "wrong": result.wrong,
        **asdict(result.times),
        "onset_s": episode.onset_s,
        "faults": {each.fault: dict(each.parameters) for each in episode.events},
        "begin_s": {each.fault: each.at_s for each in episode.events},
        **_fields_of_kind(result),
        **({"program_failed": result.program_failed} if result.program_failed else {}),
        "cpu_s": round(result.cpu_s, 3),
    }


def _fields_of_kind(result: Result) -> dict[str, Any]:
    """Returns what only results of one kind of suite have."""
    if isinstance(result, HoldResult):
        return {**asdict(result.counts), "tried": dict(result.tried)}
    if isinstance(result, Diagnosed):
        return _diagnosed_fields(result)
    if isinstance(result, Renamed):
        own = result.own
        under_own = {"outcome": own.outcome, "wrong": own.wrong, **asdict(own.times)}
        under_own |= _fields_of_kind(own)
        return {**_fields_of_kind(result.other), "own_names": under_own}
    if isinstance(result, Responded):
        fields = {"missing": result.missing, "needless": result.needless, **asdict(result.acted)}
        del fields["cpu_s"]
        return fields
    return {}


def _diagnosed_fields(result: Diagnosed) -> dict[str, Any]:
    return {
        "judged_s": result.judged_s,
        "wrong_without_baseline": result.unlearnt,
        "last": asdict(result.last),
        "findings": [asdict(each) for each in result.played.findings],
        "true": sorted(result.episode.truth.names),
        "weighed": [asdict(each) for each in result.weighed],
        "alarms": result.played.alarms,
        "failed_methods": result.played.failed,
        "would_decide": result.played.would_decide,
    }


def _summary_fields(results: Sequence[Result]) -> dict[str, Any]:
    found = summary(results)
    acted = of_kind(Responded, results)
    held = of_kind(HoldResult, results)
    twice = of_kind(Renamed, results)
    unlearnt = wrong_without_baseline(results)
    return {
        "n": found.right.of,
        "outcomes": dict(found.outcomes),
        "right": found.right.value,
        "right_interval": found.right.interval,
        "wrong": found.wrong.value,
        "wrong_interval": found.wrong.interval,
        "pass_5": found.all_five.value if found.all_five.of else None,
        "wrong_names": dict(found.wrong_names),
        "symptom_s": found.symptom_s,
        "answered_s": found.answered_s,
        "alarm_s": found.alarm_s,
        **({"wrong_without_baseline": unlearnt.value} if unlearnt.of else {}),
        **(asdict(response_summary(acted)) if acted else {}),
        **(asdict(total(held)) if held else {}),
        **(_gap_fields(twice) if twice else {}),
    }


def _gap_fields(results: Sequence[Renamed]) -> dict[str, Any]:
    gap = recall_gap(results)
    return {
        "right_under_own_names": gap.own.value,
        "right_under_own_names_interval": gap.own.interval,
        "recall_gap": gap.value,
        "recall_gap_interval": gap.interval,
    }
