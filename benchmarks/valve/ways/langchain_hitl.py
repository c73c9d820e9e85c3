"""Way of LangChain, `HumanInTheLoopMiddleware` in both of its modes.

As docs.langchain.com/oss/python/langchain/human-in-the-loop says, with the SQLite checkpointer.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from langchain.agents import create_agent  # pyright: ignore[reportUnknownVariableType]
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command

from ..order import Order
from .thread import CONFIG, STORE, Thread, obedient_model
from .write_tool import write_tag


def _call(order: Order) -> dict[str, Any]:
    return {"name": "write_tag", "args": {"tag": order.tag, "value": order.value}}


@asynccontextmanager
async def batched(folder: Path) -> AsyncGenerator["Reviewed"]:
    """Opens the way in the default mode, one interrupt for each answer of the model."""
    async with _opened(folder, "batched") as way:
        yield way


@asynccontextmanager
async def per_call(folder: Path) -> AsyncGenerator["Reviewed"]:
    """Opens the way in the mode that is to be the default, one interrupt for each call."""
    async with _opened(folder, "per_call") as way:
        yield way


@asynccontextmanager
async def _opened(folder: Path, mode: Literal["batched", "per_call"]) -> AsyncGenerator["Reviewed"]:
    async with AsyncSqliteSaver.from_conn_string(str(folder / STORE)) as saver:
        review: HumanInTheLoopMiddleware[Any, Any, Any] = HumanInTheLoopMiddleware(
            interrupt_on={"write_tag": {"allowed_decisions": ["approve", "reject"]}},
            interrupt_mode=mode,
        )
        agent: Any = create_agent(
            obedient_model(_call), tools=[write_tag], middleware=[review], checkpointer=saver
        )
        yield Reviewed(agent, _call)


class Reviewed(Thread):
    """Agent whose tool calls a person reviews."""

    async def shown(self) -> Sequence[Order]:
        """Returns the arguments of the calls under review."""
        found: list[Order] = []
        for each in await self.interrupts():
            calls = each.value.get("action_requests", [each.value])
            found += [Order(call["args"]["tag"], call["args"]["value"]) for call in calls]
        return found

    async def approve(self, *, always: bool = False) -> None:
        """Resumes the thread with a decision for each call. There is none that lasts."""
        del always
        yes = {"type": "approve"}
        interrupts = await self.interrupts()
        if calls := interrupts[0].value.get("action_requests"):
            await self._resume_with({"decisions": [yes] * len(calls)})
        else:
            await self._resume_with({each.id: yes for each in interrupts})

    async def _resume_with(self, answer: dict[str, Any]) -> None:
        await self.agent.ainvoke(Command(resume=answer), CONFIG)
