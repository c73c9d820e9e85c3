"""Way of the OpenAI Agents SDK, `needs_approval` with a stored `RunState`.

As openai.github.io/openai-agents-python/human_in_the_loop says. The state is also stored between
the yes and the run, as its section on long-running approvals has it for a queue of work.
"""

import json
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from ..order import Order, obeyed
from .write_tool import write_tag

STORE = "state.json"
_MODEL_CALLS = 20
_ROOT = Path(__file__).parents[3]
# The SDK is the package `agents`, which in this project's folder is another one.
with patch.object(sys, "path", [each for each in sys.path if Path(each).resolve() != _ROOT]):
    _sdk: Any = import_module("agents")
    _scripted: Any = import_module("agents.testing")


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator["NeedsApproval"]:
    """Opens the way with a state in the folder."""
    _sdk.set_tracing_disabled(True)
    model = _scripted.ScriptedModel([_scripted.ModelStep.respond(_answer)] * _MODEL_CALLS)
    tool = _sdk.function_tool(write_tag, needs_approval=True)
    yield NeedsApproval(_sdk.Agent(name="agent", model=model, tools=[tool]), folder / STORE)


def _answer(call: Any) -> Any:
    last = call.input if isinstance(call.input, str) else call.input[-1]
    text = last if isinstance(last, str) else str(last.get("output") or last.get("content"))
    order = obeyed(text)
    if order is None:
        return [_scripted.assistant_message("done")]
    arguments = {"tag": order.tag, "value": order.value}
    return [_scripted.function_call("write_tag", arguments, call_id=f"call-{uuid4().hex}")]


class NeedsApproval:
    """Agent whose run pauses at a call."""

    def __init__(self, agent: Any, store: Path) -> None:
        self._agent, self._store = agent, store

    async def ask(self, text: str) -> None:
        """Begins a run."""
        await self._run(text)

    async def shown(self) -> Sequence[Order]:
        """Returns the arguments of the calls at which the stored run has paused."""
        found = [json.loads(each.arguments) for each in (await self._state()).get_interruptions()]
        return [Order(each["tag"], each["value"]) for each in found]

    async def approve(self, *, always: bool = False) -> None:
        """Approves each pending call of the stored run, and runs it on."""
        state = await self._state()
        for each in state.get_interruptions():
            state.approve(each, always_approve=always)
        self._store.write_text(state.to_string(), encoding="utf-8")
        await self._run(state)

    async def resume(self) -> None:
        """Runs the stored state on."""
        await self._run(await self._state())

    async def goto(self, order: Order) -> None:
        """Raises an error, since there is no graph."""
        raise NotImplementedError(order)

    async def _state(self) -> Any:
        stored = json.loads(self._store.read_text(encoding="utf-8"))
        return await _sdk.RunState.from_json(self._agent, stored)

    async def _run(self, given: Any) -> None:
        result = await _sdk.Runner.run(self._agent, given)
        self._store.write_text(result.to_state().to_string(), encoding="utf-8")
