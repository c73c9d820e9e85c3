"""Everything that is known of a site, of which answers are made. Nothing of it changes anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.recorded_history import RecordedHistory, RecordedSlot
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.playbooks.language.loader import load_library
from handwheel.tools.guardrails.approval.shift_handover import HANDED_OVER
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.journal_rows import newest_stamp
from handwheel.tools.guardrails.ledger.listing import ListedRequest, load_listed
from handwheel.tools.guardrails.ledger.runner_lock import is_runner_alive
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.signatures.decisions import Decision, parse_decision
from handwheel.tools.maintenance.work_order_database import Closing, WorkOrder, WorkOrders
from handwheel.tools.requests.timestamps import instant_now, parse_stamp

from ..deviations.case import Case, case_ids, load_case
from ..lookahead.prediction import Prediction
from ..planning.planner import COMPOSED

_VERIFIED = "action.VERIFIED"
_MOST_ROWS = 200


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


class Plant(Protocol):
    """Plant and gate as of now, which the command line gives."""

    def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Returns present values, without tags that are not reached. Bad quality is a value."""
        ...

    def ruled(self, tag: Tag, text: str) -> Ruled:
        """Returns what keeps a person from a write now."""
        ...

    def foretold(self, tag: Tag, text: str) -> Prediction:
        """Returns the courses without and with a write. Raises `HandwheelError` if none can be."""
        ...

    def alike(self, case_id: str) -> Sequence[str]:
        """Returns lines about earlier cases that are like a case."""
        ...

    def plans(self, equipment: str) -> FoundPlans:
        """Returns the plans that take equipment out of service, as they stand now."""
        ...


@dataclass(slots=True)
class Sources:
    """Site with its record, ledger, files and plant.

    Args:
        now: Moment of the question, UTC.
    """

    site: Site
    now: datetime
    database: Ledger
    recorded: RecordedHistory
    plant: Plant
    lacks_agents: bool = False  # that an answer needs

    def window(self, tag: str, last_s: float, slots: int) -> Sequence[RecordedSlot]:
        """Returns the recorded course of a tag, oldest first, process time."""
        return self.recorded.slots(tag, last_s, slots)

    def ago_s(self, at: str) -> float:
        """Returns the process time since a stamp, that of the wall clock without a record."""
        moment = parse_stamp(at)
        try:
            recorded_s = self.recorded.ago_s(moment.timestamp())
        except HistoryError:
            recorded_s = 0.0
        return recorded_s or (self.now - moment).total_seconds()

    def case_names(self) -> Sequence[str]:
        """Returns the ids of all cases, in the order in which they were opened."""
        return case_ids(self.database, only_open=False)

    def case(self, name: str) -> Case:
        """Returns a case."""
        return load_case(self.database, name)

    def cases(self) -> Sequence[Case]:
        """Returns the open cases."""
        return [self.case(each) for each in case_ids(self.database)]

    def playbooks(self) -> Sequence[str]:
        """Returns the ids of the site's playbooks."""
        return [each.id for each in load_library(self.site)[0]]

    def missing_agents(self) -> str:
        """Returns why no agents judge the site now, an empty text if they do."""
        self.lacks_agents = not is_runner_alive(self.database, instant_now())
        return "No agents of this site run" if self.lacks_agents else ""

    def requests(self) -> Sequence[ListedRequest]:
        """Returns all requests, in the order of filing."""
        return load_listed(self.database, every=True)

    def decisions(self, request_id: str) -> Sequence[Decision]:
        """Returns what people decided about a request, in order."""
        return [parse_decision(each.text) for each in load_decisions(self.database, request_id)]

    def writes(self, last_s: float) -> Sequence[SentWrite]:
        """Returns the verified writes of the last while, process time, in order."""
        rows = self.database.find_rows(kind=_VERIFIED, newest_first=True, limit=_MOST_ROWS)
        known = {
            write.action_id: (each, write) for each in self.requests() for write in each.writes
        }
        found: list[SentWrite] = []
        for row in rows:
            fields: Mapping[str, Any] = row.fields
            at, name = str(fields["at"]), str(fields["subject"])
            ago_s = self.ago_s(at)
            if ago_s > last_s:
                break
            if name in known:
                request, write = known[name]
                words = write.tag, write.shown, write.unit, request.request_id, request.proposer
                found.append(SentWrite(at, *words, row.seq, ago_s))
        return found[::-1]

    def handed_over(self) -> str:
        """Returns the stamp of the last handover of a shift, empty for none."""
        return newest_stamp(self.database, HANDED_OVER) or ""

    def work_orders(self) -> Sequence[WorkOrder]:
        """Returns the open work orders."""
        with WorkOrders(self.site.state) as orders:
            return orders.open_orders()

    def closed_orders(self) -> Sequence[tuple[WorkOrder, Closing]]:
        """Returns the work orders that are closed, the latest closed first."""
        with WorkOrders(self.site.state) as orders:
            closings, every = orders.closings(), orders.all()
        known = [each for each in every if each.workorder_id in closings]
        found = [(each, closings[each.workorder_id]) for each in known]
        return sorted(found, key=lambda each: each[1].at, reverse=True)
