"""Pool of the models of a site, and the file in which their usage is kept."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from handwheel.connectors.model.language_models import ChatModel, LanguageModel, Role
from handwheel.connectors.model.site import Site
from handwheel.tools.atomic_files import replace_file
from handwheel.tools.problem_log import ProblemLog
from handwheel.tools.requests.timestamps import stamp

from .exchange import Call, Endpoint, Exchange, NoAnswer
from .langchain_endpoint import LangchainEndpoint, create_chat_model
from .pooled_model import Check, PooledModel
from .question import Question

USAGE_FILE = "models.json"
_SCHEMA = "models/1"
T = TypeVar("T")


class UsageFile:
    """Health, method and calls of the last hour of each model, in the site's state folder."""

    def __init__(self, state: Path) -> None:
        self._path = state / USAGE_FILE
        self._report = ProblemLog(__name__)

    def content(self) -> Mapping[str, Any]:
        """Returns its content, empty if there is none or it cannot be read."""
        try:
            found: Any = json.loads(self._path.read_text("utf-8"))
            return found if found["schema"] == _SCHEMA else {}
        except (KeyError, OSError, TypeError, ValueError):
            return {}

    def read(self) -> dict[str, list[Call]]:
        """Returns the calls of each model, so that a new start begins no new budget."""
        try:
            models = self.content().get("models", {})
            return {
                name: [Call(**each) for each in fields["calls"]] for name, fields in models.items()
            }
        except (AttributeError, KeyError, TypeError):
            return {}

    def write(self, models: Sequence[PooledModel]) -> None:
        """Writes how the models are. What cannot be written costs only the file."""
        content = {
            "schema": _SCHEMA, "at": stamp(datetime.now(UTC)),
            "models": {
                each.spec.name: {
                    "method": each.method, "fault": each.fault,
                    "calls": [asdict(call) for call in each.calls],
                }
                for each in models
            },
        }  # fmt: skip
        try:
            replace_file(self._path, f"{json.dumps(content)}\n")
            self._report("models.json", "")
        except OSError as error:
            self._report("models.json", f"cannot be written: {error}")


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
    from .llama_endpoint import LlamaEndpoint  # loads httpx

    return LlamaEndpoint(spec, root)
