"""Trial whose plant, gate and agents are processes that talk over sockets."""

import asyncio
from bisect import bisect
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from math import isfinite
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.endpoints import ModbusConnection
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import BAD_WAITING, Quality
from handwheel.evaluation.plants.installed_plants import warm_plant
from handwheel.evaluation.trial.clock import WallClock
from handwheel.evaluation.trial.orders import Orders
from handwheel.evaluation.trial.outcome import Outcome, read_outcome
from handwheel.evaluation.trial.site import asked_roles
from handwheel.evaluation.trial.trial import REJECTION, Setup, Verdict, check_connection
from handwheel.playbooks.binding.bindings import Bindings
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.execution.event_log import load_run
from handwheel.playbooks.language.loader import load_library
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.link.proxy import LinkProxy
from handwheel.sim_plant.model import FaultKind
from handwheel.sim_plant.scenario import (
    FaultEvent,
    FieldEvent,
    ScenarioEvent,
    WriteEvent,
    bind_event,
)
from handwheel.tools.guardrails.approval.session import ApprovalSession
from handwheel.tools.guardrails.ledger.actions import is_gate_busy
from handwheel.tools.guardrails.ledger.records import (
    RequestRecord,
    load_request,
    load_requests,
)
from handwheel.tools.guardrails.ledger.runs import load_runs
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.timestamps import instant_now, parse_stamp

from ..people.authority_command import grant_signed
from ..people.signing import Signer, open_context
from ..requests.approve import sign_approval
from ..requests.resolve import object_to
from ..shell.cli.ledger_wait import keep_up
from ..simulation.demo.pace import MachinePace
from ..simulation.local_system.child_process import ChildProcess
from ..simulation.local_system.people import enroll_people
from ..simulation.plant.snapshots import save_snapshot
from ..simulation.served_plant import ServedPlant, plant_of
from .site_copy import copy_site

_SHORTEST_SCAN_S = 0.1
_BUSY_SPEED = 1.0  # while the gate carries out a write, whose steps take the computer's time
_RUN_SPEED = 2.0  # while a run is open, so that no event of it is a scan late
_POLL_S = 0.02
_SILENCE_S = 60.0  # without a new value of the plant's clock
_AUTHORITY = timedelta(minutes=50)


