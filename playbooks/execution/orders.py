"""Orders to hold, stop, resume, abort or clear a run, or to take a step as signed off."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.run_orders import Order, RunOrder, check_order
from handwheel.tools.guardrails.ledger.store.request_status import resolve_hint
from handwheel.tools.guardrails.ledger.store.states import UNRESOLVED_ACTIONS
from handwheel.tools.requests.timestamps import Instant

from ..binding.model import BoundPlaybook
from ..engine.inputs import IN_PROGRESS
from ..engine.run import IllegalEvent
from ..engine.states import EventKind
from .event_log import RunLog
from .ledger_port import LedgerPort

EVENTS: Mapping[Order, EventKind] = {
    "hold": EventKind.HOLDING,
    "stop": EventKind.STOPPING,
    "resume": EventKind.RESUMING,
    "abort": EventKind.ABORTING,
    "clear": EventKind.CLEARED,
    "signoff": EventKind.SIGNED_OFF,
}
"""Event with which a run follows an order."""


@dataclass(eq=False)
class OrderHandler:
    """Carries out the orders to one run. Each order is checked once."""

    _plan: BoundPlaybook
    _log: RunLog
    _ledger: LedgerPort
    _clock: Callable[[], Instant]
    # Denies every resume in this process, if files have changed since the run began.
    no_resume: Denial | None = None

    def handle(self, now_s: float) -> bool:
        """Carries out the new orders, and records each one that is denied.

        Returns whether there was one. Timers count from `now_s`, process time.
        """
        orders = self._log.new_orders()
        for order in orders:
            denial = self._check(order) or self._carry_out(order, now_s)
            if denial is not None:
                self._log.record(
                    EventKind.ORDER_REFUSED, asked=order.order, person=order.person,
                    reason=denial.reason, order=order.number,
                )  # fmt: skip
        return bool(orders)

    def _carry_out(self, order: RunOrder, now_s: float) -> Denial | None:
        body: dict[str, object] = {
            "reason": f"{order.order} ordered by {order.person}",
            "order": order.number,
            "at_s": now_s,
        }
        if order.order == "abort":
            body["goal"] = "rollback"
        if order.order == "signoff":
            body |= {"step": self._log.run.awaits, "person": order.person}
        try:
            self._log.record(EVENTS[order.order], **body)
        except IllegalEvent:
            return Denial("run_state", f"the run is {self._log.run.state}")
        return None

    def _check(self, order: RunOrder) -> Denial | None:
        try:
            # The people may have changed since the process began.
            current, roles = self._ledger.renewed(), self.roles(order.order)
            check_order(current, self._log.run_id, order, roles, self._clock())
        except (GuardrailError, ConfigError) as refusal:
            return Denial("order", str(refusal))
        if order.order == "signoff":
            return self._check_sign_off(order.person)
        return self._check_resume() if order.order == "resume" else None

    def _check_sign_off(self, person: str) -> Denial | None:
        run = self._log.run
        if not run.awaits:
            return Denial("run_state", "no step of it waits to be signed off")
        if person in run.signed_off.get(run.awaits, ()):
            return Denial("same_person", f"{person} has signed {run.awaits} off already")
        return None

    def _check_resume(self) -> Denial | None:
        if self._log.run.goal:
            reason = "it was being rolled back; abort it again or stop it"
            return Denial("rollback", reason, "abort")
        requests = self._ledger.requests(self._log.run.requests)
        for each in (action for request in requests for action in request.actions):
            name = each.action.action_id
            if each.state in UNRESOLVED_ACTIONS:
                reason = f"{name} is {each.state}: {resolve_hint(name)}"
                return Denial("action_state", reason, "resolve")
            if each.state in IN_PROGRESS:
                return Denial("action_state", f"{name} is {each.state}: the gate still has it")
        return self.no_resume

    def roles(self, order: Order) -> list[str]:
        """Returns the roles that a person must hold to sign an order to the run."""
        run = self._log.run
        if order == "signoff" and run.awaits:
            return [run.asked[run.awaits].role]
        found = {self._plan.approval.role} if self._plan.approval else set[str]()
        for each in self._ledger.requests(self._log.run.requests):
            found |= set(each.roles)
        return sorted(found) or [self._plan.order_role]
