"""Engine of a test in the stepped room, with one clock and without sockets."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from math import ceil

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.bind import bind
from handwheel.playbooks.binding.start import split_given
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.model import FaultKind
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.requests.timestamps import parse_stamp

from ..plants.warm_plant import warm_plant
from ..room.room import Room
from .case import Start, Verdict
from .engine import REJECTION, Setup
from .outcome import Outcome, read_outcome

_SCAN_S = 1.0  # process time between two scans, if the model's step divides it
_CUT = "the test has cut the connection"


class SteppedEngine:
    """Engine in the stepped room. See `Engine`."""

    def __init__(self, room: Room) -> None:
        plant = room.plant.simulation.plant
        self.room = room
        self._zero_s = plant.time_s - room.now_s
        self._began: datetime = room.clock.now().wall
        room.scan_s = plant.step_s * ceil(_SCAN_S / plant.step_s - 1e-9)

    @classmethod
    @asynccontextmanager
    async def open(cls, setup: Setup) -> AsyncGenerator["SteppedEngine"]:
        """Opens a room for a test, and ends it. Raises as `Room.open`."""
        async with Room.open(
            setup.site,
            setup.create or (lambda seed: warm_plant(setup.model, seed, setup.warmup_s)),
            seed=setup.seed,
            faults=setup.faults,
            library=setup.library,
            operators=setup.operators,
            revoked_keys=setup.revoked_keys,
        ) as room:
            yield cls(room)

    @property
    def site(self) -> Site:
        """The site of the room."""
        return self.room.site

    @property
    def plant_faults(self) -> Mapping[str, FaultKind]:
        """Faults of the plant, by id."""
        return self.room.plant.simulation.plant.faults

    @property
    def now_s(self) -> float:
        """Process time since the beginning, seconds."""
        return self.room.now_s

    @property
    def readings(self) -> Readings:
        """Readings of the latest scan."""
        return self.room.agents.view.readings

    async def waiting(self) -> Sequence[RequestRecord]:
        """Returns the requests that wait for a decision, the oldest first."""
        return self.room.waiting

    async def step(self) -> None:
        """Lets process time pass up to the next scan."""
        await self.room.step(self.room.scan_s)

    async def rest(self) -> None:
        """Lets no process time pass until the next step."""

    async def decide(self, verdict: Verdict, request_id: str, person: str) -> None:
        """Records a person's decision. Raises `GuardrailError` if it does not count."""
        comment = REJECTION if verdict == "reject" else None
        self.room.people.decide(verdict, request_id, person, comment)

    async def runs(self) -> Mapping[str, Run]:
        """Returns every run as the ledger has it, by its ID."""
        return self.room.runs

    async def sign_off(self, run_id: str, person: str, role: str) -> None:
        """Signs the step of a run off. Raises `GuardrailError` if it does not count."""
        self.room.people.order_run(run_id, "signoff", person, [role])

    async def start(self, playbook: Playbook, start: Start) -> None:
        """Orders that a playbook starts. Raises `GuardrailError` if the person may not."""
        plan = bind(playbook, self.site, *split_given(start.given, playbook.file.roles))
        self.room.people.order_start(plan, start.given, start.person)

    async def inject(self, fault: FaultEvent) -> None:
        """Lets a fault of the plant begin now. Raises `ScenarioError` without it."""
        self.room.plant.simulation.apply(fault)

    async def cut(self, connection: str) -> None:
        """Loses a connection. Raises `ConfigError` without it."""
        check_connection(self.site, connection)
        self.room.plant.unreachable[connection] = _CUT

    async def mend(self, connection: str) -> None:
        """Lets a connection come back. Raises `ConfigError` without it."""
        check_connection(self.site, connection)
        self.room.plant.unreachable.pop(connection, None)

    async def outcome(self) -> Outcome:
        """Returns all that was done up to now."""
        room, began = self.room, self._began

        def process_s(at: str) -> float:
            return (parse_stamp(at) - began).total_seconds()

        return read_outcome(room.database, room.agents.workorders, process_s, self._zero_s)


def check_connection(site: Site, name: str) -> None:
    """Raises `ConfigError` if a site has no connection of a name."""
    if name not in site.connections:
        known = ", ".join(site.connections)
        raise ConfigError.of(f"there is no connection {name!r}; known: {known}")
