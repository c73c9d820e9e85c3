"""Orders of people that a playbook starts, as the agents take them up."""

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.start import split_given
from handwheel.tools.errors import LedgerError, PermitRefused
from handwheel.tools.guardrails.approval.start_orders import (
    StartOrder,
    check_start,
    load_start_order,
    open_start_orders,
)
from handwheel.tools.guardrails.signatures.decisions import parse_decision

from ..agent_context import AgentContext
from ..deviations.case import LETTER, plan_name
from ..deviations.triggers import Occasion
from .site_cases import SiteCases

START_WITHIN_S = 600.0
"""How long an order may wait for permissives or equipment, wall-clock time."""


class StartOrders:
    """Orders at a site. Each is taken up once, and becomes a case or is refused with a reason."""

    def __init__(self, context: AgentContext, cases: SiteCases) -> None:
        self._context, self._cases = context, cases
        self._loaded = f"the agents loaded the playbooks at {context.clock().wall:%H:%M} UTC"
        self._pending: set[str] | None = None  # None until the ledger was read for them
        self._until: dict[str, datetime] = {}  # by the name of the playbook

    def load(self) -> None:
        """Follows the orders of the cases that the last process left open."""
        database = self._context.ledger.context.database
        for case in list(self._cases.cases.values()):
            order = load_start_order(database, case.case_id)
            if order is None or order.signed is None:
                continue
            try:
                plan = self._plan(order)
            except HandwheelError:
                continue  # its case is closed, since nobody follows it
            self._follow(order, plan)

    def take(self, subjects: AbstractSet[str]) -> None:
        """Takes up the orders among the subjects of new rows, and lets old ones lapse.

        The first time it takes up every order that no process has taken.
        """
        context, now = self._context.ledger.context, self._context.clock()
        for name in [name for name, until in self._until.items() if now.wall >= until]:
            del self._until[name]
            self._cases.watches.by_name[name].occasion = None  # its case closes without a run
        if self._pending is None:
            self._pending = set(open_start_orders(context.database))
        cases = self._cases.cases.keys()
        self._pending |= {each for each in subjects - cases if each.startswith(f"{LETTER}-")}
        for case_id in open_start_orders(context.database) if self._pending else ():
            order = load_start_order(context.database, case_id)
            if order is not None and case_id in self._pending:
                self._take_or_refuse(order)
        self._pending = set[str]()  # else the ledger was busy, and they are tried again

    def _take_or_refuse(self, order: StartOrder) -> None:
        try:
            self._take(order)
        except LedgerError:
            raise
        except HandwheelError as refusal:
            self._cases.refuse(order.case_id, f"the order to start was refused: {refusal}")

    def _take(self, order: StartOrder) -> None:
        self._check_text(order)
        plan = self._plan(order)
        # The people may have changed since the process began.
        current = self._context.ledger.renewed()
        check_start(current, order, plan.order_needs, self._context.clock())
        if not plan.is_manual:
            raise PermitRefused(f"{plan.id} has no trigger with manual: true for this equipment")
        if about := self._cases.about(plan_name(plan)):
            raise PermitRefused(f"{about} is open about it; {next_step('cases', 'show', about)}")
        self._follow(order, plan)

    def _check_text(self, order: StartOrder) -> None:
        texts = {each.id: each.digest for each in self._context.plans}
        if texts.get(order.playbook) != order.digest:
            found = "with another text of" if order.playbook in texts else "without"
            anew = f"stop them and order again; {next_step('run')}"
            raise PermitRefused(f"{self._loaded}, {found} {order.playbook}: {anew}")

    def _plan(self, order: StartOrder) -> BoundPlaybook:
        roles = self._context.rebind(order.playbook, {}, {}).roles
        return self._context.rebind(order.playbook, *split_given(order.given, roles.keys()))

    def _follow(self, order: StartOrder, plan: BoundPlaybook) -> None:
        watch = self._cases.watches.of(plan)
        watch.occasion = watch.due = Occasion(f"ordered by {order.person}", order.case_id)
        if order.case_id not in self._cases.cases:
            self._cases.open_ordered(order.case_id, watch)
        if order.signed is not None:
            signed = parse_decision(order.signed.text).signed.wall
            self._until[watch.name] = signed + timedelta(seconds=START_WITHIN_S)
