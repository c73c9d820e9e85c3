"""A control room with agents in it, stepped: one clock, the real model, the real gate in memory."""

from collections.abc import Callable, Iterator, Sequence

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver

from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.site_agents import SiteAgents
from handwheel.connectors.denial import Denial
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.evaluation.trial.agents import SteppedAgents
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.language.libraries import library_folder
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.sim_plant.simulation import Simulation
from handwheel.tools.guardrails.approval.run_orders import Order
from handwheel.tools.guardrails.interlocks.authority_check import authority_status
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.maintenance.work_order_database import WorkOrders

from ...gate.testbed.authority_grant import give
from ...plants.cooling_water import ModelPlant, Past
from ...playbooks.sample_playbook import changed, loaded
from ...sites.released import release_library
from .consistency import Books

# The frames of the change-over, as the devices log them.
START_B, START_B_BACK = "P-101B.run_cmd=1", "P-101B.run_cmd=0"
STOP_A, OUT_A = "P-101A.run_cmd=0", "P-101A.mode=2"
_LONG_SCAN_S = 5.0
_LOADED: dict[str, Playbook] = {}
_BINDINGS: dict[int, tuple[Site, Bindings]] = {}


def _bindings_of(site: Site) -> Bindings:
    """What playbooks are bound to, once in all tests for the same tags."""
    return _BINDINGS.setdefault(id(site.tags), (site, Bindings(site)))[1]


