"""Learning of healthy residuals from a plant that is well, as a pure function of its scans."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import sqrt

from handwheel.tools.conditions import History
from handwheel.tools.conditions.operands import Readings

from .baseline import Baseline, HealthySpec
from .evidence import Measured
from .hypotheses import Hypotheses
from .ranking import diagnose
from .weigh import Moment
from .windows import Windows

EVERY_S = 60.0
"""Process time from one measurement to the next, or that of the diagnosis if it is longer."""
LEAST = 20
"""Number of values without which a residual is not learnt."""
_MOST_RANGES = 5
_NARROWEST = 0.1  # width of a range on average, as a share of the largest operating point
_CONFIRMED = 3  # measurements in a row that must name a fault


@dataclass(slots=True)
class Learning:
    """Healthy residuals that are being learnt. `observe` takes each scan.

    The faults that are named meanwhile are kept, since only a person can say that they are none.

    Attributes:
        named: Process time of the first and the last measurement that named each fault.
        measured_s: Process time over which it measured.
    """

    hypotheses: Hypotheses
    named: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    measured_s: float = 0.0
    _windows: Windows = field(init=False)
    _history: History = field(init=False)
    _values: dict[str, list[Measured]] = field(init=False)
    _times: dict[str, int] = field(default_factory=dict[str, int])
    _next_s: float = 0.0

    def __post_init__(self) -> None:
        self._windows = Windows(sorted(self.hypotheses.tags))
        self._history = History(self.hypotheses.conditions)
        self._values = {call: [] for call in self.hypotheses.learnt_calls}

    def observe(self, readings: Readings, now_s: float) -> None:
        """Takes a scan at a process time, which begins anew where it goes back."""
        self._windows.observe(readings, now_s)
        self._history.observe(readings, now_s)
        every_s = max(EVERY_S, self.hypotheses.every_s)
        if self._next_s - every_s > now_s:
            self._next_s = now_s
        if now_s < self._next_s or not readings:
            return
        self._next_s = now_s + every_s
        self.measured_s += every_s
        moment = Moment(self._windows, readings, self._history)
        names = diagnose(self.hypotheses, moment).names
        for call, values in self._values.items():
            if (found := moment.residuals.get(call)) is not None:
                values.append(found)
        self._times = {each: self._times.get(each, 0) + 1 for each in names}
        for name in (each for each, times in self._times.items() if times >= _CONFIRMED):
            first_s = now_s - (_CONFIRMED - 1) * every_s
            self.named[name] = self.named.get(name, (first_s, now_s))[0], now_s

    @property
    def baseline(self) -> Baseline:
        """Healthy residuals of each call that was measured often enough."""
        return Baseline({n: healthy_ranges(e) for n, e in self._values.items() if len(e) >= LEAST})

    @property
    def missing(self) -> list[str]:
        """Calls that were not measured often enough."""
        return [name for name, each in self._values.items() if len(each) < LEAST]


def learn(hypotheses: Hypotheses, scans: Iterable[tuple[Readings, float]]) -> Learning:
    """Learns from scans of a healthy plant, each with its process time, oldest first."""
    found = Learning(hypotheses)
    for readings, now_s in scans:
        found.observe(readings, now_s)
    return found


def healthy_ranges(values: Sequence[Measured]) -> list[HealthySpec]:
    """Returns mean and spread of residuals in ranges of the operating point.

    There are at most five, each of as many values and with at least 20. Where the operating point
    hardly moves there is one.
    """
    order = sorted(values, key=lambda each: each.at)
    low, high = order[0].at, order[-1].at
    widest = _NARROWEST * max(abs(low), abs(high))
    wide_enough = int((high - low) / widest) if widest > 0.0 else 1
    count = max(min(_MOST_RANGES, len(order) // LEAST, wide_enough), 1)
    ends = [round(n * len(order) / count) for n in range(count + 1)]
    return [_healthy(order[ends[n] : ends[n + 1]]) for n in range(count)]


def _healthy(values: Sequence[Measured]) -> HealthySpec:
    count = len(values)
    mean = sum(each.value for each in values) / count
    spread = sqrt(sum((each.value - mean) ** 2 for each in values) / count)
    return HealthySpec(low=values[0].at, high=values[-1].at, mean=mean, spread=spread, count=count)
