"""Intentions of people, each taken up once at its time, whatever happens to the process."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import ValidationError

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.errors import InvalidArguments, LedgerError, PermitRefused, ToolFailed
from handwheel.tools.guardrails.approval.messages.run_events import RecordEvent
from handwheel.tools.guardrails.ledger.journal_rows import subjects_of
from handwheel.tools.maintenance.work_order_database import Notice
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import stamp

from ..agent_context import AgentContext
from ..composing.goal import true_in
from ..deviations.case import LETTER, plan_name
from ..deviations.site_cases import SiteCases
from ..deviations.triggers import Occasion
from ..planning.planner import COMPOSED
from ..supervised_run import Report
from .intention import Intention, check_count, check_goal, check_time
from .start_orders import START_WITHIN_S

_WITHIN = timedelta(seconds=START_WITHIN_S)
_PREFIX = "schedule."


class _Event(StrEnum):
    INTENDED = "intended"
    WITHDRAWN = "withdrawn"  # by the account that has recorded it
    BEGUN = "begun"  # its case is open
    DROPPED = "dropped"  # nothing was asked for


class _Begun(NamedTuple):
    name: str
    intention: Intention
    watch: str  # name of the playbook's watch


class Intentions:
    """Intentions at a site, which the journal keeps.

    At its time each becomes a case, whose plan is judged as any other but for the evidence for it,
    since a person wants it. What prevents it for 10 min drops it.

    Attributes:
        open: Those whose time has not come, by id.
    """

    def __init__(self, context: AgentContext, cases: SiteCases, report: Report) -> None:
        self.open: dict[str, Intention] = {}
        self._context, self._cases, self._report = context, cases, report
        self._names: dict[str, str] = {}  # of all that were ever recorded, by their keys
        self._begun: dict[str, _Begun] = {}  # by case

    # --- by guests ----------------------------------------------------------------------------

    def record(self, asked: Intention) -> str:
        """Records an intention, and returns its id or that of the same one recorded before.

        The digest is that of the playbook as the agents have loaded it.

        Raises:
            InvalidArguments: The time, the playbook or the equipment is wrong.
            PolicyViolation: Too many are open.
            LedgerError: The gate does not answer.
        """
        if asked.key in self._names:
            return self._names[asked.key]
        plan, plant, site = (
            self._plan(asked),
            self._context.plant,
            self._context.ledger.context.site,
        )
        check_time(asked.moment, self._context.clock().wall)
        check_goal(site, plan, asked.equipment, true_in(site.tags, plant.readings, plant.history))
        check_count(list(self.open.values()), asked.guest.os_user)
        name, known = new_id("I"), asked.model_copy(update={"digest": plan.digest})
        self._note(_Event.INTENDED, name, known.model_dump(mode="json", exclude_none=True))
        self.open[name] = known
        self._names[asked.key] = name
        return name

    def withdraw(self, name: str, account: str) -> Intention:
        """Withdraws an intention whose time has not come, and returns it.

        Raises:
            InvalidArguments: None of this id is open.
            PermitRefused: Another account has recorded it.
            LedgerError: The gate does not answer.
        """
        found = self.open.get(name)
        if found is None:
            raise InvalidArguments(f"no intention {name!r} is open; {next_step('runs', 'planned')}")
        if found.guest.os_user != account:
            raise PermitRefused(f"{name} is of account {found.guest.os_user}, not of {account}")
        self._note(_Event.WITHDRAWN, name, {"account": account})
        del self.open[name], self._names[found.key]
        return found

    def shown_of(self, case_id: str) -> str:
        """Returns the intention of a case in words, empty if it has none."""
        begun = self._begun.get(case_id)
        return begun.intention.shown if begun else ""

    # --- by the agents ------------------------------------------------------------------------

    def load(self) -> None:
        """Takes up what the journal says, and follows the open cases of those that have begun."""
        database = self._context.ledger.context.database
        self.open.clear()
        for name in subjects_of(database, f"{_PREFIX}{_Event.INTENDED}"):
            rows = [each.fields for each in database.find_rows(name)]
            events = {str(each["kind"]).removeprefix(_PREFIX): each["body"] for each in rows}
            try:
                found = Intention.model_validate(events[_Event.INTENDED])
            except ValidationError as error:  # a damaged one delays no other
                self._report(name, f"the intention is damaged: {error.errors()[0]['msg']}")
                continue
            if _Event.WITHDRAWN not in events:
                self._names[found.key] = name
            if len(events) == 1:
                self.open[name] = found
            case_id = str(events.get(_Event.BEGUN, {}).get("case_id", ""))
            if _Event.DROPPED not in events and case_id in self._cases.cases:
                self._resume(case_id, name, found)

    def _resume(self, case_id: str, name: str, found: Intention) -> None:
        try:
            plan = self._plan(found)
        except HandwheelError:
            return  # its case is closed, since nobody follows it
        self._follow(case_id, name, found, plan)

    def take(self) -> None:
        """Begins those whose time has come, and drops those that were prevented for too long."""
        now = self._context.clock().wall
        for case_id, begun in list(self._begun.items()):
            self._look_at(case_id, begun, now)
        for name, each in list(self.open.items()):
            if each.moment <= now:
                self._take(name, each, now)

    def _take(self, name: str, found: Intention, now: datetime) -> None:
        try:
            if now - found.moment >= _WITHIN:
                raise PermitRefused("no agents were at work at its time")
            plan = self._plan(found)
            if plan.digest != found.digest:
                raise PermitRefused(f"{plan.id} has another text now than when it was recorded")
            if about := self._cases.about(plan_name(plan)):
                step = next_step("cases", "show", about)
                raise PermitRefused(f"{about} is open about it; {step}")
            self._begin(name, found, plan)
        except LedgerError:
            raise
        except HandwheelError as refusal:
            self._drop(name, found, str(refusal))

    def _begin(self, name: str, found: Intention, plan: BoundPlaybook) -> None:
        """Opens its case and notes that, both or neither."""
        case_id = new_id(LETTER)
        watch = self._follow(case_id, name, found, plan)
        try:
            with self._context.ledger.writer.transaction():
                self._note(_Event.BEGUN, name, {"case_id": case_id})
                self._cases.open_ordered(case_id, self._cases.watches.by_name[watch])
        except BaseException:
            self._cases.cases.pop(case_id, None)
            self._forget(case_id)
            raise
        del self.open[name]

    def _follow(self, case_id: str, name: str, found: Intention, plan: BoundPlaybook) -> str:
        watch = self._cases.watches.of(plan)
        watch.occasion = watch.due = Occasion(found.shown, name, needs_evidence=False)
        self._begun[case_id] = _Begun(name, found, watch.name)
        return watch.name

    def _forget(self, case_id: str) -> None:
        begun = self._begun.pop(case_id)
        watch = self._cases.watches.by_name[begun.watch]
        if watch.occasion is not None and watch.occasion.place == begun.name:
            watch.occasion = watch.due = None  # a case without a run closes then

    def _look_at(self, case_id: str, begun: _Begun, now: datetime) -> None:
        """Drops one that nothing was asked for in time, and ends following it in any case."""
        case = self._cases.cases.get(case_id)
        if case is not None and now - begun.intention.moment < _WITHIN:
            return
        if case is not None and not case.runs:
            self._drop(begun.name, begun.intention, str(case.judgement.get("reason", "")))
        self._forget(case_id)

    def _drop(self, name: str, found: Intention, reason: str) -> None:
        """Records that nothing is asked for, and tells people."""
        told = reason or "it could not be judged in time"
        self._note(_Event.DROPPED, name, {"reason": told})
        self.open.pop(name, None)
        plans = (each for each in self._context.plans if each.id == found.playbook)
        to = {role for plan in plans for one in plan.escalations for role in one.to}
        at = stamp(self._context.clock().wall)
        for role in sorted(to) or [str(found.guest.os_user)]:
            text = f"{name} is dropped, nothing was asked for: {told}; {found.shown}"
            notice = Notice(key=f"{name}/dropped/{role}", at=at, to=role, text=text, run_id=name)
            try:
                self._context.workorders.notify(notice)
            except ToolFailed as error:  # the journal says it still
                self._report("work orders", str(error))

    def _plan(self, found: Intention) -> BoundPlaybook:
        if found.playbook.startswith(COMPOSED):
            raise InvalidArguments(
                "a composed plan is composed anew each time, so none is recorded; make it a "
                "playbook and release it"
            )
        return self._context.rebind(found.playbook, found.roles, {})

    def _note(self, event: _Event, name: str, body: Mapping[str, object]) -> None:
        row = RecordEvent(kind=f"{_PREFIX}{event}", subject=name, body=dict(body))
        self._context.ledger.writer.add(row)
