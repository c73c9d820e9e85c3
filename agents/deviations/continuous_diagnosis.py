"""Diagnosis of the whole plant at regular times, which does not wait for an alarm."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from handwheel.tools.conditions import History
from handwheel.tools.conditions.operands import Readings

from ..diagnosis.baseline import NO_BASELINE, Baseline
from ..diagnosis.check_names import CheckKey
from ..diagnosis.evidence import Evidence
from ..diagnosis.hypotheses import Hypotheses
from ..diagnosis.ranking import Ranking, diagnose
from ..diagnosis.weigh import Moment
from ..diagnosis.windows import Windows

CONFIRMED = 3
"""Diagnoses in a row that must name a hypothesis before it counts as named."""


@dataclass(slots=True)
class ContinuousDiagnosis:
    """Diagnosis of a plant. `observe` takes each scan and diagnoses as often as they say.

    Attributes:
        ranking: The latest one, `None` before the first.
        since_s: Process time since which each hypothesis is named without a break.
    """

    hypotheses: Hypotheses
    history: History  # of the conditions of the hypotheses, which its owner fills
    baseline: Baseline = NO_BASELINE
    ranking: Ranking | None = None
    since_s: dict[str, float] = field(default_factory=dict[str, float])
    answers: Mapping[CheckKey, Evidence] = field(default_factory=dict[CheckKey, Evidence])
    windows: Windows = field(init=False)
    _times: dict[str, int] = field(default_factory=dict[str, int])
    _next_s: float = 0.0

    def __post_init__(self) -> None:
        self.windows = Windows(sorted(self.hypotheses.tags))

    def observe(self, readings: Readings, now_s: float) -> bool:
        """Takes a scan. Returns whether it was diagnosed."""
        self.windows.observe(readings, now_s)
        if self._next_s - self.hypotheses.every_s > now_s:  # the plant was restarted
            self._next_s = now_s
        if now_s < self._next_s:
            return False
        self._next_s = now_s + self.hypotheses.every_s
        self.ranking = self.diagnose(readings)
        names = {each.hypothesis.id for each in self.ranking.named}
        self._times = {each: self._times.get(each, 0) + 1 for each in names}
        self.since_s = {each: self.since_s.get(each, now_s) for each in names}
        return True

    def diagnose(self, readings: Readings) -> Ranking:
        """Returns the ranking of all hypotheses now."""
        moment = Moment(self.windows, readings, self.history, self.baseline, self.answers)
        return diagnose(self.hypotheses, moment)

    @property
    def named(self) -> list[str]:
        """Ids of the faults that are named for long enough."""
        ranking = self.ranking
        names = ranking.names if ranking else ()
        return [each for each in names if self._times.get(each, 0) >= CONFIRMED]
