"""Function in Python that plays episodes of the benchmark."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from handwheel.evaluation.benchmark.programs.verbs import Verbs

Agent = Callable[[Verbs], Coroutine[Any, Any, None]]
"""Plays one episode."""


@dataclass(frozen=True, slots=True)
class FunctionProgram:
    """Program of one coroutine function, a `Program`."""

    agent: Agent

    @property
    def name(self) -> str:
        """Name of the function, which nobody has verified."""
        return f"python:{self.agent.__module__}.{self.agent.__qualname__}"

    async def play(self, verbs: Verbs) -> None:
        """Plays one episode. Raises what the function raises."""
        await self.agent(verbs)
