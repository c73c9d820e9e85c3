"""Decibans by which the sums of each failure mode are off."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from typing import Literal

from .prediction import Prediction
from .reliability import odds_db

LEAST_CASES = 5
"""Cases from which a failure mode is judged."""
_NEPERS = log(10.0) / 10.0  # of odds, in a deciban
_SPREAD_DB = 10.0  # standard deviation of an offset before anything is known
_CLEAR = 2.0  # standard deviations from 0
_STEPS = 50

Judgement = Literal["fits", "under-confident", "over-confident", "too few"]


@dataclass(frozen=True, slots=True)
class ModeOffset:
    """Failure mode with the decibans that its sum lacks."""

    mode: str
    n: int
    cases: int
    predicted: float  # mean
    true: float  # share
    offset_db: float  # to be added to its sum, such as to its prior; below 0 if it says too much
    spread_db: float  # standard deviation of the offset

    @property
    def judgement(self) -> Judgement:
        """Judgement on how sure the mode is."""
        if self.cases < LEAST_CASES:
            return "too few"
        if abs(self.offset_db) < _CLEAR * self.spread_db:
            return "fits"
        return "under-confident" if self.offset_db > 0.0 else "over-confident"


def mode_offsets(predictions: Sequence[Prediction]) -> list[ModeOffset]:
    """Returns the offset of each failure mode, by name.

    It is the offset of the odds that makes what was true the most probable (logistic regression
    of the intercept). Each case counts once, however many predictions it has. Offsets are taken
    for small beforehand, so that a mode that was always right is not off by infinity.

    Source: Cox, Biometrika 45 (1958) 562.
    """
    by_mode: dict[str, list[Prediction]] = {}
    for each in predictions:
        by_mode.setdefault(each.mode, []).append(each)
    return [_offset(mode, by_mode[mode]) for mode in sorted(by_mode)]


def _offset(mode: str, found: Sequence[Prediction]) -> ModeOffset:
    of_case = Counter(each.case for each in found)
    data = [
        (odds_db(each.probability) * _NEPERS, each.is_true, 1.0 / of_case[each.case])
        for each in found
    ]
    variance = (_SPREAD_DB * _NEPERS) ** 2
    low, high = (-10.0 * sqrt(variance), 10.0 * sqrt(variance))
    for _ in range(_STEPS):  # the slope falls with the offset, so that halving finds its zero
        middle = (low + high) / 2.0
        slope = sum(w * (y - _share(odds + middle)) for odds, y, w in data) - middle / variance
        low, high = (middle, high) if slope > 0.0 else (low, middle)
    shares = [(_share(odds + low), w) for odds, _, w in data]
    curvature = sum(w * p * (1.0 - p) for p, w in shares) + 1.0 / variance
    n = len(found)
    return ModeOffset(
        mode, n, len(of_case), sum(each.probability for each in found) / n,
        sum(each.is_true for each in found) / n, low / _NEPERS, 1.0 / sqrt(curvature) / _NEPERS,
    )  # fmt: skip


def _share(odds: float) -> float:
    return 1.0 / (1.0 + exp(-odds))
