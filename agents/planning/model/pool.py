"""Models of a site, asked in their order until one answers."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from handwheel.connectors.model.language_models import ChatModel, LanguageModel, Role
from handwheel.connectors.model.site import Site

from .endpoint import Endpoint
from .exchange import Exchange, NoAnswer
from .langchain_endpoint import LangchainEndpoint, create_chat_model
from .llama_endpoint import LlamaEndpoint
from .pooled_model import Check, PooledModel
from .question import Question
from .usage import UsageFile

T = TypeVar("T")


class ModelPool:
    """Models in the order in which they are asked. All of it runs in one event loop."""

    def __init__(self, models: Sequence[PooledModel]) -> None:
        self.models = models

    async def start(self) -> None:
        """Tests every model, one after the other, so that they do not slow each other down."""
        for each in self.models:
            await each.start()

    async def ask(
        self, role: Role, question: Question, check: Check[T]
    ) -> tuple[T, Sequence[Exchange]]:
        """Returns what the first model that answers says, with all exchanges, its own last.

        Args:
            check: Returns what an answer says. It raises `ModelFault` if it is wrong.

        Raises:
            NoAnswer: None has answered.

        Effect: calls of models. Retry: the next model. Timeout: `within` of each model.
        """
        exchanges: list[Exchange] = []
        for each in self.models:
            if role in each.spec.roles:
                exchange, found = await each.ask(question, check)
                exchanges.append(exchange)
                if not exchange.fault and found is not None:
                    return found, exchanges
        raise NoAnswer(exchanges)

    def limit_s(self, role: Role) -> float:
        """Returns the longest time that a question may take, wall-clock time."""
        return sum(2.0 * each.spec.within for each in self.models if role in each.spec.roles)

    async def close(self) -> None:
        """Ends what was begun for the models."""
        await asyncio.gather(*(each.close() for each in self.models))


def site_pool(site: Site, usage: UsageFile | None = None) -> ModelPool:
    """Returns the models of a site, none of which is opened yet.

    Args:
        usage: File to which their calls are written; `None` for none.
    """
    past = usage.read() if usage else {}
    models = [
        PooledModel(each, partial(open_endpoint, each, site.root), past.get(each.name, ()))
        for each in site.models
    ]
    if usage is not None:
        for each in models:
            each.on_change = partial(usage.write, models)
    return ModelPool(models)


def open_endpoint(spec: LanguageModel, root: Path) -> Endpoint:
    """Creates the endpoint of a model. Raises as `create_chat_model`."""
    if isinstance(spec, ChatModel):
        return LangchainEndpoint(create_chat_model(spec, root), spec.structured_output)
    return LlamaEndpoint(spec, root)
