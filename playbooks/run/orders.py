"""What people order of a run: hold, stop, resume, abort, clear. What does not fit is refused."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from handwheel.connectors.errors import ConfigError
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.run_orders import Order, RunOrder, check_order
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.store.states import UNRESOLVED_ACTIONS
from handwheel.tools.requests.stamps import Instant

from ..binding.model import BoundPlaybook
from .event_log import RunLog
from .ledger_port import IN_PROGRESS, LedgerPort
from .states import EventKind, IllegalEvent

_KINDS: Mapping[Order, EventKind] = {
    "hold": EventKind.HOLDING,
    "stop": EventKind.STOPPING,
    "resume": EventKind.RESUMING,
    "abort": EventKind.ABORTING,
    "clear": EventKind.CLEARED,
}


class OrderHandler:
    """Follows the orders to one run; each is checked once, when it is taken up."""

    def __init__(
        self, plan: BoundPlaybook, log: RunLog, ledger: LedgerPort, clock: Callable[[], Instant]
    ) -> None:
        self._plan = plan
        self._log = log
        self._ledger = ledger
        self._clock = clock
        self._forbidden = ""

    def forbid_resume(self, reason: str) -> None:
        """Lets the run never go on in this process: it began under other files."""
        self._forbidden = reason

    def handle(self) -> None:
        """Follows what people have asked of the run; what does not fit is refused aloud.

        Raises:
            LedgerError: It cannot be written.
        """
        for order in self._log.new_orders():
            reason = self._check(order) or self._carry_out(order)
            if reason:
                self._log.record(
                    EventKind.ORDER_REFUSED, asked=order.order, person=order.person,
                    reason=reason, order=order.number,
                )  # fmt: skip

    def _carry_out(self, order: RunOrder) -> str:
        """Follows an order; returns why the run's state does not allow it, else nothing."""
        body: dict[str, object] = {
            "reason": f"{order.order} ordered by {order.person}",
            "order": order.number,
        }
        if order.order == "abort":
            body["goal"] = "rollback"
        try:
            self._log.record(_KINDS[order.order], **body)
        except IllegalEvent:
            return f"the run is {self._log.run.state}"
        return ""

    def _check(self, order: RunOrder) -> str:
        context = self._ledger.context
        try:
            people = replace(
                context, roster=load_roster(context.site)
            )  # somebody may be new, or gone
            check_order(people, self._log.run_id, order, self.roles(), self._clock())
        except (GuardrailError, ConfigError) as refusal:
            return str(refusal)
        return self._check_resume() if order.order == "resume" else ""

    def _check_resume(self) -> str:
        if self._log.run.goal:
            return "it was being taken back; abort it again, or end it by stop"
        for each in self._ledger.actions(self._log.run.requests):
            name = each.action.action_id
            if each.state in UNRESOLVED_ACTIONS:
                return f"{name} is {each.state}: look at the plant, then handwheel requests resolve"
            if each.state in IN_PROGRESS:
                return f"{name} is {each.state}: the gate is not through with it"
        return self._forbidden

    def roles(self) -> list[str]:
        """Returns the roles that a person must stand in for to order the run about."""
        found = {self._plan.approval.role} if self._plan.approval else set[str]()
        for each in self._log.run.requests:
            found |= set(self._ledger.request(each).request.roles)
        return sorted(found)
