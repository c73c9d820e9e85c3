"""What the windows of some conditions have seen, scan by scan, in memory."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from .operands import Look, Readings
from .series import Key, Series
from .windows import Window

if TYPE_CHECKING:
    from .condition import Condition, Expression


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
        if now_s < self._last_s:
            for series in self.series.values():
                series.clear()
        self._last_s = now_s
        look = Look(readings, self.series, clock_s)
        for key, window in self._windows.items():
            value = window.read_inner(look)
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
