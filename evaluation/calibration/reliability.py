"""Reliability of predicted probabilities, in bins and as scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, log, log10

from ..benchmark.summary import wilson_interval
from .prediction import Prediction

_ENDS_DB = (-inf, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 30.0, inf)
_LEAST = 1e-9  # probability, so that a logarithm is finite


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions whose odds lie between two decibans, the lower one included."""

    from_db: float
    to_db: float
    n: int
    cases: int  # in which they were made
    predicted: float  # mean
    true: float  # share

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the share, for which each case counts once."""
        return wilson_interval(self.true, self.cases)


@dataclass(frozen=True, slots=True)
class Reliability:
    """Bins that are not empty, and the scores of all predictions."""

    bins: tuple[Bin, ...]
    n: int
    cases: int
    true: float  # share
    brier: float
    log_loss: float  # natural logarithm

    @property
    def calibration_error(self) -> float:
        """Expected calibration error, the mean distance between predicted and true of a bin."""
        return sum(each.n * abs(each.predicted - each.true) for each in self.bins) / self.n

    @property
    def brier_of_share(self) -> float:
        """Brier score of a diagnosis that always says the share that is true."""
        return self.true * (1.0 - self.true)


def reliability(predictions: Sequence[Prediction]) -> Reliability:
    """Compares predictions, at least one, with what was true.

    Source: Brier, Mon. Weather Rev. 78 (1950) 1; Naeini, Cooper and Hauskrecht, Proc. AAAI 29
    (2015) 2901.
    """
    found = [(each.probability, each) for each in predictions]
    bins = [
        _bin(low, high, [each for each in found if low <= odds_db(each[0]) < high])
        for low, high in pairwise(_ENDS_DB)
    ]
    n = len(found)
    return Reliability(
        tuple(each for each in bins if each.n),
        n,
        len({each.case for each in predictions}),
        sum(each.is_true for each in predictions) / n,
        sum((said - each.is_true) ** 2 for said, each in found) / n,
        -sum(log(max(said if each.is_true else 1.0 - said, _LEAST)) for said, each in found) / n,
    )


def odds_db(probability: float) -> float:
    """Returns the odds of a probability in decibans."""
    said = min(max(probability, _LEAST), 1.0 - _LEAST)
    return 10.0 * log10(said / (1.0 - said))


def _bin(low: float, high: float, found: Sequence[tuple[float, Prediction]]) -> Bin:
    n = len(found)
    return Bin(
        low, high, n, len({each.case for _, each in found}),
        sum(said for said, _ in found) / n if n else 0.0,
        sum(each.is_true for _, each in found) / n if n else 0.0,
    )  # fmt: skip
