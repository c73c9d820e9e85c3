"""Result of an episode, whatever the agents were to do in it."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Literal

from .episodes import Episode

Outcome = Literal[
    "right", "rightly abstained", "one of two", "abstained", "missed", "needless", "wrong"
]
IS_RIGHT: frozenset[Outcome] = frozenset({"right", "rightly abstained"})


@dataclass(frozen=True, slots=True)
class Times:
    """Times of an episode, seconds after the onset, `None` for what did not happen."""

    symptom_s: float | None  # a tag differed from the same plant without the fault
    answered_s: float | None  # the right names were confirmed, or the right response asked for
    alarm_s: float | None  # the first alarm of the plant came, also after the judged time


@dataclass(frozen=True, slots=True)
class Result(ABC):
    """Judged episode."""

    episode: Episode
    outcome: Outcome
    wrong: tuple[str, ...]  # names or frames that are not right
    times: Times
    cpu_s: float
    # why a program of others has failed, empty if it has not; what it did before counts
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


def after_onset(episode: Episode, at_s: float | None) -> float | None:
    """Returns a time of an episode in seconds after the onset."""
    return None if at_s is None else at_s - episode.onset_s
