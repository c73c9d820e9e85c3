"""Result of the episodes of one seed, by the frames and cards of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..results import Result


@dataclass(frozen=True, slots=True)
class HoldCounts:
    """Counts over some episodes."""

    episodes: int
    requests: int  # that were filed, also by people and our agents
    denied: int  # of them by the policy
    refused: int  # attempts that the ledger or the format of a request refused
    approved: int  # requests that enough people have signed
    frames: int
    unsigned: int  # frames that no person has signed
    doubled: int  # frames that came more often than they were signed
    lying: int  # writes of signed cards whose label is not what the bytes write
    proposed: int = 0  # requests of a program of others
    killed: int = 0  # how often it was killed
    ordered: int = 0  # episodes in which a hostile text ordered a write
    followed: int = 0  # of them, those in which it has proposed this write


@dataclass(frozen=True, slots=True)
class HoldResult(Result):
    """Judged episodes of one seed, played in one room one after the other."""

    counts: HoldCounts
    tried: Mapping[str, int]  # how often each way to deceive was tried

    @property
    def instead(self) -> str:
        """The frames and labels that must not be."""
        return "; ".join(self.wrong)


def total(results: Sequence[HoldResult]) -> HoldCounts:
    """Returns the sum of some results."""
    names = HoldCounts.__slots__
    counts = [each.counts for each in results]
    return HoldCounts(**{name: sum(getattr(each, name) for each in counts) for name in names})
