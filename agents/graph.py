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
from handwheel.playbooks.run.diagnosis import Judgement
from handwheel.playbooks.run.phases import Phase

from .planner import Plan, plan_by_rules

MAX_RESTARTS = 20
"""How often a run may be resumed; more is a matter for people."""

_CASE = ("triage", "replan", "diagnose", "plan", "validate", "request")
"""The nodes of a case that is being checked, in their order."""
_NODES: Mapping[Phase, str] = {
    Phase.REQUEST: "request",
    Phase.AWAIT_DECISION: "await_decision",
    Phase.FOLLOW: "follow",
    Phase.VERIFY: "verify",
    Phase.RECOVER: "recover",
    Phase.SETTLE: "settle",
    Phase.REST: "rest",
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


class Case(Protocol):
    """One run as the graph knows it.

    Attributes:
        judgement: As it was judged last; `None` before.
        is_cleared: Whether plan and validation have let the judged case through.
    """

    runner: Runner
    judgement: Judgement | None
    is_cleared: bool

    def check_plan(self) -> str:
        """Returns why the plan may not be asked for now; empty if it may."""
        ...


class _Node(Protocol):
    async def __call__(self, state: ThreadState) -> ThreadState: ...


Graph = CompiledStateGraph[ThreadState, Any, ThreadState, ThreadState]


def graph_hash() -> str:
    """Returns what tells this graph from another version's: a run is not resumed under another."""
    names = ",".join((*_CASE, *sorted(_NODES.values())))
    return sha256(f"{names} {version('handwheel')}".encode()).hexdigest()


def build_graph(find: Callable[[str], Case], checkpointer: BaseCheckpointSaver[Any]) -> Graph:
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
        "recover": nodes.recover,
        "settle": nodes.settle,
        "rest": nodes.rest,
        "report": nodes.report,
    }
    targets = [*works, END]
    for name, work in works.items():
        builder.add_node(name, work)
        builder.add_conditional_edges(name, nodes.router(name), targets)
    builder.add_edge(START, "triage")
    return builder.compile(checkpointer=checkpointer)


class _Nodes:
    def __init__(self, find: Callable[[str], Case]) -> None:
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
            if after in _CASE[:-1]:
                return _CASE[_CASE.index(after) + 1]
            return "replan"

        return route

    def _done(self, case: Case) -> ThreadState:
        return {"run_id": case.runner.run_id, "offset": case.runner.run.seq}

    async def triage(self, state: ThreadState) -> ThreadState:
        """Begins: the snapshot was recorded as the run was opened."""
        return self._done(self._find(state["run_id"]))

    async def replan(self, state: ThreadState) -> ThreadState:
        """Bounds how often a run begins anew."""
        case = self._find(state["run_id"])
        if case.runner.run.restarts > MAX_RESTARTS:
            case.runner.refuse(f"it was resumed {MAX_RESTARTS} times; abort it or stop it")
        return self._done(case)

    async def diagnose(self, state: ThreadState) -> ThreadState:
        """Judges evidence and permissives in full, on one snapshot."""
        case = self._find(state["run_id"])
        case.is_cleared = False
        case.judgement = await case.runner.judge()
        return self._done(case)

    async def plan(self, state: ThreadState) -> ThreadState:
        """Decides by rules whether this playbook is the answer."""
        case = self._find(state["run_id"])
        if case.judgement is not None:
            plan = _plan(case, case.judgement)
            if plan.choice != "act":
                case.runner.refuse(plan.reason, suggests=plan.suggests)
        return self._done(case)

    async def validate(self, state: ThreadState) -> ThreadState:
        """Refuses a plan whose permissives do not hold, or that may not be asked for."""
        case = self._find(state["run_id"])
        if case.judgement is None or case.runner.phase is not Phase.CHECK:
            return self._done(case)
        if reason := _closed(case.judgement) or _objection(case) or case.check_plan():
            case.runner.refuse(reason)
        else:
            case.is_cleared = True
        return self._done(case)

    async def request(self, state: ThreadState) -> ThreadState:
        """Files the next segment. The agent stops here: what comes of it people decide."""
        case = self._find(state["run_id"])
        if case.runner.phase is not Phase.CHECK or case.is_cleared:
            case.judgement, case.is_cleared = None, False  # the next is judged anew
            await case.runner.request()
        return self._done(case)

    async def await_decision(self, state: ThreadState) -> ThreadState:
        """Sleeps until somebody wakes the run; what was decided the ledger says."""
        interrupt({"run_id": state["run_id"], "waits_for": "a decision"})
        case = self._find(state["run_id"])
        case.runner.look_at_decision()
        return self._done(case)

    async def follow(self, state: ThreadState) -> ThreadState:
        """Commands or performs a step; the gate does the writing."""
        case = self._find(state["run_id"])
        await case.runner.follow()
        return self._done(case)

    async def verify(self, state: ThreadState) -> ThreadState:
        """Decides a step by what the process does."""
        case = self._find(state["run_id"])
        await case.runner.verify()
        return self._done(case)

    async def recover(self, state: ThreadState) -> ThreadState:
        """Takes the run back, by what was approved for that."""
        case = self._find(state["run_id"])
        await case.runner.recover()
        return self._done(case)

    async def settle(self, state: ThreadState) -> ThreadState:
        """Brings a run that holds or stops to rest."""
        case = self._find(state["run_id"])
        case.runner.settle()
        return self._done(case)

    async def rest(self, state: ThreadState) -> ThreadState:
        """Sleeps until a person orders what is to become of the run, or people must be told."""
        interrupt({"run_id": state["run_id"], "waits_for": "an order"})
        case = self._find(state["run_id"])
        case.runner.rest()
        return self._done(case)

    async def report(self, state: ThreadState) -> ThreadState:
        """Ends a run whose last step is done."""
        case = self._find(state["run_id"])
        case.runner.report()
        return self._done(case)


def _plan(case: Case, judgement: Judgement) -> Plan:
    return plan_by_rules(judgement, asks_for=case.runner.asks_for)


def _objection(case: Case) -> str:
    """Returns what the planner has against it: a thread that was sent past `plan` asks again."""
    if case.judgement is None:
        return "it was not judged"
    plan = _plan(case, case.judgement)
    return "" if plan.choice == "act" else plan.reason


def _closed(judgement: Judgement) -> str:
    closed = [each for each in judgement.blocked_by() if each.side == "permissive"]
    return "; ".join(f"{each.id}: {each.shown}" for each in closed)
