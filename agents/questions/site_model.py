"""Models of a site that may word answers, for one question of a person."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, Self, TypeVar

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.language_models import Role
from handwheel.connectors.model.site import Site

from ..planning.model.exchange import Exchange
from ..planning.model.pool import ModelPool, site_pool
from ..planning.model.question import Question as Prompt

T = TypeVar("T")
_ROLE: Role = "phrase"


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


class NoWordModel(HandwheelError):
    """A site has no model with the role `phrase`, or none of a name."""


class SiteModel:
    """Models with the role `phrase` in the order of `site.yaml`, in an event loop of their own.

    They are tested with the first question. Their calls count for no budget of the agents.
    """

    def __init__(self, pool: ModelPool) -> None:
        self._pool = pool
        self._runner = asyncio.Runner()
        self._is_tested = False
        self._name = ""

    @classmethod
    def of(cls, site: Site, name: str = "") -> "SiteModel":
        """Returns the models of a site.

        Args:
            name: The only one to ask, empty for all of them.

        Raises:
            NoWordModel: There is none.
        """
        having = [each for each in site.models if _ROLE in each.roles]
        found = [each for each in having if name in {"", each.name}]
        if not found:
            named = f"model {name}" if name else "model"
            have = ", ".join(each.name for each in having) or "none"
            raise NoWordModel(
                f"site.yaml has no {named} with the role {_ROLE}; models with it: {have}"
            )
        return cls(site_pool(replace(site, models=tuple(found))))

    @property
    def name(self) -> str:
        """See `WordModel`."""
        return self._name

    def ask(self, prompt: Prompt, check: Callable[[str], T]) -> T:
        """See `WordModel`."""
        found, exchanges = self._runner.run(self._ask(prompt, check))
        self._name = exchanges[-1].model
        return found

    async def _ask(self, prompt: Prompt, check: Callable[[str], T]) -> tuple[T, list[Exchange]]:
        if not self._is_tested:
            self._is_tested = True
            await self._pool.start()
        found, exchanges = await self._pool.ask(_ROLE, prompt, check)
        return found, list(exchanges)

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends what was begun for the models."""
        try:
            self._runner.run(self._pool.close())
        finally:
            self._runner.close()
