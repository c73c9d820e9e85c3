"""Recent course of a tag, and numbers about it that rest on good values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Self

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.historian.recorded_history import RecordedSlot

from .errors import BadQuality

LEAST_COVERAGE = 0.8
"""Share of a window with good values, below which it gives no number."""
_HOUR_S = 3600.0
_WIDTH, _HEIGHT, _MARGIN = 320, 48, 4  # of the picture in a notebook, pixels


@dataclass(frozen=True, slots=True, repr=False)
class Window:
    """Course of one tag over the last while, process time, in the tag's unit.

    Attributes:
        slots: Parts of the time, oldest first.

    A number needs good values in 80 % of the time, else its method raises `BadQuality`.
    """

    tag: str
    unit: str
    slots: Sequence[RecordedSlot]

    @classmethod
    def of_fields(cls, tag: str, unit: str, fields: Mapping[str, Any]) -> Self:
        """Returns the window of an answer of the agents' socket."""
        return cls(tag, unit, tuple(RecordedSlot(**each) for each in fields["slots"]))

    @property
    def coverage(self) -> float:
        """Share of its time with good values, 0 to 1."""
        span_s = sum(each.span_s for each in self.slots)
        return sum(each.good * each.span_s for each in self.slots) / span_s if span_s else 0.0

    @property
    def samples(self) -> list[tuple[float, float]]:
        """Middle of each slot with good values, as seconds before now, with its mean."""
        return [
            (each.before_s - each.span_s / 2, each.mean)
            for each in self.slots
            if each.mean is not None and each.good > 0.0
        ]

    def mean(self) -> float:
        """Returns the mean over time. Raises `BadQuality`."""
        parts = [(each.mean or 0.0, each.good * each.span_s) for each in self._good()]
        mean = sum(value * good_s for value, good_s in parts) / sum(good_s for _, good_s in parts)
        return min(max(mean, self.low()), self.high())  # a sum of equal values may be off

    def low(self) -> float:
        """Returns the lowest good value. Raises `BadQuality`."""
        return min(each.low for each in self._good() if each.low is not None)

    def high(self) -> float:
        """Returns the highest good value. Raises `BadQuality`."""
        return max(each.high for each in self._good() if each.high is not None)

    def slope(self) -> float:
        """Returns the slope of the line of least squares, in the unit per hour.

        Raises:
            BadQuality: Too little is good, or there is only one moment.
        """
        self._good()
        points = [(-before_s / _HOUR_S, value) for before_s, value in self.samples]
        middle = sum(at for at, _ in points) / len(points)
        spread = sum((at - middle) ** 2 for at, _ in points)
        if spread == 0.0:
            raise BadQuality(f"{self.tag} has one moment only, which has no slope")
        return sum((at - middle) * value for at, value in points) / spread

    def to_json(self) -> Mapping[str, object]:
        """Returns its numbers with the unit, `None` for each that rests on too few good values."""
        numbers = {
            "mean": self.mean, "low": self.low, "high": self.high, "slope_per_h": self.slope,
        }  # fmt: skip
        found = {name: _number(each) for name, each in numbers.items()}
        return {"tag": self.tag, "unit": self.unit, "good_share": self.coverage, **found}

    def _good(self) -> Sequence[RecordedSlot]:
        if not self.slots:
            raise BadQuality(f"nothing of {self.tag} was recorded, or the record cannot be read")
        if self.coverage < LEAST_COVERAGE:
            raise BadQuality(
                f"{self.tag} was good in {self.coverage:.0%} of the last {self._span}; a number "
                f"needs {LEAST_COVERAGE:.0%}"
            )
        found = [each for each in self.slots if each.good > 0.0 and each.mean is not None]
        if not found:
            raise BadQuality(f"{self.tag} has no number")
        return found

    @property
    def _span(self) -> str:
        return format_duration(self.slots[0].before_s) if self.slots else "0 s"

    def __repr__(self) -> str:
        return f"Window({self.tag!r}, {self._span}, {self.coverage:.0%} good, {self.unit!r})"

    def _repr_html_(self) -> str:
        """Returns the course as a picture for a notebook, or that too little was good."""
        title = f"{self.tag}, last {self._span}; {self.coverage:.0%} good"
        if self.coverage < LEAST_COVERAGE:
            return f"<p>{escape(title)}, which is too little</p>"
        low, high, reach = self.low(), self.high(), self.slots[0].before_s
        scale = (_HEIGHT - 2 * _MARGIN) / ((high - low) or 1.0)
        drawn = " ".join(
            f"{_WIDTH * (1.0 - before_s / reach):.1f},"
            f"{_HEIGHT - _MARGIN - scale * (value - low):.1f}"
            for before_s, value in self.samples
        )
        title = f"{title}; {low:.6g} to {high:.6g} {self.unit}"
        return (
            f'<figure><svg width="{_WIDTH}" height="{_HEIGHT}" role="img">'
            f'<polyline points="{drawn}" fill="none" stroke="currentColor"/></svg>'
            f"<figcaption>{escape(title)}</figcaption></figure>"
        )


def _number(of: Callable[[], float]) -> float | None:
    try:
        return of()
    except BadQuality:
        return None
