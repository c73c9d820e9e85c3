"""Intentions of people, at whose time the agents judge a plan and tell people."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import CheckResult, diagnose
from handwheel.tools.conditions.truth import TRUTH_TEXT
from handwheel.tools.errors import InvalidArguments, PermitRefused
from handwheel.tools.guardrails.approval.messages.run_events import RecordEvent
from handwheel.tools.guardrails.ledger.journal_rows import subjects_of
from handwheel.tools.maintenance.work_order_database import Notice
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import stamp

from ..agent_context import AgentContext
from ..composing.goal import true_in
from ..planning.planner import COMPOSED
from ..supervised_run import Report
from .intention import MOST_IN_HOUR, Intention, check_count, check_goal, check_time

_PREFIX = "schedule."
_SIDES: Mapping[str, str] = {
    "for": "evidence for it", "against": "evidence against it", "permissive": "permissives",
}  # fmt: skip


class _Event(StrEnum):
    INTENDED = "intended"
    WITHDRAWN = "withdrawn"  # by the account that has recorded it
    TOLD = "told"  # people have a notice of it


class Intentions:
    """Intentions at a site, which the journal keeps.

    Nobody has signed one, so it starts nothing and asks for nothing. At its time the agents judge
    the plan as it then stands, and the role that approves its playbook gets a notice.
    """

    def __init__(self, context: AgentContext, report: Report) -> None:
        self._context, self._report = context, report
        self._open: dict[str, Intention] | None = None  # `None` until the journal was read
        self._names: dict[str, str] = {}  # of those that were not withdrawn, by their keys
        self._recorded = defaultdict[str, list[datetime]](list)  # by account, since the start

    @property
    def open(self) -> dict[str, Intention]:
        """Those whose time has not come, by id. A journal that fails raises `LedgerError`."""
        if self._open is None:
            self._open = self._load()
        return self._open

    # --- by guests ----------------------------------------------------------------------------

    def record(self, asked: Intention) -> str:
        """Records an intention, and returns its id or that of the same one recorded before.

        Raises:
            InvalidArguments: The time, the playbook or the equipment is wrong.
            PolicyViolation: Too many are open, or were recorded in the last hour.
            LedgerError: The gate does not answer.
        """
        open_ = self.open
        if asked.key in self._names:
            return self._names[asked.key]
        context, account = self._context, str(asked.guest.os_user)
        now, plan, plant = context.clock().wall, self._plan(asked), context.plant
        site = context.ledger.context.site
        check_time(asked.moment, now)
        check_goal(site, plan, asked.equipment, true_in(site.tags, plant.readings, plant.history))
        check_count(open_.values(), self._recorded[account], account, now)
        name = new_id("I")
        self._note(_Event.INTENDED, name, asked.model_dump(mode="json", exclude_none=True))
        self._recorded[account] = [*self._recorded[account], now][-MOST_IN_HOUR:]
        open_[name] = asked
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

    # --- by the agents ------------------------------------------------------------------------

    def _load(self) -> dict[str, Intention]:
        database, open_ = self._context.ledger.context.database, dict[str, Intention]()
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
                open_[name] = found
        return open_

    def take(self) -> None:
        """Tells people of those whose time has come. A notice is kept once."""
        now = self._context.clock().wall
        for name, each in list(self.open.items()):
            if each.moment <= now:
                self._tell(name, each)

    def _tell(self, name: str, found: Intention) -> None:
        to, judged = self._judged(found)
        question = f"plan: take {found.equipment} out for maintenance"
        text = (
            f"{name}: {judged}. Nothing was asked for or begun. It was {found.shown}; "
            f"{next_step('ask', question)}"
        )
        at = stamp(self._context.clock().wall)
        try:
            notice = Notice(key=f"{name}/told", at=at, to=to, text=text, run_id=name)
            self._context.workorders.notify(notice)
            self._note(_Event.TOLD, name, {"to": to, "judged": judged})
        except HandwheelError as error:  # it is told at the next scan
            self._report(name, str(error))
            return
        del self.open[name]

    def _judged(self, found: Intention) -> tuple[str, str]:
        """Returns whom to tell, and how the plan stands now."""
        context = self._context
        try:
            plan = self._plan(found)
        except HandwheelError as error:
            return str(found.guest.os_user), f"{found.playbook} fits no more: {error}"
        why = list(_unmet(diagnose(plan, context.plant.snapshot()).blocked_by()))
        if denial := context.check_plan(plan):
            why.append(denial.reason)
        return plan.order_role, f"{plan.id}: {'; '.join(why) or 'nothing prevents it'}"

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


def _unmet(blocking: Iterable[CheckResult]) -> Iterator[str]:
    """Yields the conditions that prevent a plan, those of one kind and state together."""
    found = defaultdict[str, list[str]](list)
    for each in sorted(blocking, key=lambda each: each.side != "permissive"):
        found[f"{_SIDES[each.side]} {TRUTH_TEXT[each.truth.value]}"].append(each.id)
    yield from (f"{what}: {', '.join(names)}" for what, names in found.items())
