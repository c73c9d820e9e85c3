"""Graph of the deliberation about one case, from what fired to what came of it.

LangGraph has no authority. Its state is plain JSON for people to read later; a choice to act is
followed only where nothing prevents the candidate, and what was decided is read from the ledger.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Annotated, Any, Literal, TypedDict

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command, Send, interrupt
from pydantic import TypeAdapter

from handwheel.playbooks.engine.diagnosis import CheckResult, Choice, Judgement

from .checkpoints import Checkpoints, thread_config
from .deviations.continuous_diagnosis import ContinuousDiagnosis
from .diagnosis.ranking import weighed_fields
from .lookahead.foretold_plans import FORBIDDEN, ForetoldPlans
from .lookahead.site_look_ahead import SiteLookAhead
from .planning.candidates import Candidate
from .planning.planner import RULES, PlanningCase
from .planning.planners import Planners
from .planning.situation import Judged, Situation
from .planning.verdict import case_ranking

_NODES = ("gather", "diagnose", "rank", "plan", "look_ahead", "wait", "follow", "report")
_STEPS = 20  # of one deliberation, beside two for each candidate that the twin forbids
_FINDINGS = TypeAdapter(tuple[CheckResult, ...])

Outcome = Mapping[str, Any]
"""What came of a case or run as the ledger has it. `is_over` says whether it has ended."""


def _newest(_: Any, value: Any) -> Any:
    """Keeps the newest value. A thread that was moved may run several nodes at once."""
    return value


def _gathered(before: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Adds what parallel nodes have weighed. An empty list begins anew."""
    return [*before, *new] if new else []


class Deliberation(TypedDict):
    """Content of a checkpoint."""

    thread: Annotated[str, _newest]  # id of the case, or of the run that is judged again
    at: Annotated[str, _newest]  # stamp of the snapshot that is judged
    deviations: Annotated[list[dict[str, Any]], _newest]
    candidates: Annotated[list[dict[str, Any]], _newest]
    hypotheses: Annotated[list[str], _newest]  # that explain a deviation
    weighed: Annotated[list[dict[str, Any]], _gathered]
    ranking: Annotated[dict[str, Any], _newest]
    plan: Annotated[dict[str, Any], _newest]
    predictions: Annotated[list[dict[str, Any]], _newest]  # of each plan that was looked at
    outcome: Annotated[dict[str, Any], _newest]


class _Weighing(TypedDict):
    """Input of one of the nodes that work in parallel."""

    thread: str
    hypothesis: str


Graph = CompiledStateGraph[Deliberation, Any, Deliberation, Deliberation]


def graph_hash() -> str:
    """Returns the hash of this graph and version. A run is not resumed under another."""
    return sha256(f"{','.join(_NODES)} {version('handwheel')}".encode()).hexdigest()


