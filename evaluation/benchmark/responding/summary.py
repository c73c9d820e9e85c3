"""Summary of the harm and of what people were asked for, over some episodes."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..summary import Share
from .judge_response import Responded
from .model_use import ModelUse, total_use

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class ResponseSummary:
    """Summary of episodes in which the agents act, each compared with the plant left alone."""

    better: Share
    worse: Share
    trips: Share
    trips_alone: Share
    excess_minutes: float  # mean, as of `Harm`
    excess_minutes_alone: float
    requests_per_hour: float  # of the time after the onset in which agents were there
    kept: Share  # of the promises, which are expected results
    models: ModelUse | None  # of all episodes, `None` without models


def response_summary(results: Sequence[Responded]) -> ResponseSummary:
    """Summarizes episodes, at least one."""
    of = len(results)
    acted = [each.acted for each in results]
    compared = [each.harm.worse_than(each.alone.harm) for each in acted]
    hours = sum(each.acted.watched_s - each.episode.onset_s for each in results) / _HOUR_S
    kept = [each for one in acted for each in one.kept]
    return ResponseSummary(
        Share(compared.count(-1), of),
        Share(compared.count(1), of),
        Share(sum(each.harm.has_tripped for each in acted), of),
        Share(sum(each.alone.harm.has_tripped for each in acted), of),
        sum(each.harm.excess_minutes for each in acted) / of,
        sum(each.alone.harm.excess_minutes for each in acted) / of,
        sum(len(each.requests) for each in acted) / hours if hours > 0.0 else 0.0,
        Share(sum(kept), len(kept)),
        total_use(each.models for each in acted),
    )
