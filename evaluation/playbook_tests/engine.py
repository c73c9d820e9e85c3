"""Engine of a test, which runs a plant with gate, agents and people, and its play of a case."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.site import Site
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.model import FaultKind
from handwheel.sim_plant.scenario import FaultEvent, ScenarioEvent
from handwheel.tools.guardrails.ledger.records import RequestRecord

from ..room.enrolment import OPERATORS
from ..room.room import Model
from .case import PlaybookCase, Start, Verdict
from .outcome import Outcome
from .scripted_people import RefusedDecision, ScriptedPeople
from .verdict import failures_of
from .watched_conditions import WatchedConditions

REJECTION = "the test rejects it"
"""Reason of every rejection."""


@dataclass(frozen=True, slots=True)
class Setup:
    """Site, plant, playbooks and people of a test."""

    site: Site  # the user's, which is only read
    model: str  # name of the installed plant
    seed: int | None = 1  # of its noise; `None` for none
    warmup_s: float = 0.0  # plant time before the beginning
    faults: Sequence[ScenarioEvent] = ()  # and other events, at times after the beginning
    library: Sequence[Playbook] | None = None  # `None` for the site's
    operators: Sequence[str] = OPERATORS  # who hold every role that is asked for
    create: Model | None = None  # creates the plant instead, at any state; only in a stepped room
    revoked_keys: AbstractSet[str] | None = None  # as of `Room.open`; only in a stepped room


class Engine(Protocol):
    """Running plant with gate, agents and people. Nothing of it is real but the software."""

    @property
    def site(self) -> Site:
        """The site at which they work, with the user's tags."""
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

    async def waiting(self) -> Sequence[RequestRecord]:
        """Returns the requests that wait for a decision, the oldest first."""
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

    async def runs(self) -> Mapping[str, Run]:
        """Returns every run as the ledger has it, by its ID."""
        ...

    async def sign_off(self, run_id: str, person: str, role: str) -> None:
        """Signs the step of a run off. Raises `GuardrailError` if it does not count."""
        ...

    async def start(self, playbook: Playbook, start: Start) -> None:
        """Orders that a playbook starts. Raises `GuardrailError` if the person may not."""
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

    async def outcome(self) -> Outcome:
        """Returns all that was done up to now."""
        ...


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Result of a case."""

    case: PlaybookCase
    outcome: Outcome
    failures: Sequence[str]  # a sentence for each expectation that is not met
    refused: Sequence[RefusedDecision]  # decisions that did not count
    took_s: float  # time of the computer


def setup_of(case: PlaybookCase, site: Site) -> Setup:
    """Returns what a case needs. No other playbook than its own is there."""
    people = ScriptedPeople(case.decisions).names + ([case.start.person] if case.start else [])
    return Setup(
        site, case.model, case.seed, case.warmup_s, case.faults, [case.playbook, *case.others],
        list(dict.fromkeys((*people, *OPERATORS))),
    )  # fmt: skip


async def play(
    case: PlaybookCase, engine: Engine, is_over: Callable[[], bool] = lambda: False
) -> CaseResult:
    """Plays a case to its end on an engine that was opened for it.

    Args:
        is_over: Called after each scan. Returns whether the case ends with it, before its time.

    Raises:
        LedgerError: The ledger cannot be used.
        NotConnected: A process has ended.
    """
    begun_s = perf_counter()
    people, watched = ScriptedPeople(case.decisions), WatchedConditions(case.expected)
    is_last, start = False, case.start
    while not is_last and engine.now_s < case.run_for_s:
        await engine.step()
        now_s = engine.now_s
        watched.observe(engine.readings, now_s)
        if start is not None and now_s >= start.at_s:
            await engine.start(case.playbook, start)
            start = None
        await people.act(await engine.waiting(), now_s, engine.decide)
        await people.sign_off(await engine.runs(), now_s, engine.sign_off)
        is_last = is_over()
    outcome = await engine.outcome()
    failures = [*failures_of(case.expected, outcome, case.playbook.id), *watched.failures()]
    return CaseResult(case, outcome, failures, people.refused, perf_counter() - begun_s)
