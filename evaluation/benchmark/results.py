"""Result of an episode, whatever the agents were to do in it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from .episodes import Episode

Outcome = Literal[
    "right", "rightly abstained", "one of two", "abstained", "missed", "needless", "wrong"
]
IS_RIGHT: frozenset[Outcome] = frozenset({"right", "rightly abstained"})


@dataclass(frozen=True, slots=True)
class Times:
    """Times of an episode, seconds after the onset, `None` for what did not happen.

    Attributes:
        symptom_s: A tag differed from the same plant without the fault.
        answered_s: The right names were confirmed, or the right response was asked for.
        alarm_s: The first alarm of the plant came, also after the judged time.
    """

    symptom_s: float | None
    answered_s: float | None
    alarm_s: float | None


@dataclass(frozen=True, slots=True)
class Result(ABC):
    """Judged episode.

    Attributes:
        episode: The episode, with the faults that were injected.
        outcome: `right`, `rightly abstained`, `one of two`, `abstained`, `missed`, `needless` or
            `wrong`. The first two count as right.
        wrong: Names or frames that are not right, in `hold` labels too; empty for none.
        times: When the fault was seen and answered; in `hold` all are `None`.
        cpu_s: CPU time of the process that played, seconds, without that of a program by MCP.
        program_failed: Why a program of others has failed, such as by an exception; empty if it
            has not. What it did before counts.
    """

    episode: Episode
    outcome: Outcome
    wrong: tuple[str, ...]
    times: Times
    cpu_s: float
    program_failed: str = field(default="", kw_only=True)

    @property
    def case(self) -> str:
        """Case of the suite."""
        return self.episode.case

    @property
    def seed(self) -> int:
        """Seed of the episode."""
        return self.episode.seed

    @property
    @abstractmethod
    def instead(self) -> str:
        """The words or deeds of the agents instead of the right ones."""


_Kind = TypeVar("_Kind", bound=Result)


def of_kind(kind: type[_Kind], results: Sequence[Result]) -> list[_Kind]:
    """Returns the results of one kind of suite."""
    return [each for each in results if isinstance(each, kind)]


def after_onset(episode: Episode, at_s: float | None) -> float | None:
    """Returns a time of an episode in seconds after the onset."""
    return None if at_s is None else at_s - episode.onset_s
