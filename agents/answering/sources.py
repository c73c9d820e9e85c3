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
from handwheel.tools.maintenance.work_order_database import WorkOrder

from ..deviations.case import Case
from ..lookahead.prediction import Prediction


@dataclass(frozen=True, slots=True)
class SentWrite:
    """Write that the gate has verified."""

    at: str  # stamp
    tag: str
    shown: str
    unit: str
    request_id: str
    row: int  # of the journal


@dataclass(frozen=True, slots=True)
class SignedWord:
    """Decision of a person about a request, as the gate has recorded it."""

    at: str  # stamp
    person: str
    verdict: str
    reason: str
    request_id: str


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """Write or permissive of a playbook that could be started."""

    what: str  # `write` or `permissive`
    name: str  # tag, or the permissive's id
    now: str  # what it reads, or its truth with the values
    proposed: str  # empty for a permissive
    prevents: str  # why it could not be carried out now; empty if nothing does


@dataclass(frozen=True, slots=True)
class PossiblePlan:
    """Playbook that would take a piece of equipment out, as it stands now."""

    playbook: str
    title: str
    roles: Mapping[str, str]
    is_released: bool
    lines: Sequence[PlannedLine]


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

    def requests(self) -> Sequence[ListedRequest]:
        """Returns all requests, in the order of filing."""
        ...

    def decisions(self, request_id: str) -> Sequence[SignedWord]:
        """Returns what people decided about a request, in order."""
        ...

    def writes(self, last_s: float) -> Sequence[SentWrite]:
        """Returns the verified writes of the last while, wall clock, in order."""
        ...

    def work_orders(self) -> Sequence[WorkOrder]:
        """Returns the open work orders."""
        ...

    def alike(self, case_id: str) -> Sequence[str]:
        """Returns lines about earlier cases that are like a case."""
        ...

    def denial(self, tag: Tag, text: str) -> str:
        """Returns why the policy would not allow a write now, an empty text if it would."""
        ...

    def foretold(self, tag: Tag, text: str) -> Prediction:
        """Returns the courses without and with a write, by the site's twin.

        Raises `HandwheelError` with the reason if there is none.
        """
        ...

    def plans(self, equipment: str) -> Sequence[PossiblePlan]:
        """Returns the playbooks that take equipment out of service, as they stand now."""
        ...
