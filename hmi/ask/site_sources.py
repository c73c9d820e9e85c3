"""Sources of the facts of answers, from plant, record, ledger and files."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from handwheel.agents.answering.sources import FoundPlans, Ruled, SentWrite, SignedWord
from handwheel.agents.deviations.case import Case, case_ids, load_case
from handwheel.agents.lookahead.foretell import foretell
from handwheel.agents.lookahead.load import load_twin
from handwheel.agents.lookahead.prediction import Prediction
from handwheel.agents.lookahead.twin import Move, TwinError
from handwheel.agents.memory.alike_cases import alike_to_case
from handwheel.connectors.client.site_reader import read_reachable
from handwheel.connectors.historian.errors import HistoryError
from handwheel.connectors.historian.recorded_history import RecordedHistory, RecordedSlot
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import DataValue
from handwheel.playbooks.execution.plant_view import PlantView
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.ledger.decisions import load_decisions
from handwheel.tools.guardrails.ledger.listing import ListedRequest, load_listed
from handwheel.tools.guardrails.ledger.runner_lock import is_runner_alive
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import parse_decision
from handwheel.tools.maintenance.work_order_database import Closing, WorkOrder, WorkOrders
from handwheel.tools.requests.timestamps import instant_now, parse_stamp
from handwheel.tools.requests.values import parse_value

from ..people.signing import has_gate
from ..requests.assessment.twin_record import TwinRecord, limited
from ..site.commissioning.policy_explain_text import ANYBODY, explain_context, explain_write
from .possible_plans import possible_plans

_VERIFIED = "action.VERIFIED"
_MOST_ROWS = 200


@dataclass(slots=True)
class SiteSources:
    """Everything of a site that answers are made of. It changes nothing.

    Args:
        now: Moment of the question, UTC.
    """

    context: DecisionContext
    recorded: RecordedHistory
    now: datetime
    down: dict[str, str] = field(default_factory=dict[str, str])  # connections, with the reason
    lacks_agents: bool = False  # that an answer needs
    found: FoundPlans | None = None  # plans that were asked for
    _values: dict[str, DataValue] = field(default_factory=dict[str, DataValue])

    @property
    def site(self) -> Site:
        """The site."""
        return self.context.site

    def read(self, tags: Sequence[Tag]) -> Mapping[str, DataValue]:
        """Returns the present values of tags, each read once for a question.

        A connection that is down leaves its tags out and is in `down`. Effect: OBSERVE. Retry:
        twice, on the connection only. Timeout: the connections'.
        """
        new = [each for each in tags if each.name not in self._values]
        if new:
            found, down = asyncio.run(read_reachable(self.site, new))
            self._values |= found
            self.down |= down
        return {each.name: self._values[each.name] for each in tags if each.name in self._values}

    def window(self, tag: str, last_s: float, slots: int) -> Sequence[RecordedSlot]:
        """Returns the recorded course of a tag, oldest first, process time."""
        return self.recorded.slots(tag, last_s, slots)

    def cases(self) -> Sequence[Case]:
        """Returns the open cases."""
        database = self.context.database
        return [load_case(database, each) for each in case_ids(database)]

    def missing_agents(self) -> str:
        """Returns why no agents judge the site now, an empty text if they do."""
        database = self.context.database
        self.lacks_agents = not is_runner_alive(database, instant_now())
        if not self.lacks_agents:
            return ""
        return "No agents of this site run" if has_gate(database) else "No gate and no agents run"

    def requests(self) -> Sequence[ListedRequest]:
        """Returns all requests, in the order of filing."""
        return load_listed(self.context.database, every=True)

    def decisions(self, request_id: str) -> Sequence[SignedWord]:
        """Returns what people decided about a request, in order."""
        words = load_decisions(self.context.database, request_id)
        found = [parse_decision(each.text) for each in words]
        return [
            SignedWord(
                each.signed_at,
                each.person,
                each.verdict,
                each.comment or "",
                request_id,
                each.attended,
            )
            for each in found
        ]

    def writes(self, last_s: float) -> Sequence[SentWrite]:
        """Returns the verified writes of the last while, process time, in order."""
        rows = self.context.database.find_rows(kind=_VERIFIED, newest_first=True, limit=_MOST_ROWS)
        known = {
            write.action_id: (each, write) for each in self.requests() for write in each.writes
        }
        found: list[SentWrite] = []
        for row in rows:
            at, name = str(row.fields["at"]), str(row.fields["subject"])
            ago_s = self._ago_s(parse_stamp(at))
            if ago_s > last_s:
                break
            if name in known:
                request, write = known[name]
                words = write.tag, write.shown, write.unit, request.request_id, request.proposer
                found.append(SentWrite(at, *words, row.seq, ago_s))
        return found[::-1]

    def _ago_s(self, at: datetime) -> float:
        """Returns the process time since a moment, that of the wall clock without a record."""
        try:
            recorded_s = self.recorded.ago_s(at.timestamp())
        except HistoryError:
            recorded_s = 0.0
        return recorded_s or (self.now - at).total_seconds()

    def work_orders(self) -> Sequence[WorkOrder]:
        """Returns the open work orders."""
        with WorkOrders(self.site.state) as orders:
            return orders.open_orders()

    def closed_orders(self) -> Sequence[tuple[WorkOrder, Closing]]:
        """Returns the work orders that are closed, the latest closed first."""
        with WorkOrders(self.site.state) as orders:
            closings = orders.closings()
            found = [
                (each, closings[each.workorder_id])
                for each in orders.all()
                if each.workorder_id in closings
            ]
        return sorted(found, key=lambda each: each[1].at, reverse=True)

    def alike(self, case_id: str) -> Sequence[str]:
        """Returns lines about earlier cases that are like a case."""
        found = alike_to_case(self.context.database, self.site, case_id)
        return found.lines if found else []

    def ruled(self, tag: Tag, text: str) -> Ruled:
        """Returns what keeps a person from a write now, as `handwheel policy explain` says it."""
        try:
            value = parse_value(tag, text)
        except InvalidArguments as error:
            return Ruled((str(error),), ())
        if not self.site.hashes["policy"]:  # without a policy nothing may be proposed
            return Ruled(self.context.policy.judge(tag, value, None).reasons, ())
        context = explain_context(self.context)
        _, found = asyncio.run(explain_write(context, tag, value, ANYBODY))
        return Ruled(found.denials, found.obstacles)

    def foretold(self, tag: Tag, text: str) -> Prediction:
        """Returns the courses without and with a write, by the site's twin on recorded values.

        Raises:
            TwinError: The site has no twin, or it cannot tell.
            InvalidArguments: The value is none of the tag.
        """
        value = parse_value(tag, text)
        own, problems = load_twin(self.site)
        if own is None:
            reason = str(problems[0]) if problems else "this site has no twin"
            raise TwinError(reason)
        record = TwinRecord(own, self.site)
        with closing(RecordedHistory.of(self.site)) as recorded:
            PlantView.of((), self.site.clock_tag).preload(recorded, monotonic(), record)
        if missing := [each for each in own.twin.tags if record.windows.latest(each) is None]:
            raise TwinError(f"{own.name}: the record lacks {missing[0]}, which it needs")
        with limited():
            moves = [Move(tag.name, float(value), 0.0)]
            found = foretell(own, record.windows, moves)
        courses = found.without, found.with_plan
        told = found.estimate
        return Prediction(
            own.name, own.horizon_s, *courses, (), None, own.trust, told.assumptions, told.off
        )

    def plans(self, equipment: str) -> FoundPlans:
        """Returns the plans that take equipment out of service, as they stand now."""
        self.found = possible_plans(self.context, equipment, self.read)
        return self.found
