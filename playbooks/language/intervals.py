"""Numbers that stand for every value between two ends.

Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (2009),
section 2.
"""

from collections.abc import Iterator
from itertools import product
from math import isnan


class Interval(float):
    """Closed interval that computes and compares as a number does.

    A comparison that differs within it is `None`, *unknown*, and is remembered as a cut if it
    compares a tag with a constant. Arithmetic without a result raises `ArithmeticError`.
    """

    low: float
    high: float
    tag: str  # the tag whose range it is; empty for what is computed from it
    cuts: dict[str, float]  # by tag, the constant of its last undecided comparison

    @classmethod
    def of(cls, low: float, high: float, tag: str, cuts: dict[str, float]) -> "Interval":
        """Returns an interval."""
        made = cls(low)
        made.low, made.high, made.tag, made.cuts = low, high, tag, cuts
        return made

    def _made(self, ends: Iterator[float]) -> "Interval":
        found = list(ends)
        if any(map(isnan, found)):
            raise ArithmeticError("no number, such as inf - inf")
        return Interval.of(min(found), max(found), "", self.cuts)

    def __abs__(self) -> "Interval":
        ends = [abs(self.low), abs(self.high)]
        return self._made(iter([*ends, 0.0] if self.low < 0.0 < self.high else ends))

    def __add__(self, other: float) -> "Interval":
        return self._made(a + b for a, b in product(_ends(self), _ends(other)))

    def __sub__(self, other: float) -> "Interval":
        return self._made(a - b for a, b in product(_ends(self), _ends(other)))

    def __rsub__(self, other: float) -> "Interval":
        return self._made(other - each for each in _ends(self))

    def __mul__(self, other: float) -> "Interval":
        return self._made(a * b for a, b in product(_ends(self), _ends(other)))

    def __truediv__(self, other: float) -> "Interval":
        low, high = _ends(other)
        if low <= 0.0 <= high:
            raise ZeroDivisionError
        return self._made(a / b for a, b in product(_ends(self), (low, high)))

    def __rtruediv__(self, other: float) -> "Interval":
        return Interval.of(other, other, "", self.cuts) / self

    __radd__ = __add__
    __rmul__ = __mul__

    # The truth of a comparison has three values here, which float's has not.
    def __lt__(self, other: float) -> bool | None:  # type: ignore[override, misc]
        low, high = _ends(other)
        return self._decided(other, self.high < low, self.low >= high)

    def __le__(self, other: float) -> bool | None:  # type: ignore[override, misc]
        low, high = _ends(other)
        return self._decided(other, self.high <= low, self.low > high)

    def __gt__(self, other: float) -> bool | None:  # type: ignore[override, misc]
        return _opposite(self.__le__(other))

    def __ge__(self, other: float) -> bool | None:  # type: ignore[override, misc]
        return _opposite(self.__lt__(other))

    def __eq__(self, other: object) -> bool | None:  # type: ignore[override]
        if not isinstance(other, int | float):
            return False
        low, high = _ends(other)
        is_one = self.low == self.high == low == high
        return self._decided(other, is_one, self.high < low or self.low > high)

    def __ne__(self, other: object) -> bool | None:  # type: ignore[override]
        return _opposite(self.__eq__(other))

    __hash__ = float.__hash__

    def _decided(self, other: float, is_true: bool, is_false: bool) -> bool | None:
        if is_true or is_false:
            return is_true
        if self.tag and not isinstance(other, Interval):
            self.cuts[self.tag] = other
        return None


def _ends(number: float) -> tuple[float, float]:
    return (number.low, number.high) if isinstance(number, Interval) else (number, number)


def _opposite(truth: bool | None) -> bool | None:
    return None if truth is None else not truth
