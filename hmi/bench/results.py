"""The file `results.json` of a benchmark."""

import platform
from collections.abc import Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from handwheel.evaluation.benchmark.judge import Result
from handwheel.evaluation.benchmark.suite import Suite
from handwheel.evaluation.benchmark.summary import Summary, by_case, meets, summary


def result_fields(suite: Suite, results: Sequence[Result]) -> dict[str, Any]:
    """Returns all results with the hash of the suite and the versions, which tell them apart."""
    whole = summary(results)
    return {
        "schema": "benchmark-results/1",
        "suite": suite.name,
        "suite_sha256": suite.sha256,
        "versions": {"handwheel": version("handwheel"), "python": platform.python_version()},
        "goal": suite.file.goal.model_dump(),
        "is_met": meets(whole, suite.file.goal),
        "total": _summary_fields(whole),
        "cases": {
            case: _summary_fields(summary(found)) for case, found in by_case(results).items()
        },
        "episodes": [_episode_fields(each) for each in results],
    }


def _episode_fields(result: Result) -> dict[str, Any]:
    episode, played = result.episode, result.played
    return {
        "case": result.case,
        "seed": result.seed,
        "outcome": result.outcome,
        "wrong": result.wrong,
        **asdict(result.times),
        "onset_s": episode.onset_s,
        "judged_s": result.judged_s,
        "faults": {each.fault: dict(each.parameters) for each in episode.events},
        "last": asdict(result.last),
        "findings": [asdict(each) for each in played.findings],
        "alarms": played.alarms,
        "failed_methods": played.failed,
        "cpu_s": round(played.cpu_s, 3),
    }


def _summary_fields(found: Summary) -> dict[str, Any]:
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
        "named_s": found.named_s,
        "alarm_s": found.alarm_s,
    }
