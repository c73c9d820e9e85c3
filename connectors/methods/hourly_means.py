"""Hourly means of a tag, for methods that look at its past."""

from collections import deque

from .method import Mean

_HOUR_S = 3600.0
_HOURS = 7 * 24
PAST_S = _HOURS * _HOUR_S
"""Length of the past that methods get, seconds of process time."""


class HourlyMeans:
    """Means of a tag over each hour of process time, for the last seven days."""

    def __init__(self) -> None:
        self._hours: deque[tuple[int, Mean, int]] = deque(maxlen=_HOURS)
        self._at_s = float("-inf")

    def add(self, at_s: float, value: float) -> None:
        """Takes a value at a process time, seconds, unless there is a later one."""
        if at_s <= self._at_s:
            return
        self._at_s, hour = at_s, int(at_s // _HOUR_S)
        mean, count = Mean(at_s, value), 1
        if self._hours and self._hours[-1][0] == hour:
            _, before, count = self._hours.pop()
            count += 1
            mean = Mean(
                before.at_s + (at_s - before.at_s) / count,
                before.value + (value - before.value) / count,
            )
        self._hours.append((hour, mean, count))

    def forget_after(self, at_s: float) -> None:
        """Begins anew if process time has gone back, as it does when a plant restarts."""
        if at_s < self._at_s:
            self._hours.clear()
            self._at_s = float("-inf")

    def until(self, at_s: float) -> tuple[Mean, ...]:
        """Returns the means of the seven days before a process time, oldest first."""
        since_s = at_s - PAST_S
        return tuple(mean for _, mean, _ in self._hours if mean.at_s >= since_s)
