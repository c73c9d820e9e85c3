"""Graph of one run. Each node calls the playbooks' runner and decides nothing itself.

LangGraph has no authority. The thread's position, its resume value and its state only wake a
node; the runner reads from the ledger whether that node is due. A node that is not due does
nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Annotated, Any, Protocol, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import interrupt

from handwheel.connectors.denial import Denial
from handwheel.playbooks.execution.runner import Runner
from handwheel.playbooks.run.diagnosis import Diagnosis
from handwheel.playbooks.run.phases import Phase

from .planner import Plan, plan_by_rules

MAX_RESTARTS = 20
"""Number of times that a run may be resumed; then it must be aborted or stopped."""

_CHECK_NODES = ("triage", "replan", "diagnose", "plan", "validate", "request")
"""Nodes of a run that is being checked, in order."""
_NODES: Mapping[Phase, str] = {
    Phase.REQUEST: "request",
    Phase.AWAIT_DECISION: "await_decision",
    Phase.FOLLOW: "follow",
    Phase.VERIFY: "verify",
    Phase.ROLLBACK: "recover",
    Phase.SETTLE: "settle",
    Phase.AWAIT_ORDER: "rest",
    Phase.REPORT: "report",
    Phase.OVER: END,
}


def _newest(_: Any, value: Any) -> Any:
    """Keeps the newest value. A thread that was moved may run several nodes at once."""
    return value


class ThreadState(TypedDict):
    """Content of a checkpoint, the run and the number of its newest event."""

    run_id: Annotated[str, _newest]
    offset: Annotated[int, _newest]


class GraphRun(Protocol):
    """One run as the graph knows it."""

    runner: Runner
    diagnosis: Diagnosis | None  # the latest diagnosis; `None` before the first
    is_cleared: bool  # whether planning and validation have passed this diagnosis

    def check_plan(self) -> Denial | None:
        """Returns why the plan may not be requested now."""
        ...


class _Node(Protocol):
    async def __call__(self, state: ThreadState) -> ThreadState: ...


Graph = CompiledStateGraph[ThreadState, Any, ThreadState, ThreadState]


def graph_hash() -> str:
    """Returns the hash of this graph and version. A run is not resumed under another."""
    names = ",".join((*_CHECK_NODES, *sorted(_NODES.values())))
    return sha256(f"{names} {version('handwheel')}".encode()).hexdigest()


def build_graph(find: Callable[[str], GraphRun], checkpointer: BaseCheckpointSaver[Any]) -> Graph:
    """Builds the graph of every run, whose id `find` resolves."""
    nodes = _Nodes(find)
    builder: StateGraph[ThreadState, Any, ThreadState, ThreadState] = StateGraph(ThreadState)
    works: Mapping[str, _Node] = {
        "triage": nodes.triage,
        "replan": nodes.replan,
        "diagnose": nodes.diagnose,
        "plan": nodes.plan,
        "validate": nodes.validate,
        "request": nodes.request,
        "await_decision": nodes.await_decision,
        "follow": nodes.follow,
        "verify": nodes.verify,
        "recover": nodes.roll_back,
        "settle": nodes.settle,
        "rest": nodes.await_order,
        "report": nodes.report,
    }
    targets = [*works, END]
    for name, work in works.items():
        builder.add_node(name, work)
        builder.add_conditional_edges(name, nodes.router(name), targets)
    builder.add_edge(START, "triage")
    return builder.compile(checkpointer=checkpointer)


class _Nodes:
    def __init__(self, find: Callable[[str], GraphRun]) -> None:
        self._find = find

    def router(self, after: str) -> Callable[[ThreadState], Awaitable[str]]:
        """Returns a router that picks the next node from the run's recorded phase.

        The router is async because LangGraph runs a plain function in a thread of its own, where
        the ledger cannot be read.
        """

        async def route(state: ThreadState) -> str:
            runner = self._find(state["run_id"]).runner
            phase = runner.phase
            if phase is not Phase.CHECK:
                return _NODES[phase]
            if after in _CHECK_NODES[:-1]:
                return _CHECK_NODES[_CHECK_NODES.index(after) + 1]
            return "replan"

        return route

    def _done(self, active: GraphRun) -> ThreadState:
        return {"run_id": active.runner.run_id, "offset": active.runner.run.seq}

    async def triage(self, state: ThreadState) -> ThreadState:
        """Starts the thread. The snapshot was recorded when the run was opened."""
        return self._done(self._find(state["run_id"]))

    async def replan(self, state: ThreadState) -> ThreadState:
        active = self._find(state["run_id"])
        if active.runner.run.restarts > MAX_RESTARTS:
            active.runner.refuse(f"it was resumed {MAX_RESTARTS} times; abort it or stop it")
        return self._done(active)

    async def diagnose(self, state: ThreadState) -> ThreadState:
        active = self._find(state["run_id"])
        active.is_cleared = False
        active.diagnosis = await active.runner.diagnose()
        return self._done(active)

    async def plan(self, state: ThreadState) -> ThreadState:
        """Decides by rules whether this playbook applies."""
        active = self._find(state["run_id"])
        if active.diagnosis is not None:
            plan = _plan(active, active.diagnosis)
            if plan.choice != "act":
                active.runner.refuse(plan.reason, suggests=plan.suggests)
        return self._done(active)

    async def validate(self, state: ThreadState) -> ThreadState:
        """Refuses a plan whose permissives are not met, or that may not be requested."""
        active = self._find(state["run_id"])
        if active.diagnosis is None or active.runner.phase is not Phase.CHECK:
            return self._done(active)
        denial = (
            _check_permissives(active.diagnosis) or _check_planner(active) or active.check_plan()
        )
        if denial is not None:
            active.runner.refuse(denial.reason)
        else:
            active.is_cleared = True
        return self._done(active)

    async def request(self, state: ThreadState) -> ThreadState:
        active = self._find(state["run_id"])
        if active.runner.phase is not Phase.CHECK or active.is_cleared:
            active.diagnosis, active.is_cleared = None, False  # the next segment is diagnosed again
            await active.runner.request()
        return self._done(active)

    async def await_decision(self, state: ThreadState) -> ThreadState:
        """Sleeps until the run is woken, then reads the decision from the ledger."""
        interrupt({"run_id": state["run_id"], "waits_for": "a decision"})
        active = self._find(state["run_id"])
        active.runner.read_decision()
        return self._done(active)

    async def follow(self, state: ThreadState) -> ThreadState:
        """Commands or performs a step. The gate writes."""
        active = self._find(state["run_id"])
        await active.runner.follow()
        return self._done(active)

    async def verify(self, state: ThreadState) -> ThreadState:
        active = self._find(state["run_id"])
        await active.runner.verify()
        return self._done(active)

    async def roll_back(self, state: ThreadState) -> ThreadState:
        active = self._find(state["run_id"])
        await active.runner.roll_back()
        return self._done(active)

    async def settle(self, state: ThreadState) -> ThreadState:
        active = self._find(state["run_id"])
        active.runner.settle()
        return self._done(active)

    async def await_order(self, state: ThreadState) -> ThreadState:
        """Sleeps until an operator gives an order or an escalation is due."""
        interrupt({"run_id": state["run_id"], "waits_for": "an order"})
        active = self._find(state["run_id"])
        active.runner.await_order()
        return self._done(active)

    async def report(self, state: ThreadState) -> ThreadState:
        """Ends a run whose last step is done."""
        active = self._find(state["run_id"])
        active.runner.report()
        return self._done(active)


def _plan(active: GraphRun, diagnosis: Diagnosis) -> Plan:
    return plan_by_rules(diagnosis, needs_evidence=active.runner.needs_evidence)


def _check_planner(active: GraphRun) -> Denial | None:
    """Runs the planner again, since a thread can be moved past the node `plan`."""
    if active.diagnosis is None:
        return Denial("diagnosis", "it was not evaluated")
    plan = _plan(active, active.diagnosis)
    return None if plan.choice == "act" else Denial("evidence", plan.reason)


def _check_permissives(diagnosis: Diagnosis) -> Denial | None:
    unmet = [each for each in diagnosis.blocked_by() if each.side == "permissive"]
    reason = "; ".join(f"{each.id}: {each.shown}" for each in unmet)
    return Denial("permissive", reason) if unmet else None
