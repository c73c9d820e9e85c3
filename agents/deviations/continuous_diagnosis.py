"""Diagnosis of the whole plant at regular times, which does not wait for an alarm."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from handwheel.tools.conditions import History
from handwheel.tools.conditions.operands import Readings

from ..diagnosis.baseline import NO_BASELINE, Baseline
from ..diagnosis.check_names import CheckKey
from ..diagnosis.evidence import Evidence
from ..diagnosis.hypotheses import Hypotheses, Hypothesis
from ..diagnosis.ranking import (
    AHEAD_DB,
    LEAST_COVERAGE,
    NAMED_DB,
    SUSPECTED_DB,
    DecidingCheck,
    Ranking,
    are_rivals,
    deciding_checks,
    diagnose,
    rank,
)
from ..diagnosis.weigh import Moment, Weighed, weigh
from ..diagnosis.windows import GUESSED_S, Windows
from .deviation import SLOPE_WINDOW_S

CONFIRMED = 3
"""Diagnoses in a row that must name a hypothesis before it counts as named."""
UNDECIDED = 9
"""Diagnoses in a row for which the same hypotheses must rival before people are told."""
_REFUTED = 3  # diagnoses in a row after which a hypothesis is gone
_UNKNOWN = 30  # the same where its signs cannot be told


@dataclass(slots=True)
class ContinuousDiagnosis:
    """Diagnosis of a plant. `observe` takes each scan and diagnoses as often as they say.

    Attributes:
        more_tags: Tags that have windows beside those of the hypotheses.
        ranking: The latest one, `None` before the first.
        moment: Of the latest scan, `None` until something is weighed.
        since_s: Process time since which each hypothesis is named without a break.
        standing: Process time since which each fault stands that is confirmed, or that was and is
            not gone yet. One that only rivals keep from being named is among them.
    """

    hypotheses: Hypotheses
    history: History  # of the conditions of the hypotheses, which its owner fills
    baseline: Baseline = NO_BASELINE
    more_tags: frozenset[str] = frozenset()
    ranking: Ranking | None = None
    moment: Moment | None = None
    since_s: dict[str, float] = field(default_factory=dict[str, float])
    standing: dict[str, float] = field(default_factory=dict[str, float])
    answers: Mapping[CheckKey, Evidence] = field(default_factory=dict[CheckKey, Evidence])
    windows: Windows = field(init=False)
    _by_id: Mapping[str, Hypothesis] = field(init=False)
    _times: dict[str, int] = field(default_factory=dict[str, int])
    _rivals: dict[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    _absent: dict[str, int] = field(default_factory=dict[str, int])
    _next_s: float = 0.0

    def __post_init__(self) -> None:
        self.windows = Windows(sorted(self.hypotheses.tags | self.more_tags))
        self._by_id = {each.id: each for each in self.hypotheses.every}

    def observe(self, readings: Readings, now_s: float) -> bool:
        """Takes a scan. Returns whether it was diagnosed."""
        self.moment = None
        if now_s < self.windows.now_s - GUESSED_S:  # the plant was restarted
            self.forget()
        self.windows.observe(readings, now_s)
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self.hypotheses.every_s
        self.ranking = self.diagnose(readings)
        self._confirm(self.ranking, now_s)
        return True

    def observe_moment(self, moment: Moment, now_s: float) -> None:
        """Diagnoses what another diagnosis of the same hypotheses has just diagnosed.

        It has the other's windows and residuals, so that none is measured twice.
        """
        self.windows = moment.windows
        self.moment = replace(moment, baseline=self.baseline, answers=self.answers)
        self.ranking = self.diagnose(moment.readings)
        self._confirm(self.ranking, now_s)

    @property
    def reaches(self) -> Mapping[str, float]:
        """How far back the methods look at each tag, process time."""
        found = dict.fromkeys(self.windows.tags, SLOPE_WINDOW_S)
        for each in self.hypotheses.every:
            for sign in each.signs:
                if sign.method is not None:
                    longest = {tag: max(found[tag], sign.method.window_s) for tag in sign.tags}
                    found |= longest
        return found

    def recall(self, readings: Readings, now_s: float) -> None:
        """Takes a recorded scan from before this process, oldest first."""
        self.windows.observe(readings, now_s)

    def forget(self) -> None:
        """Begins anew, since this is another plant."""
        self.windows, self._next_s = Windows(self.windows.tags), 0.0
        for each in (self.since_s, self.standing, self._times, self._rivals, self._absent):
            each.clear()

    def diagnose(self, readings: Readings) -> Ranking:
        """Returns the ranking of all hypotheses now."""
        return diagnose(self.hypotheses, self._moment_of(readings))

    def weigh(self, hypothesis: str, readings: Readings) -> Weighed:
        """Weighs a hypothesis by its id."""
        return weigh(self._by_id[hypothesis], self._moment_of(readings))

    def _moment_of(self, readings: Readings) -> Moment:
        if self.moment is None:
            self.moment = Moment(self.windows, readings, self.history, self.baseline, self.answers)
        return self.moment

    def rank_anew(self, names: Iterable[str], readings: Readings) -> Ranking:
        """Returns the latest ranking, in which some hypotheses are weighed again."""
        found = {each.hypothesis.id: each for each in self.ranking.weighed} if self.ranking else {}
        found |= {each: self.weigh(each, readings) for each in names}
        faults = self.moment.faults if self.moment else None
        return rank(list(found.values()), self.hypotheses, faults, self.answers)

    def deciding_checks(self, suspected: Sequence[Weighed]) -> tuple[DecidingCheck, ...]:
        """Returns the checks that would decide between the best two of some suspects."""
        return deciding_checks(suspected, self.hypotheses, self.answers)

    @property
    def named(self) -> list[str]:
        """Ids of the faults that are named for long enough."""
        ranking = self.ranking
        names = ranking.names if ranking else ()
        return [each for each in names if self._times.get(each, 0) >= CONFIRMED]

    def _confirm(self, ranking: Ranking, now_s: float) -> None:
        """Counts the diagnoses that name each hypothesis, and notes those that stand."""
        names = {each.hypothesis.id for each in ranking.named}
        self._times = {each: self._times.get(each, 0) + 1 for each in names}
        self.since_s = {each: self.since_s.get(each, now_s) for each in names}
        rivals = _rivals_in(ranking)
        before = self._rivals
        self._rivals = {
            each: (before.get(each, (0, now_s))[0] + 1, before.get(each, (0, now_s))[1])
            for each in rivals
        }
        for name in self.named:
            self.standing.setdefault(name, self.since_s[name])
        for name, (times, since_s) in self._rivals.items():
            if times >= UNDECIDED:
                self.standing.setdefault(name, since_s)
        for each in ranking.weighed:
            self._note_absent(each, is_seen=each.hypothesis.id in names | rivals)

    def _note_absent(self, weighed: Weighed, *, is_seen: bool) -> None:
        """Ends what is refuted for a while, or cannot be told for a longer one."""
        name = weighed.hypothesis.id
        if name not in self.standing:
            return
        is_seen = is_seen or (
            weighed.coverage >= LEAST_COVERAGE and weighed.total_db >= SUSPECTED_DB
        )
        absent = self._absent[name] = 0 if is_seen else self._absent.get(name, 0) + 1
        if absent >= (_REFUTED if weighed.coverage >= LEAST_COVERAGE else _UNKNOWN):
            del self.standing[name], self._absent[name]


def _rivals_in(ranking: Ranking) -> set[str]:
    """Returns the faults of which the best would be named if the others were not so close."""
    faults = [each for each in ranking.suspected if each.hypothesis.mode.is_fault]
    found: set[str] = set()
    for best in faults:
        if best.total_db < NAMED_DB or best.coverage < LEAST_COVERAGE:
            continue
        close = [
            each
            for each in faults
            if each is best
            or (abs(best.total_db - each.total_db) < AHEAD_DB and are_rivals(each, best))
        ]
        if len(close) > 1:
            found |= {each.hypothesis.id for each in close}
    return found
