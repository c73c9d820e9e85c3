"""Course of an episode, with the real diagnosis on the readings of the simulated plant."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace

from handwheel.agents.deviations.continuous_diagnosis import ContinuousDiagnosis
from handwheel.agents.diagnosis.baseline import NO_BASELINE
from handwheel.agents.diagnosis.hypotheses import Hypotheses
from handwheel.agents.diagnosis.probability import possible_faults
from handwheel.connectors.model.site import Site
from handwheel.tools.conditions import History

from .episodes import Episode
from .mismatch import Learnt
from .plant_course import PlantCourse

BEFORE_ONSET_S = 120.0
"""Time before an onset in which an episode has a course of its own, for what is weighed then."""
_WEIGHED_AT = (-1.0, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 180.0)  # minutes after the onset


@dataclass(frozen=True, slots=True)
class Finding:
    """Answer of the diagnosis from a time on, until the next finding.

    Attributes:
        at_s: Time since the beginning of the episode, seconds.
        verdict: `named`, `abstain` where faults are only suspected, or `normal`.
        names: Confirmed faults.
        suspects: Faults that are neither named nor refuted.
    """

    at_s: float
    verdict: str
    names: tuple[str, ...]
    suspects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WeighedFault:
    """Fault with the decibans by which it was ranked at a fixed time of an episode.

    The times do not depend on what the diagnosis says, so that its probabilities can be judged.

    Attributes:
        at_s: Time since the beginning of the episode, seconds.
        hypothesis: The fault.
        total_db: Prior and evidence, decibans.
        ahead_db: Distance to the best rival, to 0 dB if none is suspected, decibans.
    """

    at_s: float
    hypothesis: str
    total_db: float
    ahead_db: float


@dataclass(slots=True)
class Played:
    """Course of an episode. Times count from its beginning, in seconds.

    Attributes:
        findings: Each time that the answer has changed, oldest first.
        alarms: First time of each alarm after the onset.
        failed: Methods of our diagnosis that failed, and why.
        symptom_s: Time at which a tag showed the fault; `None` if none did.
        ended_s: Time of the end.
        cpu_s: CPU time of the process that played, seconds.
        unlearnt: Findings without a baseline, where the others have one.
        weighed: Faults as our diagnosis ranked them at fixed times; empty for a program of others.
        would_decide: Words of a program in its last conclusion; empty for none.
    """

    findings: list[Finding] = field(default_factory=list[Finding])
    alarms: dict[str, float] = field(default_factory=dict[str, float])
    failed: dict[str, str] = field(default_factory=dict[str, str])
    symptom_s: float | None = None
    ended_s: float = 0.0
    cpu_s: float = 0.0
    unlearnt: list[Finding] = field(default_factory=list[Finding])
    weighed: list[WeighedFault] = field(default_factory=list[WeighedFault])
    would_decide: str = ""


class Course:
    """Course of an episode, in which the plant is diagnosed scan by scan.

    Args:
        site: From `watched_site`, of the plant of the episode.
        learnt: State from which the plant goes on, with a baseline; a second diagnosis has none.

    Attributes:
        played: What has happened up to now.
    """

    def __init__(
        self, episode: Episode, site: Site, hypotheses: Hypotheses, learnt: Learnt | None = None
    ) -> None:
        self.played = Played()
        self._episode = episode
        self._plant = PlantCourse(episode, site, None if learnt is None else learnt.state)
        self.played.alarms = self._plant.alarms
        history = History(hypotheses.conditions)
        baseline = NO_BASELINE if learnt is None else learnt.baseline
        self._diagnosis = ContinuousDiagnosis(hypotheses, history, baseline)
        self._unlearnt = None if learnt is None else ContinuousDiagnosis(hypotheses, history)
        windows = [each for one in hypotheses.conditions for each in one.windows]
        self._unchanging = (site, hypotheses, baseline, *windows)

    def of(self, episode: Episode) -> "Course":
        """Returns a copy that goes on as another episode of the same plant and seed."""
        course = deepcopy(self, {id(each): each for each in self._unchanging})
        course.change_to(episode)
        return course

    def change_to(self, episode: Episode) -> None:
        """Goes on as another episode, of which no fault has begun."""
        self._episode = episode
        self._plant.change_to(episode)

    def play(self) -> Played:
        """Goes on to the end of the episode, or to the alarm before which its judged time ends."""
        episode, played = self._episode, self.played
        weighed_at_s = [episode.onset_s + 60.0 * each for each in _WEIGHED_AT]
        while not self._plant.is_over:
            self.scan()
            if weighed_at_s and played.ended_s >= weighed_at_s[0]:
                played.weighed += _weighed(weighed_at_s.pop(0), self._diagnosis)
        played.symptom_s = self._plant.symptom_s
        return played

    def scan(self) -> None:
        """Advances the plant, and diagnoses what it then shows."""
        played, diagnosis = self.played, self._diagnosis
        self._plant.advance()
        played.ended_s = self._plant.now_s
        readings = self._plant.readings()
        diagnosis.history.observe(readings, played.ended_s)
        if diagnosis.observe(readings, played.ended_s):
            _note(played, played.findings, diagnosis)
            if self._unlearnt is not None and diagnosis.moment is not None:
                self._unlearnt.observe_moment(diagnosis.moment, played.ended_s)
                _note(played, played.unlearnt, self._unlearnt)


def _note(played: Played, findings: list[Finding], diagnosis: ContinuousDiagnosis) -> None:
    ranking = diagnosis.ranking
    assert ranking is not None
    suspected = (each.hypothesis for each in ranking.suspected)
    suspects = tuple(each.id for each in suspected if each.mode.is_fault)
    found = Finding(played.ended_s, ranking.verdict, tuple(diagnosis.named), suspects)
    if not findings or replace(findings[-1], at_s=found.at_s) != found:
        findings.append(found)
    played.failed |= dict(ranking.faults)


def _weighed(at_s: float, diagnosis: ContinuousDiagnosis) -> Iterator[WeighedFault]:
    """Yields the faults of the latest ranking that are not excluded."""
    for each, ahead_db in possible_faults(diagnosis.ranking) if diagnosis.ranking else ():
        yield WeighedFault(at_s, each.hypothesis.id, round(each.total_db, 2), round(ahead_db, 2))


def watched_site(site: Site, hypotheses: Hypotheses) -> Site:
    """Returns a site with only the tags that its hypotheses need, so that nothing else is read."""
    names = {*hypotheses.tags, *(tag for each in hypotheses.conditions for tag in each.tags)}
    if site.clock_tag:
        names.add(site.clock_tag)
    needed = {tag.name: tag for tag in site.needed(site.tags[name] for name in sorted(names))}
    return replace(site, tags=needed)
