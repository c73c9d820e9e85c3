"""Loop of an agent without diagnosis, with the same runs, port and gate as ours."""

from collections.abc import Mapping
from dataclasses import replace

from handwheel.agents.agent_context import AgentContext
from handwheel.agents.site_runs import SiteRuns
from handwheel.agents.supervised_run import Tasks
from handwheel.connectors.denial import Denial
from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import Diagnosis, Judgement, diagnose
from handwheel.playbooks.engine.states import RunState
from handwheel.playbooks.execution.opening import RunStart
from handwheel.tools.errors import PermitRefused
from handwheel.tools.problem_log import ProblemLog
from handwheel.tools.requests.ids import new_id

from .own_agent import OwnAgent, Seen

_AGENT = "agent"
_WHY = Judgement("act", "its agent asks for it, and has diagnosed nothing")


class AgentLoop:
    """Runs of an agent, which begin without a case and without evidence.

    Everything else is as with our agents: permissives, authority, requests, people and the gate.
    """

    def __init__(self, context: AgentContext, agent: OwnAgent) -> None:
        self._context, self._agent = context, agent
        context = replace(context, rebind=self._rebind)
        self._runs = SiteRuns(context, self._judge, context.hashes, ProblemLog(__name__))
        self._tasks = Tasks()

    def take_over(self) -> None:
        """Does nothing, since nobody was at work before."""

    def scan(self, readings: Readings, monotonic_s: float) -> None:
        """Takes one scan of the plant, and starts what is to be done after it."""
        self._tasks.raise_errors()
        context = self._context
        changed = context.plant.observe(readings, monotonic_s) | context.ledger.changed()
        context.ledger.writer.keep()
        for run_id in self._runs.due(changed):
            self._tasks.start(run_id, self._advance(run_id))
        place = context.ledger.context
        if _AGENT not in self._tasks.names:
            seen = Seen(context.plant.now_s, readings, place.site, place.policy, context.plans)
            self._tasks.start(_AGENT, self._agent.act(seen, self._begin))

    @property
    def is_idle(self) -> bool:
        """Whether nothing is done until the next scan. An error of a task is raised."""
        self._tasks.raise_errors()
        return not self._tasks.names

    @property
    def is_advising(self) -> bool:
        """Always false."""
        return False

    async def end(self) -> None:
        """Ends what is being done. Runs stay as they are."""
        await self._tasks.end()

    async def _judge(
        self, run_id: str, plan: BoundPlaybook, found: Diagnosis, needs_evidence: bool
    ) -> Judgement:
        return _WHY

    def _rebind(
        self, name: str, roles: Mapping[str, str], given: Mapping[str, str]
    ) -> BoundPlaybook:
        return _without_evidence(self._context.rebind(name, roles, given))

    async def _begin(self, plan: BoundPlaybook) -> str | Denial:
        """Begins a run unless permissives, authority, policy or another run prevent it."""
        snapshot = self._context.plant.snapshot()
        for each in diagnose(plan, snapshot).of("permissive"):
            if not each.is_met:
                return Denial("permissive", f"{each.id} is not met: {each.shown}")
        if denial := self._context.check_plan(plan):
            return denial
        log = self._runs.log(new_id("U"))
        start = RunStart("", "no case, since the agent diagnoses nothing", self._runs.hashes)
        try:
            self._runs.open(log, plan, snapshot, start)
        except PermitRefused as refusal:
            return Denial("other_run", str(refusal))
        driver = self._runs.take_up(_without_evidence(plan), log)
        await self._advance(log.run_id)
        run = driver.run
        return Denial("run", run.reason) if run.state is RunState.NOT_STARTED else log.run_id

    async def _advance(self, run_id: str) -> None:
        active = self._runs.active[run_id]
        await active.advance()
        if active.driver.is_over:
            del self._runs.active[run_id]


def _without_evidence(plan: BoundPlaybook) -> BoundPlaybook:
    return replace(plan, evidence_for=(), evidence_against=())
