"""Language model that orders and words answers."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from ...planning.model.question import Question as Prompt

T = TypeVar("T")


class WordModel(Protocol):
    """Model of a site with the role `phrase`."""

    @property
    def name(self) -> str:
        """Name of the model that has answered last, empty if none has."""
        ...

    def ask(self, prompt: Prompt, check: Callable[[str], T]) -> T:
        """Returns what an answer says.

        Args:
            check: Returns what a text says. It raises `ModelFault` if that is wrong.

        Raises:
            NoAnswer: No model has answered. The text says why each has not.

        Effect: calls of models. Retry: the next model. Timeout: `within` of each model.
        """
        ...
