"""The graph of one run: each node hands over to the playbooks' runner and decides nothing.

LangGraph is no authority here. Where a thread stands in the graph, what it was resumed with and
what its state says are wake-ups: every node asks the runner, and the runner the ledger, whether
it is its turn. A node that is reached out of turn does nothing.
"""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Annotated, Any, Protocol, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import interrupt

from handwheel.playbooks.execution.runner import Runner
from handwheel.playbooks.run.diagnosis import Diagnosis
from handwheel.playbooks.run.phases import Phase

from .planner import Plan, plan_by_rules

MAX_RESTARTS = 20
"""How often a run may be resumed; more is a matter for people."""

_CHECK_NODES = ("triage", "replan", "diagnose", "plan", "validate", "request")
"""The nodes of a case that is being checked, in their order."""
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
    """Keeps one value: of a thread that somebody has moved, several nodes may be at work."""
    return value


class ThreadState(TypedDict):
    """What a checkpoint holds: which run, and how far its events had come. Nothing else."""

    run_id: Annotated[str, _newest]
    offset: Annotated[int, _newest]


class GraphRun(Protocol):
    """One run as the graph knows it.

    Attributes:
        judgement: As it was judged last; `None` before.
        is_cleared: Whether plan and validation have let the judged case through.
    """

    runner: Runner
    diagnosis: Diagnosis | None
    is_cleared: bool

    def check_plan(self) -> str:
        """Returns why the plan may not be asked for now; empty if it may."""
        ...


class _Node(Protocol):
    async def __call__(self, state: ThreadState) -> ThreadState: ...


Graph = CompiledStateGraph[ThreadState, Any, ThreadState, ThreadState]


def graph_hash() -> str:
    """Returns what tells this graph from another version's: a run is not resumed under another."""
    names = ",".join((*_CHECK_NODES, *sorted(_NODES.values())))
    return sha256(f"{names} {version('handwheel')}".encode()).hexdigest()


def build_graph(find: Callable[[str], GraphRun], checkpointer: BaseCheckpointSaver[Any]) -> Graph:
    """Builds the graph that every run goes through.

    Args:
        find: Returns the run of an id.
        checkpointer: Keeps where the threads stand; nothing is lost with it.
    """
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
        """Returns what decides where a run goes on behind a node: its phase, as recorded.

        A plain function would be run in a thread of its own, in which the ledger cannot be read.
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
        """Begins: the snapshot was recorded as the run was opened."""
        return self._done(self._find(state["run_id"]))

    async def replan(self, state: ThreadState) -> ThreadState:
        """Bounds how often a run begins anew."""
        active = self._find(state["run_id"])
        if active.runner.run.restarts > MAX_RESTARTS:
            active.runner.refuse(f"it was resumed {MAX_RESTARTS} times; abort it or stop it")
        return self._done(active)

    async def diagnose(self, state: ThreadState) -> ThreadState:
        """Judges evidence and permissives in full, on one snapshot."""
        active = self._find(state["run_id"])
        active.is_cleared = False
        active.diagnosis = await active.runner.diagnose()
        return self._done(active)

    async def plan(self, state: ThreadState) -> ThreadState:
        """Decides by rules whether this playbook is the answer."""
        active = self._find(state["run_id"])
        if active.diagnosis is not None:
            plan = _plan(active, active.diagnosis)
            if plan.choice != "act":
                active.runner.refuse(plan.reason, suggests=plan.suggests)
        return self._done(active)

    async def validate(self, state: ThreadState) -> ThreadState:
        """Refuses a plan whose permissives do not hold, or that may not be asked for."""
        active = self._find(state["run_id"])
        if active.diagnosis is None or active.runner.phase is not Phase.CHECK:
            return self._done(active)
        if (
            reason := _unmet_permissives(active.diagnosis)
            or _refusal_of_planner(active)
            or active.check_plan()
        ):
            active.runner.refuse(reason)
        else:
            active.is_cleared = True
        return self._done(active)

    async def request(self, state: ThreadState) -> ThreadState:
        """Files the next segment. The agent stops here: what comes of it people decide."""
        active = self._find(state["run_id"])
        if active.runner.phase is not Phase.CHECK or active.is_cleared:
            active.diagnosis, active.is_cleared = None, False  # the next is judged anew
            await active.runner.request()
        return self._done(active)

    async def await_decision(self, state: ThreadState) -> ThreadState:
        """Sleeps until somebody wakes the run; what was decided the ledger says."""
        interrupt({"run_id": state["run_id"], "waits_for": "a decision"})
        active = self._find(state["run_id"])
        active.runner.read_decision()
        return self._done(active)

    async def follow(self, state: ThreadState) -> ThreadState:
        """Commands or performs a step; the gate does the writing."""
        active = self._find(state["run_id"])
        await active.runner.follow()
        return self._done(active)

    async def verify(self, state: ThreadState) -> ThreadState:
        """Decides a step by what the process does."""
        active = self._find(state["run_id"])
        await active.runner.verify()
        return self._done(active)

    async def roll_back(self, state: ThreadState) -> ThreadState:
        """Takes the run back, by what was approved for that."""
        active = self._find(state["run_id"])
        await active.runner.roll_back()
        return self._done(active)

    async def settle(self, state: ThreadState) -> ThreadState:
        """Brings a run that holds or stops to rest."""
        active = self._find(state["run_id"])
        active.runner.settle()
        return self._done(active)

    async def await_order(self, state: ThreadState) -> ThreadState:
        """Sleeps until a person orders what is to become of the run, or people must be told."""
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


def _refusal_of_planner(active: GraphRun) -> str:
    """Returns what the planner has against it: a thread that was sent past `plan` asks again."""
    if active.diagnosis is None:
        return "it was not judged"
    plan = _plan(active, active.diagnosis)
    return "" if plan.choice == "act" else plan.reason


def _unmet_permissives(diagnosis: Diagnosis) -> str:
    closed = [each for each in diagnosis.blocked_by() if each.side == "permissive"]
    return "; ".join(f"{each.id}: {each.shown}" for each in closed)