class Deliberations:
    """Deliberations of a site, one thread a case.

    Args:
        outcome: Returns what came of a case or run, as the ledger has it.
        checkpointer: LangGraph's; `None` for one that ends with the process.
        diagnosis: Of the site's failure modes; `None` without any.
        planners: Planner of the site, by default the rules.
        look_ahead: Twin of the site; `None` without one.
    """

    def __init__(
        self,
        outcome: Callable[[str], Outcome],
        checkpointer: BaseCheckpointSaver[Any] | None,
        diagnosis: ContinuousDiagnosis | None = None,
        planners: Planners | None = None,
        look_ahead: SiteLookAhead | None = None,
    ) -> None:
        self._outcome, self._diagnosis, self._twin = outcome, diagnosis, look_ahead
        self._planners = planners or Planners()
        self._fleeting = InMemorySaver() if checkpointer is None else None
        self._lasting = checkpointer if isinstance(checkpointer, Checkpoints) else None
        self._situations: dict[str, Situation] = {}  # those that are judged now, by thread
        self._foretold: dict[str, ForetoldPlans] = {}  # of each of them
        self._begun = set[str]()  # threads of this process
        self._unrecorded = dict[str, str]()  # stamp of a judgement that the journal has not
        builder: StateGraph[Deliberation, Any, Deliberation, Deliberation]
        builder = StateGraph(Deliberation)
        builder.add_node("gather", self._gather)
        builder.add_node("diagnose", self._diagnose)
        builder.add_node("rank", self._rank)
        builder.add_node("plan", self._plan)
        builder.add_node("look_ahead", self._look_ahead)
        builder.add_node("wait", _wait)
        builder.add_node("follow", self._follow)
        builder.add_node("report", self._report)
        builder.add_edge(START, "gather")
        builder.add_conditional_edges("gather", _to_diagnose, ["diagnose", "rank"])
        builder.add_edge("diagnose", "rank")
        builder.add_edge("rank", "plan")
        builder.add_edge("plan", "look_ahead")
        builder.add_edge("wait", "follow")
        builder.add_edge("report", END)
        self.graph: Graph = builder.compile(checkpointer=checkpointer or self._fleeting)

    async def judge(self, thread: str, situation: Situation) -> Judged:
        """Judges a case or run anew, as it was found on one snapshot."""
        foretold = ForetoldPlans(self._twin, situation.has_written)
        self._situations[thread], self._foretold[thread] = situation, foretold
        try:
            found = await self._deliberate(thread, situation)
        finally:
            del self._situations[thread], self._foretold[thread]
        await self._prune(thread)
        self._unrecorded[thread] = situation.at
        plan, candidates = found["plan"], foretold.mark(situation.candidates)
        every = {
            "deviations": found["deviations"], "diagnosis": found["ranking"],
            "passed_over": plan["passed_over"], "snapshot_at": found["at"],
            "plan": _journalled(plan), "predictions": found["predictions"],
        }  # fmt: skip
        kept = {name: each for name, each in every.items() if each}
        chosen, reason = situation.candidate(plan), str(plan["reason"])
        prevented = foretold.prevents(chosen) if chosen else ""
        if chosen is not None and not prevented:
            return Judged(chosen, Judgement("act", reason), kept, candidates)
        suggests = next((each.suggests for each in candidates if each.suggests), "")
        choice: Choice = "other" if suggests else "abstain"
        return Judged(None, Judgement(choice, prevented or reason, suggests), kept, candidates)

    async def _deliberate(self, thread: str, situation: Situation) -> Deliberation:
        """Wakes a thread that waits, else begins it. One that was moved begins anew."""
        config = thread_config(thread)
        config["recursion_limit"] = _STEPS + 2 * len(situation.candidates)
        if self._fleeting is not None:
            await self._fleeting.adelete_thread(thread)  # nobody reads what was before
        if thread in self._begun and await self._is_waiting(thread):
            work: Command[Any] = Command(resume="judge it anew")
            found = await self.graph.ainvoke(work, config, durability="sync")
            if found.get("at") == situation.at:
                return found  # type: ignore[return-value]
        self._begun.add(thread)
        begun: Deliberation = {
            "thread": thread, "at": "", "deviations": [], "candidates": [], "hypotheses": [],
            "weighed": [], "ranking": {}, "plan": {}, "predictions": [], "outcome": {},
        }  # fmt: skip
        return await self.graph.ainvoke(begun, config, durability="sync")  # type: ignore[return-value]

    async def follow(self, thread: str) -> None:
        """Adds to a deliberation what came of it. One that was lost or moved stays so."""
        if await self._is_waiting(thread):
            work: Command[Any] = Command(resume="read the ledger")
            await self.graph.ainvoke(work, thread_config(thread), durability="sync")
        if self._fleeting is not None and thread not in self._begun:
            await self._fleeting.adelete_thread(thread)
        await self._prune(thread)

    def note_recorded(self, thread: str) -> None:
        """Notes that the journal tells the latest judgement of a thread, whose state stays."""
        self._unrecorded.pop(thread, None)

    async def _prune(self, thread: str) -> None:
        if self._lasting is not None:
            await self._lasting.keep_latest(thread, self._unrecorded.pop(thread, ""))

    async def _is_waiting(self, thread: str) -> bool:
        snapshot = await self.graph.aget_state(thread_config(thread))
        return len(snapshot.tasks) == len(snapshot.interrupts) == 1

    # --- nodes, all of them async because LangGraph runs a plain function in another thread -----

    async def _gather(self, state: Deliberation) -> dict[str, Any]:
        """Takes what is judged now. A thread that was moved here has nothing new."""
        found = self._situations.get(state["thread"])
        if found is None:
            return {"weighed": []}
        return {
            "at": found.at, "deviations": list(found.deviations),
            "candidates": [_state(each, found) for each in found.candidates],
            "hypotheses": list(found.hypotheses), "weighed": [], "predictions": [],
        }  # fmt: skip

    async def _diagnose(self, state: _Weighing) -> dict[str, Any]:
        """Weighs one hypothesis, by the pure functions of `diagnosis`."""
        situation = self._situations.get(state["thread"])
        name = state.get("hypothesis", "")
        if self._diagnosis is None or situation is None or name not in situation.hypotheses:
            return {}
        return {"weighed": [weighed_fields(self._diagnosis.weigh(name, situation.readings))]}

    async def _rank(self, state: Deliberation) -> dict[str, Any]:
        """Ranks what explains the case, among all that continuous diagnosis has weighed."""
        situation = self._situations.get(state["thread"])
        if self._diagnosis is None or situation is None or not situation.hypotheses:
            return {"ranking": {}}
        ranking = self._diagnosis.rank_anew(situation.hypotheses, situation.readings)
        return {"ranking": case_ranking(ranking, situation, self._diagnosis.deciding_checks)}

    async def _plan(self, state: Deliberation) -> dict[str, Any]:
        """Asks the planner of the site, whose plan is checked."""
        situation = self._situations.get(state["thread"])
        case = PlanningCase(
            state["thread"], state["at"], state["deviations"], state["candidates"],
            state["ranking"],
        )  # fmt: skip
        plan = await self._planners.plan(case, situation.bind if situation else None)
        return {"plan": plan.fields}

    async def _look_ahead(self, state: Deliberation) -> Command[Literal["plan", "wait"]]:
        """Foretells what the plan does. One that the twin forbids is planned anew."""
        situation = self._situations.get(state["thread"])
        chosen = situation.candidate(state["plan"]) if situation else None
        if situation is None or chosen is None:
            return Command(goto="wait")
        foretold = self._foretold[state["thread"]]
        fields = await foretold.ask(chosen, situation.readings)
        update = {"predictions": [*state["predictions"], *([fields] if fields else [])]}
        if not (reason := foretold.prevents(chosen)):
            return Command(update=update, goto="wait")
        prevented = {"code": FORBIDDEN, "reason": reason}
        candidates = [
            each | (prevented if each["name"] == chosen.name else {})
            for each in state["candidates"]
        ]
        return Command(update={**update, "candidates": candidates}, goto="plan")

    async def _follow(self, state: Deliberation) -> Command[Literal["gather", "wait", "report"]]:
        """Reads from the ledger what came of the case, whatever has woken this thread."""
        found = dict(self._outcome(state["thread"]))
        if found.pop("is_over"):
            return Command(update={"outcome": found}, goto="report")
        is_new = state["thread"] in self._situations
        return Command(update={"outcome": found}, goto="gather" if is_new else "wait")

    async def _report(self, state: Deliberation) -> dict[str, Any]:
        """Ends with what the ledger says, whatever stands in the state."""
        self._begun.discard(state["thread"])
        found = self._outcome(state["thread"])
        return {"outcome": {name: each for name, each in found.items() if name != "is_over"}}


