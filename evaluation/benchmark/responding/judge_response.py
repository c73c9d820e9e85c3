"""Judgement of an episode by the table of right responses, and its summary. No model judges."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.model.values import Value

from ..baselines.own_agent import written_tags
from ..episodes import Episode
from ..responses import FrameValue, ResponseSpec
from ..results import Outcome, Result, Times, after_onset
from ..summary import Share
from .acted import Acted, ModelUse, total_use

_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Responded(Result):
    """Judged episode in which the agents act.

    Attributes:
        acted: The whole course.
        missing: All that is right and did not happen.
        needless: Playbooks that asked for something that is not right.
    """

    acted: Acted
    missing: tuple[str, ...]
    needless: tuple[str, ...]

    @property
    def instead(self) -> str:
        """The deeds of the agents instead of the right ones."""
        if self.outcome == "wrong":
            return f"wrong, {', '.join(self.wrong)}"
        if self.outcome == "needless":
            return f"needless, {', '.join(self.needless)}"
        return f"missed, {', '.join(self.missing)}"


def judge_response(episode: Episode, acted: Acted, response: ResponseSpec) -> Responded:
    """Judges an episode."""
    wrong = tuple(wrong_frames(episode, acted, response))
    lacking = tuple(missing(episode, acted, response))
    if response.rides and (acted.harm.has_tripped or acted.trips):
        lacking += ("a plant that rides through",)
    needless = tuple(_needless(acted, response))
    outcome: Outcome = (
        "wrong" if wrong else "missed" if lacking else "needless" if needless else "right"
    )
    asked = (*acted.requests, *acted.orders)
    right = [each.at_s for each in asked if each.playbook in response.playbooks]
    alone = acted.alone
    times = Times(
        after_onset(episode, alone.symptom_s),
        after_onset(episode, min(right, default=None)),
        after_onset(episode, min(alone.alarms.values(), default=None)),
    )
    return Responded(episode, outcome, wrong, times, acted.cpu_s, acted, lacking, needless)


def wrong_frames(episode: Episode, acted: Acted, response: ResponseSpec) -> Iterator[str]:
    """Yields the frames that are not right for this fault, also those before its onset."""
    needed = dict(response.frames)
    for each in acted.frames:
        if each.at_s > episode.onset_s:
            if _fits(each.value, needed.get(each.tag)):
                del needed[each.tag]
                continue
            if _fits(each.value, response.may.get(each.tag)):
                continue
        yield each.text


def missing(episode: Episode, acted: Acted, response: ResponseSpec) -> Iterator[str]:
    """Yields all that must have happened and has not."""
    for tag, value in response.frames.items() if is_as_large(episode, response.frames_from) else ():
        if not any(each.tag == tag and _fits(each.value, value) for each in acted.frames):
            yield tag
    for tag, value in response.last.items():
        written = [each.value for each in acted.frames if each.tag == tag]
        if written and not _fits(written[-1], value):
            yield f"{tag} as it was"
    for what, wanted, found in (
        ("work order", response.orders, acted.orders),
        ("notice", response.notices, acted.notices),
    ):
        new = {each.playbook for each in found if each.at_s > episode.onset_s}
        for playbook in wanted:
            if playbook not in new:
                yield f"{what} of {playbook}"


def _needless(acted: Acted, response: ResponseSpec) -> Iterator[str]:
    """Yields what was asked for, except writes of its own to tags that the response names."""
    asked = dict.fromkeys(each.playbook for each in (*acted.requests, *acted.orders))
    named = response.frames.keys() | response.may.keys()
    for each in asked:
        own = written_tags(each)
        if each not in response.playbooks and not (own and named.issuperset(own)):
            yield each


def is_as_large(episode: Episode, least: Mapping[str, float]) -> bool:
    """Whether the fault of an episode has at least some sizes."""
    sizes: Mapping[str, float | str] = {
        name: value for each in episode.events for name, value in each.parameters.items()
    }
    return all(float(sizes[name]) >= each for name, each in least.items())


def _fits(value: Value, wanted: FrameValue | None) -> bool:
    if wanted is None or isinstance(value, str) or isinstance(wanted, str):
        return wanted is not None and value == wanted
    low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    return low - _SAME <= float(value) <= high + _SAME


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
