"""Endpoint of a model, which answers one question at a time."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from handwheel.connectors.model.language_models import Method

from .question import Question


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
