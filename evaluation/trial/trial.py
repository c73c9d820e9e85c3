"""Trial of a site with its gate, agents and people on a simulated plant."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, Protocol

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import FaultKind
from handwheel.sim_plant.scenario import FaultEvent, ScenarioEvent
from handwheel.tools.guardrails.ledger.records import RequestRecord

from .orders import Orders
from .outcome import Outcome
from .site import OPERATORS

Model = Callable[[int | None], Plant]
"""Creates a plant from a seed, without noise for `None`, as entry points of `handwheel.plants`."""
Verdict = Literal["approve", "reject"]
REJECTION = "the test rejects it"
"""Reason of every rejection."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Site, plant, playbooks and people of a trial."""

    site: Site  # the user's, which is only read
    model: str  # name of the installed plant
    seed: int | None = 1  # of its noise; `None` for none
    warmup_s: float = 0.0  # plant time before the beginning
    faults: Sequence[ScenarioEvent] = ()  # and other events, at times after the beginning
    library: Sequence[Playbook] | None = None  # `None` for the site's
    operators: Sequence[str] = OPERATORS  # who hold every role that is asked for
    create: Model | None = None  # creates the plant instead, at any state; only in one process
    revoked_keys: AbstractSet[str] | None = None  # as of `SteppedTrial.open`; only in one process


class Trial(Protocol):
    """Running plant with gate, agents and people. Nothing of it is real but the software."""

    @property
    def site(self) -> Site:
        """The site at which they work, with the user's tags."""
        ...

    @property
    def people(self) -> Orders:
        """The people with their keys."""
        ...

    @property
    def plant_faults(self) -> Mapping[str, FaultKind]:
        """Faults of the plant, by id."""
        ...

    @property
    def now_s(self) -> float:
        """Process time since the beginning, seconds."""
        ...

    @property
    def readings(self) -> Readings:
        """Readings of the latest scan."""
        ...

    @property
    def waiting(self) -> Sequence[RequestRecord]:
        """The requests that wait for a decision, the oldest first."""
        ...

    @property
    def runs(self) -> Mapping[str, Run]:
        """Every run as the ledger has it, by its ID, the oldest first."""
        ...

    def outcome(self) -> Outcome:
        """Returns all that was done up to now."""
        ...

    async def step(self) -> None:
        """Lets process time pass up to the next scan."""
        ...

    async def rest(self) -> None:
        """Lets no process time pass until the next step."""
        ...

    async def decide(self, verdict: Verdict, request_id: str, person: str) -> None:
        """Records a person's decision. Raises `GuardrailError` if it does not count."""
        ...

    async def inject(self, fault: FaultEvent) -> None:
        """Lets a fault of the plant begin now. Raises `ScenarioError` without it."""
        ...

    async def cut(self, connection: str) -> None:
        """Loses a connection. Raises `ConfigError` without it."""
        ...

    async def mend(self, connection: str) -> None:
        """Lets a connection come back. Raises `ConfigError` without it."""
        ...


def check_connection(site: Site, name: str) -> None:
    """Raises `ConfigError` if a site has no connection of a name."""
    if name not in site.connections:
        known = ", ".join(site.connections)
        raise ConfigError.of(f"there is no connection {name!r}; known: {known}")
