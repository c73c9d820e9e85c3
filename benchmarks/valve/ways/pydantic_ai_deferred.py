"""Way of pydantic-ai, `requires_approval` with all that is stored as JSON.

As ai.pydantic.dev/deferred-tools says: the run ends with `DeferredToolRequests`, and another one
begins with the message history and `DeferredToolResults`.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter

from ..order import Order, obeyed
from .write_tool import write_tag

HISTORY, REQUESTS, RESULTS = "history.json", "requests.json", "results.json"
_ai: Any = import_module("pydantic_ai")
_messages: Any = import_module("pydantic_ai.messages")
_function: Any = import_module("pydantic_ai.models.function")


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator["Deferred"]:
    """Opens the way with its files in the folder."""
    tool = _ai.Tool(write_tag, requires_approval=True)
    model = _function.FunctionModel(_answer)
    agent = _ai.Agent(model, tools=[tool], output_type=[str, _ai.DeferredToolRequests])
    yield Deferred(agent, folder)


def _answer(messages: Any, info: Any) -> Any:
    del info
    order = obeyed(str(messages[-1].parts[-1].content))
    if order is None:
        return _messages.ModelResponse(parts=[_messages.TextPart("done")])
    arguments = {"tag": order.tag, "value": order.value}
    call = _messages.ToolCallPart("write_tag", arguments, f"call-{uuid4().hex}")
    return _messages.ModelResponse(parts=[call])


class Deferred:
    """Agent whose run ends at a call that needs approval."""

    def __init__(self, agent: Any, folder: Path) -> None:
        self._agent, self._folder = agent, folder
        self._requests = TypeAdapter[Any](_ai.DeferredToolRequests)
        self._results = TypeAdapter[Any](_ai.DeferredToolResults)

    async def ask(self, text: str) -> None:
        """Begins a run."""
        self._store(await self._agent.run(text))

    async def shown(self) -> Sequence[Order]:
        """Returns the arguments of the stored requests."""
        found = [each.args_as_dict() for each in self._pending()]
        return [Order(each["tag"], each["value"]) for each in found]

    async def approve(self, *, always: bool = False) -> None:
        """Stores a result for each request, and begins the run that carries them out."""
        del always
        results = _ai.DeferredToolResults()
        for each in self._pending():
            results.approvals[each.tool_call_id] = True
        (self._folder / RESULTS).write_bytes(self._results.dump_json(results))
        await self.resume()

    async def resume(self) -> None:
        """Begins the run with the stored history and results."""
        history = _messages.ModelMessagesTypeAdapter.validate_json(
            (self._folder / HISTORY).read_bytes()
        )
        results = self._results.validate_json((self._folder / RESULTS).read_bytes())
        self._store(await self._agent.run(message_history=history, deferred_tool_results=results))

    async def goto(self, order: Order) -> None:
        """Raises an error, since there is no graph to jump in."""
        raise NotImplementedError(order)

    def _pending(self) -> Sequence[Any]:
        stored = self._requests.validate_json((self._folder / REQUESTS).read_bytes())
        pending: Sequence[Any] = stored.approvals
        return pending

    def _store(self, result: Any) -> None:
        (self._folder / HISTORY).write_bytes(result.all_messages_json())
        (self._folder / RESULTS).unlink(missing_ok=True)
        (self._folder / REQUESTS).unlink(missing_ok=True)
        if isinstance(result.output, _ai.DeferredToolRequests):
            (self._folder / REQUESTS).write_bytes(self._requests.dump_json(result.output))
