"""Whose turn it is to write: an action's from its claim until its device has answered."""

from collections.abc import Callable, Generator
from contextlib import contextmanager


class Turn:
    """Lets heartbeats see that an action is on its way; nobody ever waits for it."""

    def __init__(self) -> None:
        self._is_unanswered: Callable[[], bool] | None = None

    @property
    def is_taken(self) -> bool:
        """Whether an action is on its way to the plant."""
        return self._is_unanswered is not None and self._is_unanswered()

    @contextmanager
    def taken(self, is_unanswered: Callable[[], bool]) -> Generator[None]:
        """Takes the turn for one action.

        Args:
            is_unanswered: Whether its device has yet to answer; after that the action only reads.
        """
        self._is_unanswered = is_unanswered
        try:
            yield
        finally:
            self._is_unanswered = None
