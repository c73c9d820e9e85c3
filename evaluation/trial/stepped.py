"""Stepped trial of a site, a simulated plant, the real agents and gate, and people."""

import os
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from handwheel.agents.deviations.case import Case, case_ids, load_case
from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.planning.plan_check import check_plan
from handwheel.agents.site_agents import SiteAgents
from handwheel.connectors.denial import Denial
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Value
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.execution.event_log import load_run
from handwheel.playbooks.language.errors import PlaybookError
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import FaultKind, PlantEvent
from handwheel.sim_plant.scenario import FaultEvent, Scenario, ScenarioEvent
from handwheel.sim_plant.simulation import Simulation
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_requests
from handwheel.tools.guardrails.ledger.runs import RunRow, load_rows, load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.maintenance.work_order_database import WorkOrder, WorkOrders
from handwheel.tools.requests.timestamps import parse_stamp

from ..plants.installed_plants import warm_plant
from .agents import CreateAgents, SteppedAgents
from .clock import SteppedClock
from .gate import SteppedGate
from .model_plant import ModelPlant
from .outcome import Outcome, read_outcome
from .people import People
from .site import (
    ADMINISTRATOR,
    OPERATORS,
    asked_roles,
    carry_over_releases,
    copied_site,
    enrol,
    in_memory_site,
    release_all,
    simulated_policy,
)
from .trial import REJECTION, Model, Setup, Verdict, check_connection

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (the folder in it is the room's own)
_Found = TypeVar("_Found")
_AUTHORITY_S = 30 * 86400.0
_SAME_S = 1e-6
_SCAN_S = 1.0  # process time between two scans of a setup, if the model's step divides it
_CUT = "the test has cut the connection"


@dataclass(eq=False)
class SteppedTrial:
    """A site that runs in memory as fast as the computer can.

    Nothing happens between two calls of `step`. The same seed and the same calls bring the same
    values, events and frames; only IDs and signatures differ.

    Attributes:
        scan_s: Seconds from one scan of the plant to the next, a multiple of the model's step. A
            longer one is faster, and a delay or window may end that much later. No scan is left
            out while nothing is open, since windows of evidence need each.
        now_s: Seconds since the room was opened, on every clock alike.
        trips: Trips of the plant and of its equipment since then.
    """

    site: Site
    clock: SteppedClock
    plant: ModelPlant
    gate: SteppedGate
    people: People
    agents: SteppedAgents
    scan_s: float = 1.0
    now_s: float = 0.0
    trips: list[PlantEvent] = field(default_factory=list[PlantEvent])
    _seen: dict[str, tuple[object, Any]] = field(default_factory=dict[str, tuple[object, Any]])

    @classmethod
    @asynccontextmanager
    async def of(cls, setup: Setup) -> AsyncGenerator["SteppedTrial"]:
        """Opens the trial of a setup, with a scan about every second. Raises as `open`."""
        async with cls.open(
            setup.site,
            setup.create or (lambda seed: warm_plant(setup.model, seed, setup.warmup_s)),
            seed=setup.seed,
            faults=setup.faults,
            library=setup.library,
            operators=setup.operators,
            revoked_keys=setup.revoked_keys,
        ) as trial:
            step_s = trial.plant.simulation.plant.step_s
            trial.scan_s = step_s * ceil(_SCAN_S / step_s - 1e-9)
            yield trial

    @classmethod
    @asynccontextmanager
    async def open(  # noqa: PLR0913 - each is a choice of its own
        cls,
        site: Site,
        model: Model,
        *,
        seed: int | None = None,
        faults: Sequence[ScenarioEvent] = (),
        library: Sequence[Playbook] | None = None,
        bindings: Bindings | None = None,
        operators: Sequence[str] = OPERATORS,
        revoked_keys: AbstractSet[str] | None = None,
        twin: SiteTwin | None = None,
        create: CreateAgents = SiteAgents,
        simulate: Callable[[Plant, Scenario], Simulation] = Simulation,
    ) -> AsyncGenerator["SteppedTrial"]:
        """Opens the trial of a site, with a gate and agents at work, and ends it.

        The user's site is only read. The room's people have keys of their own. Agents may act on
        everything for 30 days.

        Args:
            site: The user's, whose tags are moved to devices in memory.
            model: Creates the plant, with tags of the same names, at any time of its own.
            seed: Seed of the plant's noise; `None` for a plant without noise.
            faults: Faults, field actions and writes, each at its time after the beginning.
            library: Playbooks, released as if a person had; `None` for those of the site.
            bindings: Of `in_memory_site(site)`, for several rooms of it; `None` for the room's own.
            operators: Who holds every role that is asked for, at least one, beside `ADMINISTRATOR`.
            revoked_keys: Those of the site, for releases to count in the room as they do there;
                `None` if every playbook counts as released.
            twin: What the agents look ahead with; `None` for nothing.
            create: Creates the agents; others than ours may take their place.
            simulate: Creates the simulation of the plant with the faults.

        Raises:
            ConfigError: The site's policy is not valid, or a file has changed since it was read.
            PlaybookError: A playbook is not valid, or does not fit the site; with every finding.
            ScenarioError: The plant does not have a fault.
            OSError: There is no space for a temporary folder.

        Effect: ACTUATE on the model only. No socket is opened, and no device can be reached.
        """
        playbooks = _library_of(site) if library is None else list(library)
        plant = model(seed)
        simulation = simulate(plant, Scenario(tuple(faults), plant.time_s))
        async with AsyncExitStack() as opened:
            folder = Path(
                opened.enter_context(TemporaryDirectory(prefix="handwheel-", dir=_memory()))
            )
            own = copied_site(in_memory_site(site), folder)
            policy, clock = simulated_policy(site, own), SteppedClock()
            bindings = bindings or Bindings(own)
            roles = asked_roles(own, policy, bindings.with_nested(playbooks))
            own, keys = enrol(own, dict.fromkeys(operators, roles), ADMINISTRATOR, clock.now().wall)
            database = opened.enter_context(GateLedger(own.state, own.id))
            context = DecisionContext(own, database, policy, load_roster(own))
            devices = ModelPlant(own, simulation)
            gate = SteppedGate(context, devices, clock)
            people = People(context, devices, clock, keys)
            signer = people.signer(ADMINISTRATOR)
            if revoked_keys is None:
                release_all(own, bindings, playbooks, signer)
            else:
                carry_over_releases(site, own, signer, revoked_keys, datetime.now(UTC))
            workorders = opened.enter_context(WorkOrders(own.state))

            def check(plan: BoundPlaybook) -> Denial | None:
                return check_plan(context, plan, clock.now())

            agents = SteppedAgents(context, devices, clock, workorders, bindings, check, create)
            opened.callback(gate.kill)
            await gate.start()
            people.grant_authority("site", _AUTHORITY_S, operators[0])
            opened.push_async_callback(agents.end)
            await agents.start(playbooks, twin=twin)
            yield cls(own, clock, devices, gate, people, agents)

    # --- time ---------------------------------------------------------------------------------

    async def step(self, seconds: float | None = None) -> None:
        """Lets some seconds pass, then one scan of the agents and one round of the gate.

        Args:
            seconds: By default `scan_s`.

        Raises:
            InvalidArguments: It is no whole number of steps of the model.
            LedgerError: The ledger cannot be used.

        Effect: ACTUATE, what people have approved, once, on the model. Retry: none. Timeout: 15 s
        of the computer's time for the agents.
        """
        seconds = self.scan_s if seconds is None else seconds
        steps = seconds / self.plant.simulation.plant.step_s
        if steps < 1.0 or abs(steps - round(steps)) > _SAME_S:
            step_s = self.plant.simulation.plant.step_s
            raise InvalidArguments(f"{seconds:g} s is no whole number of steps of {step_s:g} s")
        self.clock.forward(seconds)
        self.now_s += seconds
        self.trips += (each for each in self.plant.advance(seconds) if each.kind == "trip")
        await self.agents.scan(self.plant.readings(), seconds)
        await self.gate.go_round()

    async def run_for(self, seconds: float) -> None:
        """Lets some seconds pass, one scan after the other. See `step`."""
        end_s = self.now_s + seconds
        while end_s - self.now_s > _SAME_S:
            await self.step(min(self.scan_s, end_s - self.now_s))

    async def until(self, is_so: Callable[[], object], within_s: float) -> bool:
        """Lets time pass until something is so, and returns whether it is within some seconds."""
        end_s = self.now_s + within_s
        while not is_so():
            if end_s - self.now_s <= _SAME_S:
                return False
            await self.step(min(self.scan_s, end_s - self.now_s))
        return True

    def fault(self, fault: str, **parameters: float | str) -> None:
        """Lets a fault of the model begin now, its numbers in SI. Raises `ScenarioError`."""
        self.plant.simulation.apply(FaultEvent(fault, 0.0, parameters))

    # --- as any trial -------------------------------------------------------------------------

    async def rest(self) -> None:
        """Does nothing, since no process time passes between two steps."""

    async def decide(self, verdict: Verdict, request_id: str, person: str) -> None:
        """Records a person's decision. Raises `GuardrailError` if it does not count."""
        comment = REJECTION if verdict == "reject" else None
        self.people.decide(verdict, request_id, person, comment)

    async def inject(self, fault: FaultEvent) -> None:
        """Lets a fault of the plant begin now. Raises `ScenarioError` without it."""
        self.plant.simulation.apply(fault)

    async def cut(self, connection: str) -> None:
        """Loses a connection. Raises `ConfigError` without it."""
        check_connection(self.site, connection)
        self.plant.unreachable[connection] = _CUT

    async def mend(self, connection: str) -> None:
        """Lets a connection come back. Raises `ConfigError` without it."""
        check_connection(self.site, connection)
        self.plant.unreachable.pop(connection, None)

    def outcome(self) -> Outcome:
        """Returns all that was done up to now."""
        began = self.clock.now().wall - timedelta(seconds=self.now_s)
        zero_s = self.plant.simulation.plant.time_s - self.now_s

        def process_s(at: str) -> float:
            return (parse_stamp(at) - began).total_seconds()

        return read_outcome(self.database, self.agents.workorders, process_s, zero_s)

    # --- what can be seen ---------------------------------------------------------------------

    @property
    def plant_faults(self) -> Mapping[str, FaultKind]:
        """Faults of the plant, by id."""
        return self.plant.simulation.plant.faults

    @property
    def readings(self) -> Readings:
        """Readings of the latest scan."""
        return self.agents.view.readings

    @property
    def database(self) -> Ledger:
        """The ledger."""
        return self.people.decision_context.database

    @property
    def runs(self) -> Mapping[str, Run]:
        """Every run as the ledger has it, by its ID, the oldest first."""
        return self._once("runs", self._newest_row(), self._load_runs)

    def events(self, run_id: str) -> Sequence[RunRow]:
        """Returns the events of a run, the oldest first."""
        return load_rows(self.database, run_id)

    @property
    def cases(self) -> Mapping[str, Case]:
        """Every case as the ledger has it, by its ID, the oldest first."""
        return self._once("cases", self._newest_row(), self._load_cases)

    @property
    def waiting(self) -> Sequence[RequestRecord]:
        """The requests that wait for a decision, the oldest first."""
        load = partial(load_requests, self.database, WAITING_REQUESTS)
        return self._once("waiting", self._newest_row(), load)

    @property
    def orders(self) -> Sequence[WorkOrder]:
        """Every work order, the oldest first."""
        store = self.agents.workorders
        return self._once("orders", store.version(), store.all)

    @property
    def version(self) -> object:
        """Value that changes with every row of the journal, work order and notice."""
        return self._newest_row(), self.agents.workorders.version()

    def _once(self, what: str, version: object, load: Callable[[], _Found]) -> _Found:
        """Loads something anew only if its store has another version than at the last time."""
        if what not in self._seen or self._seen[what][0] != version:
            self._seen[what] = version, load()
        found: _Found = self._seen[what][1]
        return found

    def _newest_row(self) -> int:
        """Returns the number of the journal's last row."""
        head = self.database.head()
        return head.seq if head else 0

    def _load_runs(self) -> Mapping[str, Run]:
        ids = [each.run_id for each in load_runs(self.database)]
        return {each: load_run(self.database, each) for each in ids}

    def _load_cases(self) -> Mapping[str, Case]:
        ids = case_ids(self.database, only_open=False)
        return {each: load_case(self.database, each) for each in ids}

    @property
    def values(self) -> Mapping[str, Value]:
        """The present value of each tag, in the tag's unit."""
        return self.plant.values

    @property
    def frames(self) -> Sequence[str]:
        """Writes of the frames that have reached a device, such as `P-101B.run_cmd=1`, in order."""
        return [self.plant.frame_text(each) for each in self.plant.frames]


def _memory() -> Path | None:
    """Returns a folder that is kept in memory, if the system has one."""
    return _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None


def _library_of(site: Site) -> list[Playbook]:
    playbooks, findings = load_library(site)
    if wrong := [each for each in findings if each.is_error]:
        raise PlaybookError(wrong)
    return playbooks
