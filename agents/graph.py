"""Graph of the deliberation about one run, from its findings to what came of it.

LangGraph has no authority. Its state is plain JSON for people to read later; the engine follows a
judgement only where nothing blocks the run, and what was decided is read from the ledger.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Annotated, Any, TypedDict

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, interrupt

from handwheel.connectors.denial import Denial
from handwheel.playbooks.engine.diagnosis import Choice, Diagnosis, Judgement
from handwheel.playbooks.engine.run import Run

from .planner import findings_of, plan_by_rules, to_findings, unmet_permissives

_NODES = ("plan", "validate", "wait", "report")


def _newest(_: Any, value: Any) -> Any:
    """Keeps the newest value. A thread that was moved may run several nodes at once."""
    return value


class Deliberation(TypedDict):
    """Content of a checkpoint."""

    run_id: Annotated[str, _newest]
    findings: Annotated[list[dict[str, Any]], _newest]  # evidence and permissives
    needs_evidence: Annotated[bool, _newest]
    denial: Annotated[str, _newest]  # why the plan may not be requested now; empty for none
    choice: Annotated[str, _newest]
    reason: Annotated[str, _newest]
    suggests: Annotated[str, _newest]
    outcome: Annotated[Mapping[str, str], _newest]  # state and reason of the run that is over


Graph = CompiledStateGraph[Deliberation, Any, Deliberation, Deliberation]


def graph_hash() -> str:
    """Returns the hash of this graph and version. A run is not resumed under another."""
    return sha256(f"{','.join(_NODES)} {version('handwheel')}".encode()).hexdigest()


class Deliberations:
    """Deliberations about the runs of a site, one thread a run.

    Args:
        find: Returns a run as the ledger has it, `None` if there is none of this id.
    """

    def __init__(
        self, find: Callable[[str], Run | None], checkpointer: BaseCheckpointSaver[Any]
    ) -> None:
        self._find = find
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
        self.graph: Graph = builder.compile(checkpointer=checkpointer)

    async def judge(
        self, run_id: str, diagnosis: Diagnosis, denial: Denial | None, *, needs_evidence: bool
    ) -> Judgement:
        """Judges a diagnosis anew.

        Args:
            denial: Why the plan may not be requested now.
        """
        begun: Deliberation = {
            "run_id": run_id, "findings": to_findings(diagnosis), "outcome": {},
            "needs_evidence": needs_evidence, "denial": denial.reason if denial else "",
            "choice": "abstain", "reason": "", "suggests": "",
        }  # fmt: skip
        found = await self.graph.ainvoke(begun, _config(run_id), durability="sync")
        is_act = found["choice"] == "act"
        choice: Choice = "act" if is_act else "other" if found["suggests"] else "abstain"
        return Judgement(choice, str(found["reason"]), str(found["suggests"]))

    async def close(self, run_id: str) -> None:
        """Adds to a deliberation what came of its run. One that was lost or moved stays so."""
        snapshot = await self.graph.aget_state(_config(run_id))
        if len(snapshot.tasks) == len(snapshot.interrupts) == 1:
            work: Command[Any] = Command(resume="read the ledger")
            await self.graph.ainvoke(work, _config(run_id), durability="sync")

    async def _after_wait(self, state: Deliberation) -> str:
        """Returns the next node by the ledger, whatever has woken this thread.

        It is async because LangGraph runs a plain function in a thread of its own, where the
        ledger cannot be read.
        """
        run = self._find(state["run_id"])
        return "report" if run is not None and run.is_closed else "wait"

    async def _report(self, state: Deliberation) -> dict[str, Any]:
        run = self._find(state["run_id"])
        if run is None or not run.is_closed:
            return {}
        return {"outcome": {"state": run.state.value, "reason": run.reason}}


def _config(run_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": run_id}}


async def _plan(state: Deliberation) -> dict[str, Any]:
    """Decides by rules whether the playbook applies."""
    found = plan_by_rules(findings_of(state), needs_evidence=state["needs_evidence"])
    return {"choice": found.choice, "reason": found.reason, "suggests": found.suggests}


async def _validate(state: Deliberation) -> dict[str, Any]:
    """Refuses a plan whose permissives are not met, or that may not be requested."""
    reason = unmet_permissives(findings_of(state)) or state["denial"]
    is_refused = state["choice"] == "act" and reason
    return {"choice": "abstain", "reason": reason} if is_refused else {}


async def _wait(state: Deliberation) -> dict[str, Any]:
    """Sleeps until the thread is woken. What has woken it says nothing."""
    interrupt({"run_id": state["run_id"], "waits_for": "the end of the run"})
    return {}
