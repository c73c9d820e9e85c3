"""Agent on a thread of LangGraph, stored by its SQLite checkpointer."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.runnables import RunnableConfig
from langgraph.types import Command, Interrupt

from handwheel.testing import FunctionModel

from ..order import Order, obeyed

STORE = "thread.sqlite"
CONFIG: RunnableConfig = {"configurable": {"thread_id": "valve"}}
Call = Callable[[Order], dict[str, Any]]


def obedient_model(call: Call) -> FunctionModel:
    """Returns a model that answers an order by a call, and all else by a word."""

    def answer(messages: Sequence[BaseMessage]) -> AIMessage:
        order = obeyed(messages[-1].text)
        return _asking(call(order)) if order else AIMessage("done")

    return FunctionModel(answer)


def _asking(call: dict[str, Any]) -> AIMessage:
    return AIMessage("", tool_calls=[{**call, "id": f"call-{uuid4().hex}", "type": "tool_call"}])


class Thread:
    """Compiled agent with a checkpointer, on one thread."""

    def __init__(self, agent: Any, call: Call) -> None:
        self.agent, self._call = agent, call

    async def ask(self, text: str) -> None:
        """Gives the agent a message."""
        await self.agent.ainvoke({"messages": [HumanMessage(text)]}, CONFIG)

    async def interrupts(self) -> tuple[Interrupt, ...]:
        """Returns what the thread waits for."""
        found: tuple[Interrupt, ...] = (await self.agent.aget_state(CONFIG)).interrupts
        return found

    async def resume(self) -> None:
        """Runs on after a stop with `None`, as LangGraph's page on durable execution says."""
        await self.agent.ainvoke(None, CONFIG)

    async def goto(self, order: Order) -> None:
        """Jumps to the node of the tools with a message of its own."""
        await self.agent.ainvoke(
            Command(goto="tools", update={"messages": [_asking(self._call(order))]}), CONFIG
        )
