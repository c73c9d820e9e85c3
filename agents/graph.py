"""Graph of the deliberation about one case, from its candidates to what came of it.

LangGraph has no authority. Its state is plain JSON for people to read later; a choice to act is
followed only where nothing prevents the candidate, and what was decided is read from the ledger.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Annotated, Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, interrupt
from pydantic import TypeAdapter

from handwheel.playbooks.engine.diagnosis import CheckResult, Choice, Diagnosis, Judgement

from .planning.candidates import Candidate

_NODES = ("plan", "validate", "wait", "report")
_FINDINGS = TypeAdapter(tuple[CheckResult, ...])


def _newest(_: Any, value: Any) -> Any:
    """Keeps the newest value. A thread that was moved may run several nodes at once."""
    return value


class Deliberation(TypedDict):
    """Content of a checkpoint."""

    thread: Annotated[str, _newest]  # id of the case, or of the run that is judged again
    candidates: Annotated[list[dict[str, Any]], _newest]
    needs_evidence: Annotated[bool, _newest]
    choice: Annotated[str, _newest]  # name of the candidate; empty to abstain
    reason: Annotated[str, _newest]
    outcome: Annotated[dict[str, str], _newest]  # empty as long as the case is open


Graph = CompiledStateGraph[Deliberation, Any, Deliberation, Deliberation]


def graph_hash() -> str:
    """Returns the hash of this graph and version. A run is not resumed under another."""
    return sha256(f"{','.join(_NODES)} {version('handwheel')}".encode()).hexdigest()


class Deliberations:
    """Deliberations of a site, one thread a case.

    Args:
        is_over: Returns whether a case or run is over, as the ledger has it.
        checkpointer: LangGraph's; `None` for one that ends with the process.
    """

    def __init__(
        self, is_over: Callable[[str], bool], checkpointer: BaseCheckpointSaver[Any] | None
    ) -> None:
        self._is_over = is_over
        builder: StateGraph[Deliberation, Any, Deliberation, Deliberation]
        builder = StateGraph(Deliberation)
        builder.add_node("plan", _plan)
        builder.add_node("validate", _validate)
        builder.add_node("wait", _wait)
        builder.add_node("report", self._report)
        builder.add_edge(START, "plan")
        builder.add_edge("plan", "validate")
        builder.add_edge("validate", "wait")
        builder.add_conditional_edges("wait", self._after_wait, ["wait", "report"])
        builder.add_edge("report", END)
        self.graph: Graph = builder.compile(checkpointer=checkpointer or InMemorySaver())

    async def judge(
        self, thread: str, candidates: Sequence[Candidate], *, needs_evidence: bool = True
    ) -> tuple[Candidate | None, Judgement]:
        """Judges the candidates of a case anew, each as it was found on one snapshot.

        Returns:
            The candidate to act by, or `None`, and the judgement in words.
        """
        begun: Deliberation = {
            "thread": thread, "candidates": [_state(each) for each in candidates],
            "needs_evidence": needs_evidence, "choice": "", "reason": "", "outcome": {},
        }  # fmt: skip
        found = await self.graph.ainvoke(begun, _config(thread), durability="sync")
        chosen = next((each for each in candidates if each.name == found["choice"]), None)
        if chosen is not None and not chosen.code:
            return chosen, Judgement("act", str(found["reason"]))
        suggests = next((each.suggests for each in candidates if each.suggests), "")
        choice: Choice = "other" if suggests else "abstain"
        return None, Judgement(choice, str(found["reason"]), suggests)

    async def close(self, thread: str) -> None:
        """Adds to a deliberation what came of it. One that was lost or moved stays so."""
        snapshot = await self.graph.aget_state(_config(thread))
        if len(snapshot.tasks) == len(snapshot.interrupts) == 1:
            work: Command[Any] = Command(resume="read the ledger")
            await self.graph.ainvoke(work, _config(thread), durability="sync")

    async def _after_wait(self, state: Deliberation) -> str:
        """Returns the next node by the ledger, whatever has woken this thread.

        It is async because LangGraph runs a plain function in a thread of its own, where the
        ledger cannot be read.
        """
        return "report" if self._is_over(state["thread"]) else "wait"

    async def _report(self, state: Deliberation) -> dict[str, Any]:
        return {"outcome": {"state": "closed"} if self._is_over(state["thread"]) else {}}


def _config(thread: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread}}


def _state(candidate: Candidate) -> dict[str, Any]:
    """Returns a candidate as plain JSON."""
    return {
        "name": candidate.name, "code": candidate.code, "reason": candidate.reason,
        "suggests": candidate.suggests,
        "findings": _FINDINGS.dump_python(candidate.diagnosis.findings, mode="json"),
    }  # fmt: skip


async def _plan(state: Deliberation) -> dict[str, Any]:
    """Chooses by rules the first candidate that nothing prevents."""
    for each in state["candidates"]:
        if not each["code"]:
            return {"choice": each["name"], "reason": "all evidence for it is met, none against it"}
    found = state["candidates"]
    named = [f"{each['name']}: {each['reason']}" for each in found]
    return {"choice": "", "reason": found[0]["reason"] if len(found) == 1 else "; ".join(named)}


async def _validate(state: Deliberation) -> dict[str, Any]:
    """Refuses a choice whose findings prevent it, whoever made it."""
    for each in state["candidates"]:
        if each["name"] == state["choice"]:
            found = Diagnosis(_FINDINGS.validate_python(each["findings"]))
            blocking = found.blocked_by(needs_evidence=state["needs_evidence"])
            if not blocking:
                return {}
            reason = "; ".join(f"{one.id}: {one.shown}" for one in blocking)
            return {"choice": "", "reason": reason}
    return {"choice": ""}


async def _wait(state: Deliberation) -> dict[str, Any]:
    """Sleeps until the thread is woken. What has woken it says nothing."""
    interrupt({"thread": state["thread"], "waits_for": "the end of the case"})
    return {}
