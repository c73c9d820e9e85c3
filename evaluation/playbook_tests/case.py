"""Case of a playbook's tests, in which every name and condition is resolved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.scenario import ScenarioEvent
from handwheel.tools.conditions import Condition

from ..trial.trial import Verdict
from .schema import ExpectedWorkOrderSpec


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision of people about the requests of a step."""

    step: str  # a step's id, or `ANY_STEP`
    verdict: Verdict
    after_s: float  # process time since the request was filed
    people: Sequence[str]  # in the order in which they sign, as many as must


@dataclass(frozen=True, slots=True)
class Start:
    """Order of a person that the playbook starts."""

    at_s: float  # process time since the beginning of the case
    person: str
    given: Mapping[str, str]  # equipment and values that are not the default, as text


@dataclass(frozen=True, slots=True)
class Eventually:
    """Condition that must become true."""

    condition: Condition
    within_s: float  # process time from the beginning of the case


@dataclass(frozen=True, slots=True)
class Expected:
    """Expectations of a case. `None` and empty ones of the second group expect nothing."""

    final: str | None = None
    trace: Sequence[str] | None = None
    writes: int | Sequence[tuple[Tag, Value]] | None = None
    workorders: Sequence[ExpectedWorkOrderSpec] | None = None
    asked: int | None = None
    suggested: str | None = None
    always: Sequence[Condition] = ()
    never: Sequence[Condition] = ()
    eventually: Sequence[Eventually] = ()
    blocked_by: Sequence[str] = ()
    escalated_to: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class PlaybookCase:
    """Case of a playbook's tests."""

    name: str
    file: str  # display name of its file
    line: int
    playbook: Playbook  # under test, a draft or not
    others: Sequence[Playbook]  # that it starts
    model: str  # name of the installed plant
    seed: int | None  # of its noise; `None` for none
    warmup_s: float  # plant time before the case begins
    faults: Sequence[ScenarioEvent]  # and other events, at times after the warm-up
    decisions: Sequence[Decision]
    run_for_s: float  # process time
    expected: Expected
    start: Start | None = None
