"""What the windows of some conditions have seen, scan by scan, in memory."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from .operands import ConditionInputs, Readings
from .series import Key, Series
from .windows import Window

if TYPE_CHECKING:
    from .condition import Condition, Expression

_AGE = re.compile(r"\bage\s*\(")
_SPARE = 1.05  # so much further back, for a scan is a little late


class History:
    """The samples behind windows, in the time of the process.

    It has to be told every scan; what was not observed is a gap, and a gap is unknown. Each
    window keeps about a thousand samples at most, however long it is.

    Args:
        conditions: What will be judged with it; windows that stand in several are kept once.

    Attributes:
        series: By what each window looks at, and how far back.
    """

    def __init__(self, conditions: "Iterable[Condition | Expression]") -> None:
        windows = {each.key: each for condition in conditions for each in condition.windows}
        self._windows: Mapping[Key, Window] = windows
        self.series: Mapping[Key, Series] = {key: Series(key[1]) for key in windows}
        reaches = _reaches(list(windows.values()))
        self._recalled = [
            (reaches[each.key] * _SPARE, each)
            for each in windows.values()
            if not _AGE.search(each.text)
        ]
        self._last_s = float("-inf")

    def observe(self, readings: Readings, now_s: float, *, clock_s: float | None = None) -> None:
        """Takes one scan in.

        Args:
            readings: From one look at the plant, as a condition is judged on.
            now_s: In the process's time, of any zero. If it went back, the plant was restored or
                restarted, and everything that was seen is forgotten.
            clock_s: The moment, for `age`, on the clock that readings are received by; the
                computer's monotonic clock if it is not given.
        """
        self._take(self._windows.values(), readings, now_s, clock_s)

    def recall(self, readings: Readings, now_s: float, ago_s: float) -> None:
        """Takes in one scan of the time before this process began, the oldest first.

        How old a reading was then is not known, so a window over an age stays empty.

        Args:
            readings: As it was then.
            now_s: In the process's time, on the scale that `observe` goes on with.
            ago_s: How long ago; a window that reaches less far leaves it.
        """
        windows = [each for reach_s, each in self._recalled if ago_s <= reach_s]
        self._take(windows, readings, now_s, None)

    def forget(self) -> None:
        """Empties every window: the plant is not the one that it was."""
        for series in self.series.values():
            series.clear()

    def _take(
        self, windows: Iterable[Window], readings: Readings, now_s: float, clock_s: float | None
    ) -> None:
        if now_s < self._last_s:
            self.forget()
        self._last_s = now_s
        inputs = ConditionInputs(readings, self.series, clock_s)
        for window in windows:
            key = window.key
            value = window.read_inner(inputs)
            if value is None and any(self._is_forming(inner) for inner in window.inner):
                continue  # the window begins when what it looks at has formed
            self.series[key].add(now_s, None if isinstance(value, str) else value)

    def is_forming(self, condition: "Condition | Expression") -> bool:
        """Whether a window of it is unknown only because time has not covered it yet.

        Waiting helps, then, as long as the plant is seen.
        """
        return any(self._is_forming(window) for window in condition.windows)

    def _is_forming(self, window: Window) -> bool:
        series = self.series.get(window.key)
        return series is not None and window.judge(series) is None and series.is_young


def _reaches(windows: Sequence[Window]) -> Mapping[Key, float]:
    """Returns how far back each window must have seen, for itself and for those around it."""
    reaches: dict[Key, float] = {}

    def note(window: Window, reach_s: float) -> None:
        reaches[window.key] = max(reaches.get(window.key, 0.0), reach_s)
        for inner in window.inner:
            note(inner, reach_s)

    for window in windows:
        note(window, window.reach_s)
    return reaches
