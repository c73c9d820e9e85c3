"""Run of a case in the stepped room."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import ceil
from time import perf_counter

from handwheel.connectors.model.site import Site
from handwheel.tools.requests.timestamps import parse_stamp

from ..plants.warm_plant import warm_plant
from ..room.enrolment import OPERATORS
from ..room.room import Model, Room
from .case import PlaybookCase, Verdict
from .outcome import Outcome, read_outcome
from .scripted_people import RefusedDecision, ScriptedPeople
from .verdict import failures_of
from .watched_conditions import WatchedConditions

_SCAN_S = 1.0  # process time between two scans, if the model's step divides it


@dataclass(frozen=True, slots=True)
class CaseResult:
    """Result of a case."""

    case: PlaybookCase
    outcome: Outcome
    failures: Sequence[str]  # a sentence for each expectation that is not met
    refused: Sequence[RefusedDecision]  # decisions that did not count
    took_s: float  # time of the computer


def _goes_on(_: Room) -> bool:
    return False


async def run_case(
    case: PlaybookCase,
    site: Site,
    on_scan: Callable[[Room], None] | None = None,
    *,
    model: Model | None = None,
    revoked_keys: AbstractSet[str] | None = None,
    is_over: Callable[[Room], bool] = _goes_on,
) -> CaseResult:
    """Runs a case in a room of its own, at full speed, up to its end.

    The playbook under test and those that it starts are released in the room, and no other is
    there.

    Args:
        on_scan: Called after each scan, such as to note values or to show the time.
        model: Creates the plant instead, at any state.
        revoked_keys: As of `Room.open`.
        is_over: Whether the case ends with this scan, before its time.

    Raises:
        ConfigError: The site has changed since it was read, or a playbook does not fit it.
        LedgerError: The room's ledger cannot be used.
        OSError: There is no space for a temporary folder.

    Effect: ACTUATE on the model only. Retry: none. Timeout: 15 s of the computer's time for the
    agents at each scan.
    """
    begun_s = perf_counter()
    people, watched = ScriptedPeople(case.decisions), WatchedConditions(case.expected)
    async with Room.open(
        site,
        model or (lambda seed: warm_plant(case.model, seed, case.warmup_s)),
        seed=case.seed,
        faults=case.faults,
        library=[case.playbook, *case.others],
        operators=list(dict.fromkeys((*people.names, *OPERATORS))),
        revoked_keys=revoked_keys,
    ) as room:
        zero_s, began = room.plant.simulation.plant.time_s, room.clock.now().wall
        room.scan_s = scan_s(room.plant.simulation.plant.step_s)

        def decide(verdict: Verdict, request_id: str, person: str) -> None:
            room.people.decide(verdict, request_id, person)

        def sign(run_id: str, person: str, role: str) -> None:
            room.people.order_run(run_id, "signoff", person, [role])

        while room.now_s < case.run_for_s:
            await room.step(room.scan_s)
            watched.observe(room.agents.view.readings, room.now_s, room.now_s)
            people.act(room.waiting, room.now_s, decide)
            people.sign_off(room.runs, room.now_s, sign)
            if on_scan is not None:
                on_scan(room)
            if is_over(room):
                break
        outcome = read_outcome(
            room.database,
            room.agents.workorders,
            lambda at: (parse_stamp(at) - began).total_seconds(),
            zero_s,
        )
    failures = [*failures_of(case.expected, outcome, case.playbook.id), *watched.failures()]
    return CaseResult(case, outcome, failures, people.refused, perf_counter() - begun_s)


def scan_s(step_s: float) -> float:
    """Returns the time from one scan to the next, a whole number of a model's steps."""
    return step_s * ceil(_SCAN_S / step_s - 1e-9)
