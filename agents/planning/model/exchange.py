"""Endpoint of a model, its calls, and what it was asked and has answered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol

from handwheel.connectors.model.language_models import Method

from .question import Question

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


class RawAnswer(NamedTuple):
    """Answer as its provider gave it."""

    text: str
    finish: str = "stop"  # why it ended; `length` for one that was cut off
    prompt_tokens: int = 0
    answer_tokens: int = 0


class Endpoint(Protocol):
    """Place where a model answers."""

    @property
    def methods(self) -> Sequence[Method]:
        """Ways to an answer within a schema, in the order in which they are tried."""
        ...

    async def ask(self, question: Question, method: Method) -> RawAnswer:
        """Returns an answer, which is not checked.

        Raises:
            Exception: Any error is a failure of the model.

        Effect: a call of the model. Retry: none. Timeout: the caller's.
        """
        ...

    async def close(self) -> None:
        """Ends what was begun for it."""
        ...
