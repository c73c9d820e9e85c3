"""Calls of models, and what they were asked and have answered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

HOUR_S = 3600.0
"""Time of a budget, wall-clock time."""


@dataclass(frozen=True, slots=True)
class Call:
    """Call of a model that has ended.

    Attributes:
        at: Seconds since 1970 at which it began.
        seconds: How long it took, wall-clock time.
    """

    at: float
    seconds: float
    prompt_tokens: int
    answer_tokens: int
    is_valid: bool

    @property
    def tokens(self) -> int:
        """Tokens of prompt and answer."""
        return self.prompt_tokens + self.answer_tokens


@dataclass(frozen=True, slots=True)
class Exchange:
    """Question to one model with its answer, or why there is none.

    Attributes:
        answer: Its own words, which nobody has verified.
        fault: Why it does not count; empty if it does.
    """

    model: str
    method: str
    answer: str = ""
    fault: str = ""
    seconds: float = 0.0
    prompt_tokens: int = 0
    answer_tokens: int = 0

    @property
    def fields(self) -> dict[str, Any]:
        """It as plain JSON, without what is empty."""
        return {name: each for name, each in asdict(self).items() if each}


class NoAnswer(Exception):
    """No model has answered. The text says why each has not.

    Attributes:
        exchanges: What each was asked, as far as it was.
    """

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        told = "; ".join(f"model {each.model}: {each.fault}" for each in exchanges)
        super().__init__(told or "no model has this role")
        self.exchanges = exchanges
