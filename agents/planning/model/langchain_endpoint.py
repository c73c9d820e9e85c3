"""Chat model of LangChain as an endpoint."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handwheel.connectors.config.secrets import resolve_secret
from handwheel.connectors.model.language_models import ChatModel, Method

from .answer import ModelFault
from .exchange import RawAnswer
from .question import Question

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_EVERY: Sequence[Method] = ("json_schema", "function_calling", "json_mode")


def create_chat_model(spec: ChatModel, root: Path) -> "BaseChatModel":
    """Returns the chat model that a site names.

    Args:
        root: Folder of the site, where a secret may lie.

    Raises:
        ImportError: LangChain or the package of the provider is not installed.
        NotConnected: The secret is missing.
        Exception: As the package of the provider raises it.
    """
    from langchain.chat_models import init_chat_model  # slow, and an extra

    secret = {"api_key": resolve_secret(spec.secret, root, spec.name)} if spec.secret else {}
    own: dict[str, Any] = {"timeout": spec.within, "max_retries": 0, **spec.arguments, **secret}
    made: Any = init_chat_model
    found: BaseChatModel = made(spec.model, **own)
    return found


class LangchainEndpoint:
    """Endpoint of a chat model, which is asked with its structured output.

    Args:
        method: The one to use, or `auto` to try all of them.
    """

    def __init__(self, model: "BaseChatModel", method: str = "auto") -> None:
        self._model = model
        self.methods: Sequence[Method] = [each for each in _EVERY if method in {"auto", each}]

    async def ask(self, question: Question, method: Method) -> RawAnswer:
        """Asks the model. See `Endpoint`."""
        text = question.text
        if method == "json_mode":  # nothing else tells the model its schema
            text = f"{text}\nAnswer as JSON of this schema: {json.dumps(question.schema)}"
        asked = self._model.with_structured_output(
            dict(question.schema), method=method, include_raw=True
        )
        found: Any = await asked.ainvoke([("system", question.system), ("user", text)])
        raw, parsed = found["raw"], found["parsed"]
        metadata: dict[str, Any] = raw.response_metadata or {}
        usage: dict[str, Any] = raw.usage_metadata or {}
        finish = str(metadata.get("finish_reason") or metadata.get("stop_reason") or "stop")
        if parsed is None and finish != "length":
            raise ModelFault(f"{method} gave no structured answer")
        answer = "" if parsed is None else json.dumps(parsed)
        tokens = int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0))
        return RawAnswer(answer, finish, *tokens)

    async def close(self) -> None:
        """Has nothing to end."""
