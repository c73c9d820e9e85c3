"""Sources of the facts of an answer, which the command line gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.tools.guardrails.ledger.listing import ListedRequest
from handwheel.tools.maintenance.work_order_database import Closing, WorkOrder

from ..deviations.case import Case
from ..lookahead.prediction import Prediction
from ..planning.planner import COMPOSED


@dataclass(frozen=True, slots=True)
class SentWrite:
    """Write that the gate has verified."""

    at: str  # stamp
    tag: str
    shown: str
    unit: str
    request_id: str
    proposer: str  # of the request, as people read it
    row: int  # of the journal
    ago_s: float  # process time from it to now


@dataclass(frozen=True, slots=True)
class SignedWord:
    """Decision of a person about a request, as the gate has recorded it."""

    at: str  # stamp
    person: str
    verdict: str
    reason: str
    request_id: str
    is_attended: bool  # whether the person sat at a terminal, not a script


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Write, permissive or evidence of a plan that could be started."""

    what: str  # `write`, `permissive`, and evidence `for` and `against`
    name: str  # tag, or the condition's id
    now: str  # what it reads, or the condition with its values
    proposed: str  # empty for a condition
    prevents: str  # why it could not be carried out now; empty if nothing does


@dataclass(frozen=True, slots=True)
class PossiblePlan:
    """Plan that would take a piece of equipment out, as it stands now."""

    playbook: str
    title: str
    roles: Mapping[str, str]
    is_released: bool
    lines: Sequence[PlannedLine]
    reasons: Sequence[str] = ()  # why nothing may be asked for now, such as no authority
    findings: Sequence[str] = ()  # of lint
    ahead: Prediction | None = None  # by the site's twin
    not_ahead: str = ""  # why the twin foretells nothing

    @property
    def is_composed(self) -> bool:
        """Whether it is composed of steps of others."""
        return self.playbook.startswith(COMPOSED)


@dataclass(frozen=True, slots=True)
class FoundPlans:
    """Plans for a goal, and why none could be composed where that was tried."""

    plans: Sequence[PossiblePlan]
    missing: Sequence[str]


@dataclass(frozen=True, slots=True)
class Ruled:
    """Judgement of a write by the policy and the gate's other checks, as of now."""

    denials: Sequence[str]  # by the policy; empty if it may be proposed
    obstacles: Sequence[str]  # for which it would be refused now


class Sources(Protocol):
    """Everything that is known of a site now. Nothing of it changes anything."""

    @property
    def site(self) -> Site:
        """The site."""
        ...

    @property
    def now(self) -> datetime:
        """Moment of the question, UTC."""
        ...

    def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Returns the present values of tags. Bad quality is a value.

        Effect: OBSERVE. Retry: twice, on the connection only. Timeout: the connections'.
        """
        ...

    def window(self, tag: str, last_s: float, slots: int) -> Sequence[RecordedSlot]:
        """Returns the recorded course of a tag, oldest first, process time."""
        ...

    def cases(self) -> Sequence[Case]:
        """Returns the open cases."""
        ...

    def missing_agents(self) -> str:
        """Returns why no agents judge the site now, an empty text if they do."""
        ...

    def requests(self) -> Sequence[ListedRequest]:
        """Returns all requests, in the order of filing."""
        ...

    def decisions(self, request_id: str) -> Sequence[SignedWord]:
        """Returns what people decided about a request, in order."""
        ...

    def writes(self, last_s: float) -> Sequence[SentWrite]:
        """Returns the verified writes of the last while, process time, in order."""
        ...

    def work_orders(self) -> Sequence[WorkOrder]:
        """Returns the open work orders."""
        ...

    def closed_orders(self) -> Sequence[tuple[WorkOrder, Closing]]:
        """Returns the work orders that are closed, the latest closed first."""
        ...

    def alike(self, case_id: str) -> Sequence[str]:
        """Returns lines about earlier cases that are like a case."""
        ...

    def ruled(self, tag: Tag, text: str) -> Ruled:
        """Returns what keeps a person from a write now."""
        ...

    def foretold(self, tag: Tag, text: str) -> Prediction:
        """Returns the courses without and with a write, by the site's twin.

        Raises `HandwheelError` with the reason if there is none.
        """
        ...

    def plans(self, equipment: str) -> FoundPlans:
        """Returns the plans that take equipment out of service, as they stand now."""
        ...
