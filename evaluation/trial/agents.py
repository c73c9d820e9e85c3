"""Real agents of a stepped room, whose caller gives them each scan of the plant."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import Any, Protocol

from handwheel.agents.agent_context import AgentContext
from handwheel.agents.deviations.continuous_diagnosis import ContinuousDiagnosis
from handwheel.agents.deviations.standing import diagnosis_of
from handwheel.agents.diagnosis.load import load_hypotheses
from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.lookahead.site_look_ahead import SiteLookAhead
from handwheel.agents.lookahead.twin_process import InThisProcess
from handwheel.agents.planning.model.pooled_model import PooledModel
from handwheel.agents.planning.planners import Planners, planners_of
from handwheel.agents.site_agents import SiteAgents
from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.session.protocols import Survey
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.playbooks.execution.ledger_writer import LedgerWriter
from handwheel.playbooks.execution.plant_view import PlantView, RecalledWindows
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.maintenance.work_order_database import WorkOrders

from .clock import SteppedClock
from .devices import MemoryDevices

_SETTLE_S = 15.0  # longest time of the computer until every run waits


class AgentsAtWork(Protocol):
    """Agents that work on each scan of the plant. See `SiteAgents`."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is done until the next scan."""
        ...

    @property
    def is_advising(self) -> bool:
        """Whether set points are being searched."""
        ...

    def take_over(self) -> None:
        """Takes up what another process left open."""
        ...

    def scan(self, readings: Readings, monotonic_s: float) -> None:
        """Takes one scan of the plant."""
        ...

    async def end(self) -> None:
        """Ends what is being done."""
        ...


CreateAgents = Callable[[AgentContext], AgentsAtWork]


class SteppedAgents:
    """The real agents of a site, on devices in memory.

    They can be ended at any moment and started again. They then know only what is on the disk.

    Args:
        context: The site, its ledger as the agents open it, its policy and its people.
        bindings: Of the same site; other rooms of it may share them.
        check: Returns why a plan may not be requested now, as `agents.planning.plan_check`.
        create: Creates agents that are started; others than ours may take their place.

    Attributes:
        view: The plant as the agents see it.
        diagnosis: Continuous diagnosis of the agents, `None` without failure modes.
        look_ahead: Twin of the agents, `None` without one.
        hashes: Hashes of the site's files, which each run records.
        scanned_s: How long the agents have scanned, wall-clock seconds.
    """

    view: PlantView
    diagnosis: ContinuousDiagnosis | None
    look_ahead: SiteLookAhead | None
    _at_work: AgentsAtWork

    def __init__(
        self,
        context: DecisionContext,
        devices: MemoryDevices,
        clock: SteppedClock,
        workorders: WorkOrders,
        bindings: Bindings,
        check: Callable[[BoundPlaybook], Denial | None],
        create: CreateAgents = SiteAgents,
    ) -> None:
        self._create = create
        self.decision_context, self.devices, self.clock = context, devices, clock
        self.workorders, self.bindings, self._check = workorders, bindings, check
        self.hashes: Mapping[str, str] = context.site.hashes
        self.scanned_s = 0.0
        self._planners = Planners()

    async def start(
        self,
        playbooks: Sequence[Playbook],
        past: Iterable[Readings] = (),
        checkpointer: Any = None,
        twin: SiteTwin | None = None,
    ) -> None:
        """Starts agents, which hold the runs that others have left open.

        Args:
            past: Scans from before, for the windows of conditions and of the diagnosis.
            checkpointer: LangGraph's; `None` for one that ends with the room.
            twin: What looks ahead, in this process and without a time limit; `None` for nothing.

        Raises:
            ConfigError: The site's failure modes are wrong.
            GuardrailError: Other agents are at work.
            LedgerError: The ledger cannot be used.
            PlaybookError: A playbook does not fit the site.
        """
        context, bindings = self.decision_context, self.bindings
        site = context.site
        plans = bindings.triggered(playbooks)
        writer = LedgerWriter.take(context, self.clock.now)
        build_context = BuildContext(site, context.policy, cross_limits(site, context.policy))
        ledger = LedgerPort(writer, build_context, self._survey)
        hypotheses, problems = load_hypotheses(site)
        if problems:
            raise ConfigError(problems)
        every = bindings.with_nested(playbooks)
        self.view = PlantView.of_plans(every, site.clock_tag, hypotheses.conditions)
        self.diagnosis = diagnosis_of(site, hypotheses, self.view)
        self.look_ahead = SiteLookAhead(twin, site, self.view, InThisProcess()) if twin else None
        self._planners = planners_of(site, keeps_usage=False)
        await self._planners.tested()
        self._at_work = self._create(
            AgentContext(
                ledger, self.view, self.workorders, plans, self._check, self.clock.now,
                partial(bindings.bind, playbooks), self.hashes, checkpointer,
                diagnosis=self.diagnosis, planners=self._planners,
                look_ahead=self.look_ahead,
            )
        )  # fmt: skip
        more: list[RecalledWindows | None] = [self.diagnosis, self.look_ahead]
        for readings in past:
            self.view.observe(readings, self.scanned_s)
            for each in filter(None, more):
                each.recall(readings, self.view.clock.shown_s)
        self._at_work.take_over()
        await self.settle()

    @property
    def site_agents(self) -> SiteAgents:
        """The agents that were started last. Raises `TypeError` if they are others than ours."""
        if not isinstance(self._at_work, SiteAgents):
            raise TypeError(f"{type(self._at_work).__name__} are at work here")
        return self._at_work

    @property
    def models(self) -> Sequence[PooledModel]:
        """Models that were asked, none without a planner that asks any."""
        return self._planners.models

    async def _survey(self, read: Sequence[Tag], write: Sequence[Tag]) -> Survey:
        return self.devices.survey(read, write)

    async def scan(self, readings: Readings, seconds: float) -> None:
        """Takes a scan some seconds after the one before, and works until all runs wait.

        Raises:
            LostRace: Other agents have taken over.
            RuntimeError: A run does not come to rest.
        """
        self.scanned_s += seconds
        self._at_work.scan(readings, self.scanned_s)
        await self.settle()

    async def settle(self) -> None:
        """Waits until every run waits for a change. Raises `RuntimeError` after 15 s.

        The time that a planner may take comes on top, twice.

        A search of set points, which takes many predictions, is waited for without a limit.
        """
        until_s = monotonic() + _SETTLE_S + 2.0 * self._planners.limit_s
        while not self._at_work.is_idle:
            if self._at_work.is_advising:
                until_s = monotonic() + _SETTLE_S
            elif monotonic() > until_s:
                raise RuntimeError(f"a run does not come to rest within {_SETTLE_S:g} s")
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Ends the agents without a word. What is on the disk stays."""
        if hasattr(self, "_at_work"):
            await self._at_work.end()
        await self._planners.end()
