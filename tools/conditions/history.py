"""Samples of the windows of conditions, scan by scan, in memory."""

import re
from collections.abc import Iterable, Mapping, Sequence

from .operands import ConditionInputs, Readings
from .series import Key, Series
from .windows import Window, Windowed

_AGE = re.compile(r"\bage\s*\(")
_SPARE = 1.05  # recalled further back, since a scan may be late


class History:
    """Samples of the windows of conditions, in process time.

    Call `observe` with every scan: a scan that is missing is a gap, and a gap is unknown. A
    window keeps about a thousand samples at most, once for all conditions.
    """

    def __init__(self, conditions: Iterable[Windowed]) -> None:
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

    def add(self, conditions: Iterable[Windowed]) -> None:
        """Adds the windows of further conditions. Those that are new begin empty."""
        found = {each.key: each for condition in conditions for each in condition.windows}
        added = {key: each for key, each in found.items() if key not in self._windows}
        self._windows = {**self._windows, **added}
        self.series = {**self.series, **{key: Series(key[1]) for key in added}}

    def observe(self, readings: Readings, now_s: float, *, clock_s: float | None = None) -> None:
        """Adds one scan.

        Args:
            readings: Of one moment.
            now_s: Process time, from any zero. Time that goes back, as after a restart of the
                plant, empties every window.
            clock_s: Time for `age`, on the clock of the readings; by default the monotonic clock.
        """
        self._take(self._windows.values(), readings, now_s, clock_s)

    def recall(self, readings: Readings, now_s: float, ago_s: float) -> None:
        """Adds one recorded scan from before this process started, oldest first.

        The age of a recorded reading is not known, so a window over an age stays empty.

        Args:
            now_s: Process time, on the scale of `observe`.
            ago_s: Age of the scan, seconds; shorter windows skip it.
        """
        windows = [each for reach_s, each in self._recalled if ago_s <= reach_s]
        self._take(windows, readings, now_s, None)

    def forget(self) -> None:
        """Empties every window."""
        for series in self.series.values():
            series.clear()

    def _take(
        self, windows: Iterable[Window], readings: Readings, now_s: float, clock_s: float | None
    ) -> None:
        if now_s < self._last_s:
            self.forget()
        self._last_s = now_s
        inputs, series = ConditionInputs(readings, self.series, clock_s), self.series
        for window in windows:
            value = window.read_inner(inputs)
            if value is None and window.inner and any(map(self._is_forming, window.inner)):
                continue  # an outer window begins once its inner ones are covered
            series[window.key].add(now_s, None if isinstance(value, str) else value)

    def is_forming(self, condition: Windowed) -> bool:
        """Whether a window is unknown only until more scans cover it by samples."""
        return any(self._is_forming(window) for window in condition.windows)

    def missing_s(self, condition: Windowed) -> float:
        """Returns how long its windows need still until they are known, at least, seconds."""
        forming = (each.key for each in condition.windows if self._is_forming(each))
        return max((self.series[key].missing_s for key in forming), default=0.0)

    def _is_forming(self, window: Window) -> bool:
        series = self.series.get(window.key)
        return series is not None and window.judge(series) is None and series.is_young


def _reaches(windows: Sequence[Window]) -> Mapping[Key, float]:
    """Returns how far back each window must reach, for itself and for outer windows."""
    reaches: dict[Key, float] = {}

    def note(window: Window, reach_s: float) -> None:
        reaches[window.key] = max(reaches.get(window.key, 0.0), reach_s)
        for inner in window.inner:
            note(inner, reach_s)

    for window in windows:
        note(window, window.reach_s)
    return reaches