class AgentsRoom(Books):
    """A site with its plant, its gate, its people, and its agents.

    Args:
        library: The playbooks.
        simulation: The plant's model, where a test begins.
        past: What was seen before; agents that start anew have a historian that knows it.

    Attributes:
        scan_s: How much of people's time passes from one scan to the next.
        speed: How much faster the plant's time passes.
        obstacle: Why a plan may not be asked for; empty if it may.
        is_gate_idle: Whether the gate takes nothing up.
        twin: What agents that are started look ahead with.
    """

    def __init__(
        self, site: Site, library: Sequence[Playbook], simulation: Simulation, past: Past
    ) -> None:
        super().__init__(site)
        self.plant = ModelPlant(site, self.fuse, simulation)
        self.desk.plant = self.plant
        self.library = library
        self.past = list(past)
        self.scan_s = 1.0
        self.speed = 1.0
        self.obstacle = ""
        self.is_gate_idle = False
        self.twin: SiteTwin | None = None
        self.workorders = WorkOrders(site.state)
        self.stepped_agents = SteppedAgents(
            self.desk.decision_context, self.plant, self.clock, self.workorders,
            _bindings_of(site), self._check,
        )  # fmt: skip
        for scope in ("PUMPS-101", "E-101"):
            give(self.desk.decision_context, scope, self.clock.now(), lasts_s=86400.0)

    # --- the agents ---------------------------------------------------------------------------

    @property
    def agents(self) -> SiteAgents:
        return self.stepped_agents.site_agents

    async def start_agents(self, saver: BaseCheckpointSaver[str] | None = None) -> None:
        """Starts the process that works on the runs."""
        self.saver = saver or InMemorySaver()
        release_library(self.site, self.library)
        past = self._seen_before()
        await self.stepped_agents.start(self.library, past, self.saver, twin=self.twin)

    def _seen_before(self) -> Iterator[Readings]:
        for at_s, values in self.past:
            self.plant.values = dict(values)
            self.plant.values["SIM-CLOCK.pv"] = at_s
            yield self._readings()
        self.plant.advance(0.0)

    async def start_with(self, *changes: tuple[str, str]) -> None:
        """Starts agents that have one playbook: the change-over, with some text replaced."""
        self.library = [self.changed(*changes)]
        await self.start_agents()

    def changed(self, *changes: tuple[str, str]) -> Playbook:
        """The change-over with some text replaced."""
        text = (library_folder() / "cw" / "pump-bearing-changeover.yaml").read_text("utf-8")
        text = changed(*changes, text=text)
        if text not in _LOADED:
            _LOADED[text] = loaded(self.site.state, text)
        return _LOADED[text]

    async def kill_agents(self) -> None:
        """What is left of agents that were killed: what is on the disk."""
        await self.stepped_agents.end()
        self.clock.forward(11.0)  # until its lease is over

    async def restart_agents(self) -> None:
        """Starts agents anew after those at work were killed."""
        await self.kill_agents()
        await self.start_agents()

    async def end(self) -> None:
        await self.stepped_agents.end()
        self.workorders.close()
        self.close()

    def _check(self, plan: BoundPlaybook) -> Denial | None:
        names = {write.tag.equipment for write in plan.writes}
        standings = [
            authority_status(self.desk.decision_context, each, self.clock.now())
            for each in sorted(names)
        ]
        reason = self.obstacle or next((each.reason for each in standings if each.reason), "")
        return Denial("test", reason) if reason else None

    # --- time ---------------------------------------------------------------------------------

    def _readings(self) -> Readings:
        tags = list(self.site.tags.values())
        return {} if self.plant.is_unseen else self.plant.read(tags)

    async def scan(self, times: int = 1) -> None:
        """Lets one scan's time pass for everybody, and everybody do what is then to be done."""
        for _ in range(times):
            self.clock.forward(self.scan_s)
            self.plant.advance(self.scan_s * self.speed)
            self.past.append((self.plant.simulation.plant.time_s, self.plant.values))
            await self.stepped_agents.scan(self._readings(), self.scan_s)
            if self.gate is not None:
                self.watch()
                if not self.is_gate_idle:
                    await self.act()

    def fault(self, fault: str, **parameters: float | str) -> None:
        """Lets something go wrong in the plant now."""
        self.plant.simulation.apply(FaultEvent(fault, 0.0, parameters))

    async def wait(self, seconds: float, speed: float = 1.0) -> None:
        """Lets a long time of the plant pass in long scans, and ends with short ones."""
        self.scan_s, self.speed = _LONG_SCAN_S, speed
        await self.scan(round(seconds / _LONG_SCAN_S / speed))
        self.scan_s = self.speed = 1.0
        await self.scan(6)

    async def until(
        self, is_so: Callable[[], object], what: object, within_s: float = 300.0
    ) -> None:
        """Lets time pass until something is so."""
        for _ in range(round(within_s / self.scan_s)):
            if is_so():
                return
            await self.scan()
        raise AssertionError(f"not {what} within {within_s:g} s: {self.told()}")

    async def reach(self, *states: str, within_s: float = 300.0) -> Run:
        """Lets time pass until the newest run is in one of some states."""
        await self.until(lambda: self.run.state in states, states, within_s)
        return self.run

    async def reach_step(self, step: str, state: str) -> None:
        """Lets time pass until a step of the newest run has come so far."""
        await self.until(lambda: self.run.step(step) == state, (step, state))

    async def reach_request(self, number: int) -> RequestRecord:
        """Lets time pass until the newest run waits for the decision on this request of it."""

        def waits() -> bool:
            return len(self.run.requests) == number and self.run.state == "WAITING_APPROVAL"

        await self.until(waits, f"request {number}")
        return self.request(number)

    # --- people -------------------------------------------------------------------------------

    def say(self, verdict: str, number: int = 0) -> None:
        """anna decides on a request of the newest run; on the last one if none is named."""
        assert verdict in {"approve", "reject", "revoke"}
        self.desk.say(verdict, self.request(number).request, "anna")  # type: ignore[arg-type]

    async def approved(self, *numbers: int) -> None:
        """Lets time pass until each request is there, and has it approved."""
        for each in numbers:
            await self.reach_request(each)
            self.say("approve")
            await self.scan()

    async def settles(self) -> None:
        """Has the first request approved; the header settles on two pumps then."""
        await self.approved(1)
        await self.reach_step("settle", "PERFORM")

    async def ordered(self, order: Order, *states: str, within_s: float = 300.0) -> None:
        """Orders the newest run about, until it is in one of some states."""
        self.order(order)
        await self.reach(*states, within_s=within_s)

    def order(self, order: Order, by: str = "anna") -> None:
        """Somebody orders the newest run about."""
        self.desk.order_run(self.run_id, order, by, ["operator"])

    def take_over(self, equipment: str, by: str = "anna") -> None:
        """A person acts there from now on, and no agent."""
        self.desk.take_authority(equipment, "OPERATOR", by)
