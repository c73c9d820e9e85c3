"""Judgement of an episode by the faults that were injected. No model judges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .episodes import Episode, Truth
from .play import Finding, Played

Outcome = Literal["right", "rightly abstained", "abstained", "missed", "wrong"]
IS_RIGHT: frozenset[Outcome] = frozenset({"right", "rightly abstained"})
NOTHING = Finding(0.0, "normal", (), ())


@dataclass(frozen=True, slots=True)
class Times:
    """Times of an episode, seconds after the onset, `None` for what did not happen."""

    symptom_s: float | None  # a tag differed from the same plant without the fault
    named_s: float | None  # the right names were confirmed
    alarm_s: float | None  # the first alarm of the plant came, also after the judged time


@dataclass(frozen=True, slots=True)
class Result:
    """Judged episode."""

    episode: Episode
    played: Played
    outcome: Outcome
    wrong: tuple[str, ...]  # names that were confirmed and are not true
    last: Finding  # at the end of the judged time
    times: Times
    judged_s: float  # length of the judged time after the onset

    @property
    def case(self) -> str:
        """Case of the suite."""
        return self.episode.case

    @property
    def seed(self) -> int:
        """Seed of the episode."""
        return self.episode.seed


def judge(episode: Episode, played: Played) -> Result:
    """Judges an episode."""
    end_s = min(played.ended_s, episode.end_s)
    if (at_s := played.alarms.get(episode.alarm)) is not None:
        end_s = at_s - episode.before_s
    findings = [each for each in played.findings if each.at_s <= end_s]
    outcome, wrong = judged(findings, episode.truth)
    times = Times(
        _after(episode, played.symptom_s),
        _after(episode, _named_s(findings, episode)),
        _after(episode, min(played.alarms.values(), default=None)),
    )
    last = findings[-1] if findings else NOTHING
    return Result(episode, played, outcome, wrong, last, times, end_s - episode.onset_s)


def judged(findings: Sequence[Finding], truth: Truth) -> tuple[Outcome, tuple[str, ...]]:
    """Returns the outcome of a course, and the wrong names that were confirmed in it.

    A wrong name counts at any moment, also before the onset. All else is judged at the end.
    """
    true = truth.expected | truth.also
    named = dict.fromkeys(name for each in findings for name in each.names)
    wrong = tuple(each for each in named if each not in true)
    last = findings[-1] if findings else NOTHING
    if wrong:
        return "wrong", wrong
    if truth.expected <= set(last.names):
        return "right", ()
    if last.verdict != "abstain":
        return "missed", ()
    is_rightly = bool(truth.abstain) and truth.abstain == frozenset(last.suspects)
    return "rightly abstained" if is_rightly else "abstained", ()


def _named_s(findings: Sequence[Finding], episode: Episode) -> float | None:
    expected = episode.truth.expected
    right = (each.at_s for each in findings if expected and expected <= set(each.names))
    return next((each for each in right if each >= episode.onset_s), None)


def _after(episode: Episode, at_s: float | None) -> float | None:
    return None if at_s is None else at_s - episode.onset_s
