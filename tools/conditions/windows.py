"""Functions that look back in time, evaluated on the samples of a window."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Protocol

from handwheel.connectors.model.values import Value

from .moments import Sample
from .operands import ConditionInputs, Form, Reader, is_number
from .series import Key, Series, Summary
from .units import POINTS, quotient

Judge = Callable[[Series], Sample | None]

LONGEST_S = 86400.0
_HOUR_S = 3600.0
LONGEST_AGO_S = 7 * 86400.0  # longer, since it needs one sample only


@dataclass(frozen=True, slots=True)
class Window:
    """One call of a function that looks back in time."""

    text: str  # the call with every name replaced, as in the condition's `bound`
    # The first argument, so replaced, and the length in seconds. Calls with the same key share
    # their samples.
    key: Key
    reach_s: float  # how far back readings are needed, inner windows included
    form: Form  # form of the result
    inner: tuple["Window", ...]  # windows in the first argument
    read_inner: Reader = field(repr=False, compare=False)
    judge: Judge = field(repr=False, compare=False)

    @property
    def is_held(self) -> bool:
        """Whether it is `held`, the only function that one moment can stand for."""
        return self.judge is _held

    def read(self, inputs: ConditionInputs) -> Value | None:
        """Returns the value of the function. Unknown without a series."""
        series = inputs.series.get(self.key)
        if series is None:
            return None
        value = self.judge(series)
        if self.form.kind == "condition":
            return None if value is None else bool(value)
        return value if is_number(value) else None


class Windowed(Protocol):
    """Condition or expression, by its windows."""

    @property
    def windows(self) -> tuple[Window, ...]:
        """Calls that look back, inner before outer."""
        ...


def _held(series: Series) -> Sample | None:
    summary = series.summary()
    if _low(summary) < 1:
        return False
    return True if summary.is_known else None


def _known(pick: Callable[[Summary], Sample | None]) -> Judge:
    def judge(series: Series) -> Sample | None:
        summary = series.summary()
        return pick(summary) if summary.is_known else None

    return judge


def _low(summary: Summary) -> Sample:
    return min([each.low for each in summary.parts], default=inf)


def _high(summary: Summary) -> Sample:
    return max([each.high for each in summary.parts])


def _mean(summary: Summary) -> Sample:
    return summary.total.mean


def _deviation(summary: Summary) -> Sample:
    return sqrt(summary.total.square / (summary.total.good - 1))


def _slope(summary: Summary) -> Sample | None:
    found = summary.total
    return _HOUR_S * found.cross / found.time_square if found.time_square > 0 else None


def _change(summary: Summary) -> Sample | None:
    found = summary.total
    return None if found.first is None or found.last is None else found.last - found.first


def _same(form: Form) -> Form:
    return form


def _difference(form: Form) -> Form:
    if form.is_point:
        return Form("number", POINTS[form.unit], is_difference=True)
    return form


def _per_hour(form: Form) -> Form:
    unit, _ = quotient(_difference(form).unit, "h")
    return Form("number", unit)


FUNCTIONS: Mapping[str, tuple[Judge, Callable[[Form], Form]]] = {
    "held": (_held, _same),
    "ago": (Series.ago, _same),
    "min": (_known(_low), _same),
    "max": (_known(_high), _same),
    "avg": (_known(_mean), _same),
    "stdev": (_known(_deviation), _difference),
    "rate": (_known(_slope), _per_hour),
    "delta": (_known(_change), _difference),
}
