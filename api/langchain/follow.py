"""Agents that wait for people are resumed when the ledger moves."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.pregel import Pregel
from langgraph.types import Command, Interrupt, StateSnapshot

from handwheel.tools.safe_text import printable

from ..request import Outcome, Request
from ..site import Site
from .tools import REQUESTS

_TURN = "1 h"


@dataclass(frozen=True, slots=True)
class Result:
    """End of a run of an agent.

    Attributes:
        outcomes: What came of each request of the thread, by its id, from the ledger.
        words: Last words of the agent. They are unverified, and no source about the plant.
    """

    outcomes: Mapping[str, Outcome]
    words: str

    def __str__(self) -> str:
        """Returns the outcomes, then the words, marked as unverified."""
        lines = [_line(name, each) for name, each in self.outcomes.items()]
        words = [f"unverified words of the agent: {printable(self.words)}"] if self.words else []
        return "\n".join([*lines, *words])


async def follow(agent: Pregel[Any, Any, Any, Any], config: RunnableConfig, site: Site) -> Result:
    """Resumes an interrupted agent each time a node's requests are over, until it ends.

    It may be called again for the same thread, after a restart too. It ends early where the graph
    waits for something else than a request.

    Args:
        agent: A compiled graph with the tools of `tools` and a checkpointer.
        config: Has the `thread_id`.

    Returns:
        The outcomes of all requests of the thread, and the agent's last words.

    Raises:
        NoAgents: The site's agents have ended. The thread is as it was.
        ToolFailed: They end while it waits, or do not answer. The thread is as it was.

    Effect: the agent's tools'. Retry: none. Timeout: none.
    """
    state = await agent.aget_state(config)
    while waiting := [each for each in state.interrupts if _request_ids(each)]:
        over = await _first_over(waiting, site)
        await agent.ainvoke(Command(resume={each.id: True for each in over}), config)
        state = await agent.aget_state(config)
    return Result(await _outcomes(agent, config, site), _words(state))


async def _first_over(waiting: list[Interrupt], site: Site) -> list[Interrupt]:
    """Waits until all requests of one interrupt are over, and returns the interrupts like it."""
    requests = [[await site.request(id_) for id_ in _request_ids(each)] for each in waiting]
    tasks = {asyncio.create_task(_all_over(each)): n for n, each in enumerate(requests)}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for each in done:
            each.result()
        return [waiting[tasks[each]] for each in done]
    finally:
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _all_over(requests: Sequence[Request]) -> None:
    for each in requests:
        while not (await each.outcome(_TURN)).is_over:
            pass


async def _outcomes(
    agent: Pregel[Any, Any, Any, Any], config: RunnableConfig, site: Site
) -> dict[str, Outcome]:
    """Returns the outcomes of the requests that the thread has waited for, the oldest first."""
    found: dict[str, None] = {}
    async for state in agent.aget_state_history(config):
        names = [name for each in state.interrupts for name in _request_ids(each)]
        found |= dict.fromkeys(reversed(names))
    return {name: await (await site.request(name)).outcome() for name in reversed(found)}


def _request_ids(interrupt: Interrupt) -> Sequence[str]:
    is_table = isinstance(interrupt.value, dict)
    value = cast("dict[str, Sequence[str]]", interrupt.value) if is_table else {}
    return value.get(REQUESTS, ())


def _words(state: StateSnapshot) -> str:
    values: Any = state.values
    messages: Sequence[BaseMessage] = values.get("messages", ())
    said = [each for each in messages if isinstance(each, AIMessage)]
    return said[-1].text if said else ""


def _line(name: str, outcome: Outcome) -> str:
    effects = [f"{each.expected}: {each.verdict or 'is watched'}" for each in outcome.effects]
    reason = [outcome.reason] if outcome.reason else []
    return ", ".join([f"{name} {outcome.state}", *map(printable, [*reason, *effects])])
