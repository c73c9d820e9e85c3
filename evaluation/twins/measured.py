"""Present values of a plant, as steady means over as many samples as nothing has moved in."""

from math import sqrt

from handwheel.agents.diagnosis.windows import Slope, Windows

LATEST_S = 60.0
"""How far back a present value looks at most."""
_SPREADS = 3.0
_LEAST = 1e-3  # share of the newest mean that always counts as noise


class NotMeasured(Exception):
    """A tag has no good value, or too few of them."""


class Measured:
    """Measurements of a plant. Each method raises `NotMeasured` rather than guess."""

    def __init__(self, windows: Windows) -> None:
        self.windows = windows

    def now(self, tag: str) -> float:
        """Returns the value of the latest scan."""
        value = self.windows.latest(tag)
        if value is None:
            raise NotMeasured(tag)
        return float(value)

    def value(self, tag: str) -> float:
        """Returns the present value, the mean of those of the last buckets that agree."""
        self.now(tag)  # the latest must be good
        found = self.windows.buckets(tag, LATEST_S)
        if not found:
            raise NotMeasured(tag)
        newest = found[-1]
        within = _SPREADS * newest.noise / sqrt(newest.size) * 1.5 + _LEAST * abs(newest.mean)
        total, count = 0.0, 0
        for each in reversed(found):
            if abs(each.mean - newest.mean) > within:
                break
            total, count = total + each.mean, count + 1
        return total / count

    def position(self, tag: str, within: float) -> float:
        """Returns the value of the latest scan, or the present value if they agree.

        Args:
            within: By how much they may differ, in the tag's unit. A shaft that runs down moves
                further within a bucket.
        """
        latest, value = self.now(tag), self.value(tag)
        return value if abs(latest - value) <= within else latest

    def mean(self, tag: str, last_s: float) -> float:
        """Returns the mean of a window."""
        return self._known(tag, self.windows.mean(tag, last_s))

    def slope(self, tag: str, last_s: float) -> float:
        """Returns the slope through a window, per second."""
        found: Slope | None = self.windows.slope(tag, last_s)
        return self._known(tag, None if found is None else found.per_h) / 3600.0

    def since(self, tag: str, last_s: float) -> float:
        """Returns for how long a truth value has been false, at most the length of the window."""
        if self.now(tag):
            return 0.0
        held = [each for each in self.windows.buckets(tag, last_s) if each.high > 0.0]
        return min(self.windows.now_s - held[-1].at_s, last_s) if held else last_s

    def _known(self, tag: str, found: float | None) -> float:
        if found is None:
            raise NotMeasured(tag)
        return found