def _state(candidate: Candidate, situation: Situation) -> dict[str, Any]:
    """Returns a candidate as plain JSON."""
    answers = (situation.answers or {}).get(candidate.name, ())
    return {
        "name": candidate.name, "playbook": candidate.plan.id, "title": candidate.plan.title,
        "adjusted": [each.fields for each in candidate.plan.adjustable],
        "risk": (situation.risks or {}).get(candidate.name, ""),
        "code": candidate.code, "reason": candidate.reason,
        "suggests": candidate.suggests, "answers": list(answers),
        "findings": _FINDINGS.dump_python(candidate.diagnosis.findings, mode="json"),
    }  # fmt: skip


def _journalled(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what the journal keeps of a plan that is not by rules, or whose planner failed."""
    if plan.get("author", RULES) == RULES and not plan.get("problem"):
        return {}
    kept = ("kind", "parameters", "risk", "author", "problem", "exchange")
    return {name: plan[name] for name in kept if plan.get(name)}


def _to_diagnose(state: Deliberation) -> list[Send] | str:
    """Weighs each hypothesis in a node of its own, all at once."""
    thread = state["thread"]
    sent = [{"thread": thread, "hypothesis": each} for each in state["hypotheses"]]
    return [Send("diagnose", each) for each in sent] or "rank"


async def _wait(state: Deliberation) -> dict[str, Any]:
    """Sleeps until the thread is woken. What has woken it says nothing."""
    interrupt({"thread": state["thread"], "waits_for": "the end of the case"})
    return {}
