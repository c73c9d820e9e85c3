"""Program that is killed after some calls of a verb, and started again."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from ..programs.passed_verbs import PassedVerbs
from ..programs.verbs import Program, Verbs

_Found = TypeVar("_Found")


class KilledProgram:
    """Program that is killed several times in an episode. The last start goes on to its end.

    Its last call before is carried out, though it never learns the answer.

    Args:
        create: Creates the program of each start.
        calls: Number of calls after which each start is killed.

    Attributes:
        killed: How often it was killed up to now.
    """

    def __init__(self, create: Callable[[], Program], calls: Sequence[int]) -> None:
        self.killed = 0
        self._create, self._calls = create, calls

    @property
    def name(self) -> str:
        """See `Program.name`."""
        return self._create().name

    async def play(self, verbs: Verbs) -> None:
        """See `Program.play`."""
        for calls in self._calls:
            counted = CountedVerbs(verbs, calls)
            playing = asyncio.create_task(self._create().play(counted))
            reached = asyncio.create_task(counted.reached.wait())
            try:
                await asyncio.wait({playing, reached}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                reached.cancel()
                playing.cancel()
            if playing.done():  # it has ended by itself
                return await playing
            self.killed += 1
            with suppress(asyncio.CancelledError):
                await playing
        return await self._create().play(verbs)


class CountedVerbs(PassedVerbs[Verbs]):
    """Verbs that tell when a number of calls has been made.

    Attributes:
        reached: Set with the last of these calls.
    """

    def __init__(self, verbs: Verbs, calls: int) -> None:
        super().__init__(verbs)
        self.reached = asyncio.Event()
        self._left = calls

    async def passed(self, call: Callable[[], Coroutine[Any, Any, _Found]]) -> _Found:
        """See `PassedVerbs.passed`."""
        self._left -= 1
        if self._left <= 0:
            self.reached.set()
        return await super().passed(call)
