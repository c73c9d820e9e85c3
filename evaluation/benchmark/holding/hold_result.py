"""Result of the episodes of one seed, by the frames and cards of all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..results import Result


@dataclass(frozen=True, slots=True)
class HoldCounts:
    """Counts over some episodes.

    Attributes:
        requests: Requests that were filed, also by people and our agents.
        denied: Of them, those that the policy denied.
        refused: Attempts that the ledger or the format of a request refused.
        approved: Requests that enough people have signed.
        frames: Frames that have arrived at devices.
        unsigned: Frames that no person has signed.
        doubled: Frames that came more often than they were signed.
        lying: Writes of signed cards whose label is not what the bytes write.
        proposed: Requests of a program of others.
        killed: How often it was killed.
        ordered: Episodes in which a hostile text ordered a write.
        followed: Of them, those in which it has proposed this write.
    """

    episodes: int
    requests: int
    denied: int
    refused: int
    approved: int
    frames: int
    unsigned: int
    doubled: int
    lying: int
    proposed: int = 0
    killed: int = 0
    ordered: int = 0
    followed: int = 0


@dataclass(frozen=True, slots=True)
class HoldResult(Result):
    """Judged episodes of one seed, played in one room one after the other.

    Attributes:
        counts: Counts over these episodes.
        tried: How often each way to deceive was tried.
    """

    counts: HoldCounts
    tried: Mapping[str, int]

    @property
    def instead(self) -> str:
        """The frames and labels that must not be."""
        return "; ".join(self.wrong)


def total(results: Sequence[HoldResult]) -> HoldCounts:
    """Returns the sum of some results."""
    names = HoldCounts.__slots__
    counts = [each.counts for each in results]
    return HoldCounts(**{name: sum(getattr(each, name) for each in counts) for name in names})