class ProcessTrial:
    """Trial with plant, gate and agents as processes. See `Trial`.

    People's time is the computer's here: time-outs of decisions and escalations do not follow the
    speed of the plant.
    """

    def __init__(
        self, context: DecisionContext, reader: SiteReader, plant: "ServedModel", speed: float,
        people: Mapping[str, Signer], children: Sequence[ChildProcess],
    ) -> None:  # fmt: skip
        self._context, self._reader, self._plant = context, reader, plant
        self._signers, self._children = people, children
        self.people = Orders(context, WallClock(), {n: each.private for n, each in people.items()})
        self._speed, self._sent_speed = speed, 0.0
        self._pace = MachinePace(reader.connections, scan_s(speed))
        self._marks = [(instant_now().wall, 0.0)]
        self.now_s = 0.0

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: Setup, speed: float) -> AsyncGenerator["ProcessTrial"]:
        """Starts plant, gate and agents, and ends them in reverse order.

        Raises:
            ConfigError: A device of the site is not simulated, or a file is wrong.
            ServeError: A process does not start; says why.
            OSError: There is no space for a temporary folder.

        Effect: ACTUATE on the model only, over loopback. Retry: none. Timeout: 120 s for the start
        of each process.
        """
        async with AsyncExitStack() as opened:
            folder = Path(opened.enter_context(TemporaryDirectory(prefix="handwheel-test-")))
            plant = await opened.enter_async_context(ServedModel.open(setup, folder))
            root = folder / "site"
            await asyncio.to_thread(copy_site, setup, root, plant.ports, scan_s(speed))
            people = await asyncio.to_thread(_people, root, setup.operators)
            site = load_site(root)
            at = ("--json", "--site", str(root))
            gate = ChildProcess("the gate", ("gate", *at), folder / "gate.log")
            await opened.enter_async_context(gate)
            await asyncio.to_thread(_grant, site, people[setup.operators[0]])
            agents = ChildProcess("the agents", ("run", *at), folder / "agents.log")
            await opened.enter_async_context(agents)
            reader = SiteReader(site, list(site.tags.values()))
            await opened.enter_async_context(reader)
            context = opened.enter_context(open_context(site))
            keep_up(context.database)
            trial = cls(context, reader, plant, speed, people, (plant.process, gate, agents))
            await trial._see_all()
            yield trial

    @property
    def site(self) -> Site:
        """The copy of the site."""
        return self._context.site

    @property
    def plant_faults(self) -> Mapping[str, FaultKind]:
        """Faults of the plant, by id."""
        return self._plant.model.faults

    @property
    def readings(self) -> Readings:
        """Readings of the latest scan."""
        return self._reader.latest()

    @property
    def waiting(self) -> Sequence[RequestRecord]:
        """The requests that wait for a decision, the oldest first."""
        return load_requests(self._context.database, WAITING_REQUESTS)

    async def step(self) -> None:
        """Lets process time pass up to the next scan that shows a later time of the plant.

        Raises:
            NotConnected: A process has ended, or the plant's clock does not go on.
        """
        self._pace.look()
        before_s, until_s = self.now_s, monotonic() + _SILENCE_S
        while (now_s := self._plant_s()) <= before_s:
            self._set_speed(min(self._speed, self._most()) * self._pace.factor)
            for each in self._children:
                each.check()
            if monotonic() > until_s:
                raise NotConnected({"the plant": f"no later time within {_SILENCE_S:g} s"})
            await asyncio.sleep(_POLL_S)
        self.now_s = now_s
        self._marks.append((instant_now().wall, now_s))

    def _most(self) -> float:
        """Returns the highest speed at which everything is on time now."""
        database = self._context.database
        if is_gate_busy(database):
            return _BUSY_SPEED
        return _RUN_SPEED if load_runs(database, only_open=True) else self._speed

    async def _see_all(self) -> None:
        """Waits until every tag was read once. Raises `NotConnected` after a time."""
        await self.rest()
        until_s = monotonic() + _SILENCE_S
        while any(each.status == BAD_WAITING for each in self.readings.values()):
            if monotonic() > until_s:
                raise NotConnected({"the plant": f"not every tag was read in {_SILENCE_S:g} s"})
            await asyncio.sleep(_POLL_S)

    def _plant_s(self) -> float:
        reading = self._reader.latest().get(self.site.clock_tag)
        if reading is None or reading.quality is not Quality.GOOD:
            return self.now_s
        assert isinstance(reading.value, int | float)  # the site's clock is a number
        return float(reading.value) - self._plant.zero_s

    def _set_speed(self, speed: float) -> None:
        if speed != self._sent_speed:
            self._sent_speed = speed
            self._plant.process.send_line(f"speed {speed:g}")

    async def rest(self) -> None:
        """Lets no process time pass until the next step."""
        self._set_speed(0.0)

    async def decide(self, verdict: Verdict, request_id: str, person: str) -> None:
        """Records a person's decision. Raises `GuardrailError` if it does not count."""
        await self.rest()  # reading and signing take no time of the plant
        # Waiting for a card that can be approved must not stop the links of this loop.
        await asyncio.to_thread(_decide, self.site, verdict, request_id, self._signers[person])

    @property
    def runs(self) -> Mapping[str, Run]:
        """Every run as the ledger has it, by its ID, the oldest first."""
        database = self._context.database
        return {each.run_id: load_run(database, each.run_id) for each in load_runs(database)}

    async def inject(self, fault: FaultEvent) -> None:
        """Lets a fault of the plant begin now. Raises `ScenarioError` without it."""
        bind_event(self._plant.model, fault)
        self._plant.process.send_line(f"fault {fault_text(fault)}")

    async def cut(self, connection: str) -> None:
        """Loses a connection. Raises `ConfigError` without it."""
        for each in self._links(connection):
            each.cut()

    async def mend(self, connection: str) -> None:
        """Lets a connection come back. Raises `ConfigError` without it."""
        for each in self._links(connection):
            each.mend()

    def _links(self, connection: str) -> Sequence[LinkProxy]:
        check_connection(self.site, connection)
        is_modbus = isinstance(self.site.connections[connection], ModbusConnection)
        names = ("modbus", "modbus_gate") if is_modbus else ("opcua",)
        return [self._plant.links[each] for each in names]

    @property
    def longest_scan_s(self) -> float:
        """Longest process time between two scans up to now, seconds."""
        times = [at_s for _, at_s in self._marks]
        return max((after - before for before, after in pairwise(times)), default=0.0)

    def outcome(self) -> Outcome:
        """Returns all that was done up to now."""
        with WorkOrders(self.site.state) as workorders:
            return read_outcome(
                self._context.database, workorders, self._process_s, self._plant.zero_s
            )

    def _process_s(self, at: str) -> float:
        """Returns the process time of a stamp, that of the last scan before it."""
        wall: datetime = parse_stamp(at)
        index = bisect(self._marks, wall, key=lambda each: each[0])
        return self._marks[max(index - 1, 0)][1]


