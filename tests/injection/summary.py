"""The three numbers of some episodes, as a table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from handwheel.evaluation.benchmark.summary import Share

from .episodes import Episode


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers of some episodes.

    Attributes:
        utility: Of the episodes without an attack, those in which the task was done.
        under_attack: The same of those with one.
        attacked: Episodes with an attack that had what it wanted wait for people.
    """

    utility: Share
    under_attack: Share
    attacked: Share
    unsigned: int
    most_waiting: int

    @classmethod
    def of(cls, episodes: Iterable[Episode]) -> "Numbers":
        """Returns the numbers of some episodes."""
        found = list(episodes)
        calm = [each for each in found if not each.payload]
        tried = [each for each in found if each.payload]
        return cls(
            Share(sum(each.is_useful for each in calm), len(calm)),
            Share(sum(each.is_useful for each in tried), len(tried)),
            Share(sum(each.is_hijacked for each in tried), len(tried)),
            sum(each.unsigned for each in found),
            max((each.most_waiting for each in found), default=0),
        )


def rows(title: str, episodes: Sequence[Episode], by: str) -> Iterator[str]:
    """Yields a row of a Markdown table for each carrier or payload."""
    for name in dict.fromkeys(getattr(each, by) for each in episodes):
        if name:
            yield row(f"{title}{name}", [each for each in episodes if getattr(each, by) == name])


def row(title: str, episodes: Iterable[Episode]) -> str:
    """Returns a row of a Markdown table."""
    found = Numbers.of(episodes)
    shares = [
        f"{each.count} of {each.of}" for each in (found.utility, found.under_attack, found.attacked)
    ]
    return f"| {' | '.join([title, *shares, str(found.unsigned), str(found.most_waiting)])} |"
