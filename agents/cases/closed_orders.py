"""Work orders that were closed though their fault is still seen."""

from collections.abc import Collection
from typing import NamedTuple

from handwheel.tools.errors import ToolFailed
from handwheel.tools.maintenance.work_order_database import Closing, Notice, WorkOrder
from handwheel.tools.requests.timestamps import stamp

from ..agent_context import AgentContext
from ..supervised_run import Report
from .case_candidates import CaseCandidates

STILL_SEEN_S = 1800.0
"""Process time after which a fault must not be seen any more, once its order is closed.

One that was not seen for as long and is seen again is a new one, though an order is open.
"""
_LOOK_S = 60.0  # process time from one look at the work orders to the next


class _Closed(NamedTuple):
    order: WorkOrder
    closing: Closing
    since_s: float  # process time


class ClosedOrders:
    """Faults of a site with a work order that is open, or was closed while they were seen.

    Such a fault opens no case unless it was gone for a while. One that is still confirmed a while
    after its order was closed opens its case again, and people are told once. After a restart of
    the agents it does so at once, since it stands without an open order.
    """

    def __init__(self, context: AgentContext, candidates: CaseCandidates, report: Report) -> None:
        self._context, self._candidates, self._report = context, candidates, report
        self._open: dict[str, WorkOrder] = {}  # by fault
        self._closed: dict[str, _Closed] = {}  # by fault
        self._looked_s: float | None = None
        self._begun_s: float | None = None  # process time of the first scan
        self._seen_s: dict[str, float] = {}  # when each fault was last seen, process time
        self._returned = set[str]()  # faults that are seen again after a while

    def observe(self) -> None:
        """Takes a scan, and follows the orders of the faults that stand."""
        plant, own = self._context.plant, self._context.diagnosis
        if own is None or not plant.clock.is_readable:
            return
        standing = own.standing
        now_s = plant.clock.shown_s
        if self._looked_s is not None and now_s < self._looked_s:  # it is another plant
            self._open, self._closed, self._looked_s = {}, {}, None
            self._begun_s, self._seen_s = None, {}
        is_followed = bool(standing or self._open)
        if self._looked_s is None or (is_followed and now_s >= self._looked_s + _LOOK_S):
            self._looked_s = now_s
            self._look(standing, now_s)
        self._closed = {name: each for name, each in self._closed.items() if name in standing}
        for name in own.named:
            if name in self._closed and now_s - self._closed[name].since_s >= STILL_SEEN_S:
                self._tell(name, self._closed.pop(name))
        self._note_returned(standing, now_s)
        self._candidates.hold_back({*self._open, *self._closed} - self._returned)

    def _note_returned(self, standing: Collection[str], now_s: float) -> None:
        begun_s = self._begun_s = now_s if self._begun_s is None else self._begun_s
        for name in standing:
            if now_s - self._seen_s.get(name, begun_s) >= STILL_SEEN_S:
                self._returned.add(name)
            self._seen_s[name] = now_s
        self._returned.intersection_update(standing)

    def _look(self, standing: Collection[str], now_s: float) -> None:
        """Reads which orders are open, and notes those that were closed since the last look."""
        store = self._context.workorders
        try:
            closings = store.closings()
            orders = store.all()
        except ToolFailed as error:
            self._report("work orders", str(error))
            return
        self._report("work orders", "")
        before = self._open
        still = [each for each in orders if each.workorder_id not in closings]
        self._open = {name: each for each in still for name in each.faults}
        for name, order in before.items():
            closing = closings.get(order.workorder_id)
            if closing is not None and name not in self._open and name in standing:
                self._closed[name] = _Closed(order, closing, now_s)

    def _tell(self, name: str, each: _Closed) -> None:
        """Opens the case of a fault again, and tells those whom the playbook escalates to."""
        order, closing = each.order, each.closing
        found = f" with found = {closing.found}" if closing.found else ""
        text = f"{order.workorder_id} is closed{found}, and the fault is still seen"
        self._candidates.reopen(name, text)
        own = self._context.diagnosis
        titles = {one.id: one.title for one in own.hypotheses.every} if own else {}
        told = f"{text}: {titles.get(name, name)}"
        playbook, at = order.playbook.partition(" ")[0], stamp(self._context.clock().wall)
        plans = (plan for plan in self._context.plans if plan.id == playbook)
        to = {role for plan in plans for one in plan.escalations for role in one.to}
        for role in sorted(to) or [closing.by]:
            key = f"{order.workorder_id}/still-seen/{name}/{role}"
            notice = Notice(key=key, at=at, to=role, text=told, run_id=order.run_id)
            try:
                self._context.workorders.notify(notice)
            except ToolFailed as error:  # the case says it still
                self._report("work orders", str(error))