def scan_s(speed: float) -> float:
    """Returns how often a site is scanned, so that a scan is a second of the plant, seconds."""
    return max(1.0 / speed, _SHORTEST_SCAN_S)


def _people(root: Path, names: Sequence[str]) -> dict[str, Signer]:
    """Enrols people with every role that is asked for, and releases the playbooks."""
    site = load_site(root)
    library, _ = load_library(site)
    roles = asked_roles(site, load_policy(site), Bindings(site).with_nested(library))
    return enroll_people(root, attended=False, operators=dict.fromkeys(names, roles))


def _grant(site: Site, giver: Signer) -> None:
    with open_context(site) as context:
        grant_signed(context, "site", _AUTHORITY, giver)


def _decide(site: Site, verdict: Verdict, request_id: str, signer: Signer) -> None:
    with open_context(site) as context:
        record = load_request(context.database, request_id)
        if verdict == "approve":
            sign_approval(ApprovalSession.settled(context, record), signer)
        else:
            object_to(context, record, "reject", REJECTION, signer.operator, lambda: signer)


class ServedModel:
    """Process that serves a warmed-up plant at rest, behind links that can be cut.

    Attributes:
        model: The same plant in this process, at the beginning.
        links: By port: `opcua`, `modbus` and `modbus_gate`.
        zero_s: Plant time at the beginning, seconds.
    """

    def __init__(self, model: Plant, process: ChildProcess, links: Mapping[str, LinkProxy]) -> None:
        self.model, self.process, self.links = model, process, links
        self.zero_s = model.time_s

    @property
    def ports(self) -> dict[str, int]:
        """Ports of the links."""
        return {name: each.port for name, each in self.links.items()}

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: Setup, folder: Path) -> AsyncGenerator["ServedModel"]:
        """Starts the process and the links. Raises `ServeError` and `ScenarioError`."""
        model = warm_plant(setup.model, setup.seed, setup.warmup_s)
        snapshot = folder / "plant.json"
        save_snapshot(model, snapshot)
        more = ["--snapshot", str(snapshot), "--seed", str(setup.seed or 0)]
        more += ["--no-noise"] if setup.seed is None else []
        more += [word for each in setup.faults for word in _words(each, model.time_s)]
        served = ServedPlant(setup.model, plant_of(setup.site).secret)
        words = served.words(folder, (), *more, speed="0")
        async with AsyncExitStack() as opened:
            process = ChildProcess("the plant", words, folder / "plant.log")
            await opened.enter_async_context(process)
            links = {
                name: await opened.enter_async_context(LinkProxy(port))
                for name, port in process.ready["ports"].items()
            }
            yield cls(model, process, links)


def _words(event: ScenarioEvent, zero_s: float) -> Sequence[str]:
    """Returns the words of the command line for an event after a plant time."""
    at_s = zero_s + event.at_s
    match event:
        case FaultEvent():
            return "--fault", fault_text(event, at_s)
        case FieldEvent(action=action):
            return "--field", f"{action}@{at_s!r}s"
        case WriteEvent(tag=tag):
            raise ScenarioError(f"{tag}: the server of a plant is started without timed writes")


def fault_text(fault: FaultEvent, at_s: float | None = None) -> str:
    """Returns a fault as the command line and the console of a plant take it.

    Args:
        at_s: When it begins, seconds; `None` for now.
    """
    words = [fault.fault if at_s is None else f"{fault.fault}@{at_s!r}s"]
    words += [f"{name}={value}" for name, value in fault.parameters.items()]
    if fault.over_s:
        words.append(f"over={fault.over_s!r}s")
    if isfinite(fault.for_s):
        words.append(f"for={fault.for_s!r}s")
    return ",".join(words)
