"""Intentions of people, at whose time the agents judge a plan and tell people."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from pydantic import ValidationError

from handwheel.connectors.errors import ConfigError, HandwheelError
from handwheel.connectors.hints import did_you_mean, next_step
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.errors import InterlockActive, InvalidArguments, PermitRefused
from handwheel.tools.guardrails.approval.messages.run_events import RecordEvent
from handwheel.tools.guardrails.ledger.journal_rows import subjects_of
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.maintenance.work_order_database import Notice
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import stamp

from ..agent_context import AgentContext
from ..composing.chain import true_in
from ..planning.planner import COMPOSED
from ..supervised_run import Report, Tasks, one_line
from .intention import MOST_IN_HOUR, Intention, check_count, check_goal, time_problems
from .plan_verdict import plan_verdict, roles_of

_PREFIX = "schedule."
_ANYBODY = ("operator",)  # who is told where no role is known


class _Event(StrEnum):
    INTENDED = "intended"
    WITHDRAWN = "withdrawn"  # by the account that has recorded it
    TOLD = "told"  # people have a notice of it


class Intentions:
    """Intentions at a site, which the journal keeps.

    Nobody has signed one, so it starts nothing and asks for nothing. At its time the agents judge
    the plan as it then stands, and each role whose signature it needs gets a notice.
    """

    def __init__(self, context: AgentContext, report: Report) -> None:
        self._context, self._report = context, report
        self._open: dict[str, Intention] | None = None  # `None` until the journal was read
        # Those that were not withdrawn, with their ids, by their keys.
        self._known: dict[str, tuple[str, Intention]] = {}
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
            InvalidArguments: The time, the playbook, a role or the equipment is wrong, with all
                that is.
            InterlockActive: Another one was recorded with this key, or it is over.
            PolicyViolation: Too many are open, or were recorded in the last hour.
            LedgerError: The gate does not answer.
        """
        open_ = self.open
        if asked.key in self._known:
            return self._same(asked, *self._known[asked.key])
        now, account = self._context.clock().wall, str(asked.guest.os_user)
        if problems := [*time_problems(asked.moment, now), *self._problems(asked)]:
            raise InvalidArguments("; ".join(problems))
        check_count(open_.values(), self._recorded[account], account, now)
        name = new_id("I")
        self._note(_Event.INTENDED, name, asked.model_dump(mode="json", exclude_none=True))
        self._recorded[account] = [*self._recorded[account], now][-MOST_IN_HOUR:]
        open_[name] = asked
        self._known[asked.key] = name, asked
        return name

    def _same(self, asked: Intention, name: str, found: Intention) -> str:
        """Returns the id of an open intention that is recorded already."""
        if not asked.is_same(found):
            raise InterlockActive(f"{name} was recorded with this key and says something else")
        if name not in self.open:
            raise InterlockActive(f"{name} was recorded with this key, and people were told of it")
        return name

    def _problems(self, asked: Intention) -> Iterator[str]:
        """Yields what is wrong with equipment, playbook and roles."""
        known = self._context.ledger.context.site.equipment
        if asked.equipment not in known:
            hint = did_you_mean(asked.equipment, known)
            yield f"there is no equipment {asked.equipment!r}{hint}"
        try:
            plan = self._plan(asked)
            if asked.equipment in known:
                self._check_goal(plan, asked)
        except (ConfigError, InvalidArguments) as error:
            yield from str(error).splitlines()

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
        del self.open[name], self._known[found.key]
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
                self._known[found.key] = name, found
            if len(events) == 1:
                open_[name] = found
        return open_

    def take(self, tasks: Tasks) -> None:
        """Starts to tell people of those whose time has come. A notice is kept once."""
        now = self._context.clock().wall
        for name, each in self.open.items():
            if each.moment <= now and name not in tasks.names:
                tasks.start(name, self._tell(name, each))

    async def _tell(self, name: str, found: Intention) -> None:
        to, judged = await self._judged(found)
        if name not in self.open:
            return  # it was withdrawn meanwhile
        text = (
            f"{name}: {judged}. Nothing was asked for or begun. It was {found.shown}; "
            f"{next_step('ask', 'plan-out', found.equipment)}"
        )
        at = stamp(self._context.clock().wall)
        try:
            for each in to:
                notice = Notice(key=f"{name}/told/{each}", at=at, to=each, text=text, run_id=name)
                self._context.workorders.notify(notice)
            self._note(_Event.TOLD, name, {"to": list(to), "judged": judged})
        except LostRace:
            raise
        except HandwheelError as error:  # it is told at the next scan
            self._report(name, str(error))
            return
        del self.open[name]

    async def _judged(self, found: Intention) -> tuple[Sequence[str], str]:
        """Returns the roles to tell, and how the plan stands now."""
        plans = [each for each in self._context.plans if each.id == found.playbook]
        roles = roles_of(plans[0]) if plans else _ANYBODY
        about = f"{found.playbook} for {found.equipment}"
        try:
            plan = self._plan(found)
            roles = roles_of(plan)
            self._check_goal(plan, found)
        except HandwheelError as error:
            return roles, f"{about} fits no more: {'; '.join(str(error).splitlines())}"
        bound = ", ".join(f"{role} {name}" for role, name in plan.roles.items())
        about = f"{plan.id} ({bound}) takes {found.equipment} out of service"
        try:
            verdict = await plan_verdict(self._context, plan)
        except LostRace:
            raise
        except Exception as error:  # noqa: BLE001 (people are told at the time in any case)
            return roles, f"{about}; it could not be judged: {one_line(error)}"
        return verdict.roles, f"{about}; {verdict.text}"

    def _check_goal(self, plan: BoundPlaybook, found: Intention) -> None:
        site, plant = self._context.ledger.context.site, self._context.plant
        is_true = true_in(site.tags, plant.readings, plant.history)
        check_goal(site, plan, found.equipment, is_true)

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
