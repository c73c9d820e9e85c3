"""Result of an episode that was played with the plant's names and with others."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from ..results import IS_RIGHT, Result
from ..summary import Share

_Z = 1.959964  # of 95 %


@dataclass(frozen=True, slots=True)
class Renamed(Result):
    """Episode under other names, units and scales, beside the same one under the plant's.

    Attributes:
        own: Result with the plant's names, a `Diagnosed`.
        other: Result with the other ones, whose fields this one has too. `cpu_s` is of both.
    """

    own: Result
    other: Result

    @property
    def instead(self) -> str:
        """See `Result.instead`, of the episode under other names."""
        return self.other.instead


def renamed(own: Result, other: Result) -> Renamed:
    """Returns the result of an episode that was played twice."""
    cpu_s, failed = own.cpu_s + other.cpu_s, other.program_failed or own.program_failed
    return Renamed(
        other.episode, other.outcome, other.wrong, other.times, cpu_s, own, other,
        program_failed=failed,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class RecallGap:
    """Share of right episodes that a program loses under other names.

    Attributes:
        interval: Its 95 % interval, of pairs of the same case and seed.
    """

    own: Share
    other: Share
    value: float
    interval: tuple[float, float]


def recall_gap(results: Sequence[Renamed]) -> RecallGap:
    """Returns the recall gap of some episodes.

    Source of the interval: Bonett and Price, J. Educ. Behav. Stat. 37 (2012) 479, adjusted Wald.
    """
    of = len(results)
    was, became = (
        [each.outcome in IS_RIGHT for each in one]
        for one in ([each.own for each in results], [each.other for each in results])
    )
    lost = sum(a and not b for a, b in zip(was, became, strict=True))
    won = sum(b and not a for a, b in zip(was, became, strict=True))
    down, up = (lost + 1) / (of + 2), (won + 1) / (of + 2)
    half = _Z * sqrt((down + up - (down - up) ** 2) / (of + 2))
    low, high = max(down - up - half, -1.0), min(down - up + half, 1.0)
    value = (lost - won) / of if of else 0.0
    return RecallGap(Share(sum(was), of), Share(sum(became), of), value, (low, high))
