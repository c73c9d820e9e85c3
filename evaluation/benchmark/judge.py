"""Judgement of an episode by the faults that were injected. No model judges."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .episodes import Episode
from .play import Finding, Played, WeighedFault
from .results import Outcome, Result, Times, after_onset
from .summary import Share

NOTHING = Finding(0.0, "normal", (), ())


@dataclass(frozen=True, slots=True)
class Diagnosed(Result):
    """Judged episode in which the agents only diagnose.

    Attributes:
        played: The whole course.
        last: Finding at the end of the judged time.
        unlearnt: Wrong names of our diagnosis without a baseline; empty for none.
        judged_s: Length of the judged time after the onset, seconds.
    """

    played: Played
    last: Finding
    unlearnt: tuple[str, ...]
    judged_s: float

    @property
    def weighed(self) -> list[WeighedFault]:
        """Faults that were weighed at fixed times of the judged time.

        Between the onset and a later fault it is not one truth, so that those are left out.
        """
        onset_s = self.episode.onset_s
        all_s = max((each.at_s for each in self.episode.events), default=onset_s)
        return [
            each
            for each in self.played.weighed
            if each.at_s <= onset_s + self.judged_s and not onset_s <= each.at_s < all_s
        ]

    @property
    def instead(self) -> str:
        """The answer that was given instead of the right one."""
        if self.outcome == "wrong":
            return f"wrong, {', '.join(self.wrong)}"
        suspected = f"suspected {', '.join(self.last.suspects) or 'nothing'}"
        if self.outcome == "one of two":
            return f"only {', '.join(self.last.names)} named, {suspected}"
        if self.outcome == "abstained":
            return f"abstained, {suspected}"
        return "missed"


def judge(episode: Episode, played: Played) -> Diagnosed:
    """Judges an episode."""
    end_s = min(played.ended_s, episode.end_s)
    if (at_s := played.alarms.get(episode.alarm)) is not None:
        end_s = at_s - episode.before_s
    findings = [each for each in played.findings if each.at_s <= end_s]
    outcome, wrong = judged(findings, episode)
    times = Times(
        after_onset(episode, played.symptom_s),
        after_onset(episode, _named_s(findings, episode)),
        after_onset(episode, min(played.alarms.values(), default=None)),
    )
    last = findings[-1] if findings else NOTHING
    judged_s = end_s - episode.onset_s
    _, unlearnt = judged([each for each in played.unlearnt if each.at_s <= end_s], episode)
    return Diagnosed(episode, outcome, wrong, times, played.cpu_s, played, last, unlearnt, judged_s)


def judged(findings: Sequence[Finding], episode: Episode) -> tuple[Outcome, tuple[str, ...]]:
    """Returns the outcome of a course, and the wrong names that were confirmed in it.

    A wrong name counts at any moment, and a right one before its fault has begun is wrong. All
    else is judged at the end.
    """
    if wrong := tuple(dict.fromkeys(_wrong_names(findings, episode))):
        return "wrong", wrong
    truth, last = episode.truth, findings[-1] if findings else NOTHING
    names = frozenset(last.names)
    if truth.expected <= names:
        return "right", ()
    can_be_told = truth.expected - truth.abstain
    if truth.abstain and truth.abstain == frozenset(last.suspects) and can_be_told <= names:
        return "rightly abstained", ()
    if truth.expected & names:
        return "one of two", ()
    return "abstained" if last.verdict == "abstain" else "missed", ()


def _wrong_names(findings: Sequence[Finding], episode: Episode) -> Iterator[str]:
    for each in findings:
        for name in each.names:
            if name not in episode.truth.names:
                yield name
            elif each.at_s < episode.begins_s(name):
                yield f"{name} before it began"


def wrong_without_baseline(results: Sequence[Result]) -> Share:
    """Returns the share of episodes with a wrong name in the diagnosis without a baseline."""
    found = [each for each in results if isinstance(each, Diagnosed) and each.played.unlearnt]
    return Share(sum(bool(each.unlearnt) for each in found), len(found))


def _named_s(findings: Sequence[Finding], episode: Episode) -> float | None:
    expected = episode.truth.expected
    right = (each.at_s for each in findings if expected and expected <= set(each.names))
    return next((each for each in right if each >= episode.onset_s), None)
