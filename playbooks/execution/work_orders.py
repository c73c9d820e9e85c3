"""Work orders with their evidence, and notices of a run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import isfinite

from handwheel.tools.conditions import Expression
from handwheel.tools.errors import ToolFailed
from handwheel.tools.maintenance.work_order_database import (
    MOST_POINTS,
    Addition,
    Notice,
    Trend,
    WorkOrder,
    WorkOrders,
)
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import Instant, stamp

from ..binding.model import BoundPlaybook
from ..binding.step_model import Step, TrendEvidence, WorkOrderStep
from ..engine.effects import Record
from ..engine.inputs import recorded_of
from ..engine.states import EventKind, StepState
from .event_log import RunLog
from .plant_view import PlantView

_LONGEST_S = 366 * 86_400.0  # until a work order is due


@dataclass(eq=False)
class Maintenance:
    """Raises the work orders and notices of one run, each once even if its step repeats."""

    _plan: BoundPlaybook
    _log: RunLog
    _plant: PlantView
    _orders: WorkOrders
    _site: str
    _clock: Callable[[], Instant]

    async def raise_order(self, step: Step, work: WorkOrderStep) -> Record:
        """Raises the work order of a step, and returns the event that records it.

        While one of the same work is open, what is new is added to that one.

        Raises:
            ToolFailed: The work order cannot be written, or its time cannot be computed now.
        """
        trends = [await self._trend(each) for each in work.trends]
        now = self._clock().wall
        wanted = WorkOrder.model_validate(
            {
                "workorder_id": new_id("W"),
                "key": f"{self._log.run_id}/{step.id}",
                "site": self._site,
                "asset": work.asset,
                "class": work.kind,
                "priority": work.priority,
                "title": work.title.render(
                    self._plant.readings, recorded=recorded_of(self._log.run, self._plan)
                ),
                "due": stamp(now + timedelta(seconds=self._due_s(work))),
                "opened_at": stamp(now),
                "run_id": self._log.run_id,
                "playbook": f"{self._plan.id} {self._plan.version}",
                "evidence": [*self._evidence(), *(self._trace() if work.traces else ())],
                "trend": trends,
                "faults": self._log.run.opening.get("faults", []),
            }
        )
        order = self._open_order(wanted)
        if order is None:
            order = self._orders.raise_order(wanted)
        elif order.run_id != wanted.run_id:
            self._orders.add(self._addition(order, wanted))
        body = {"workorder": order.workorder_id, "title": order.title, "asset": order.asset}
        earlier = {"raised_by": order.run_id} if order.run_id != wanted.run_id else {}
        return Record(EventKind.RAISED, {**body, "step": step.id, **earlier})

    def _open_order(self, wanted: WorkOrder) -> WorkOrder | None:
        """Returns the open work order of the same work. Titles may differ, as they hold values."""
        same = (each for each in self._orders.open_orders() if _is_same_work(each, wanted))
        return next(same, None)

    def _addition(self, order: WorkOrder, wanted: WorkOrder) -> Addition:
        """Returns what a new finding adds to an open order."""
        added = self._orders.additions().get(order.workorder_id, [])
        known = {*order.evidence, *(line for each in added for line in each.evidence)}
        return Addition(
            key=wanted.key, workorder_id=order.workorder_id, at=wanted.opened_at,
            run_id=wanted.run_id, playbook=wanted.playbook, priority=wanted.priority,
            due=wanted.due, evidence=[each for each in wanted.evidence if each not in known],
            trend=wanted.trend, faults=wanted.faults,
        )  # fmt: skip

    def _due_s(self, work: WorkOrderStep) -> float:
        most_s = _LONGEST_S if work.at_most_s is None else work.at_most_s
        if not isinstance(work.due, Expression):
            return min(work.due, most_s)
        readings, recorded = self._plant.readings, recorded_of(self._log.run, self._plan)
        found = work.due.value(readings, recorded=recorded)
        if isinstance(found, bool) or not isinstance(found, int | float) or not isfinite(found):
            if work.at_most_s is not None:
                return most_s
            shown = work.due.shown(readings, recorded=recorded)
            raise ToolFailed(f"the time of the work order is unknown: {shown}")
        return min(max(float(found), 0.0), most_s)

    def _evidence(self) -> Iterator[str]:
        for each in self._log.run.diagnosis.get("findings", []):
            yield f"{each['side']} {each['id']}: {each['truth']}: {each['shown']}"

    def _trace(self) -> Iterator[str]:
        for step in self._plan.steps:
            if (state := self._log.run.step(step.id)) is not StepState.PENDING:
                yield f"step {step.id}: {state}"

    async def _trend(self, wanted: TrendEvidence) -> Trend:
        points = await self._plant.trend(wanted.tag.name, wanted.last_s, MOST_POINTS)
        return Trend(
            tag=wanted.tag.name, unit=wanted.tag.unit, points=[[at, value] for at, value in points]
        )

    def send(self, to: Sequence[str], text: str, step: str = "") -> None:
        """Sends a notice to each recipient, and records it in the run.

        Args:
            step: The step of which the notice is the work; empty for any other notice. Only such a
                notice raises `ToolFailed` if it cannot be written.
        """
        try:
            self._store(to, text, step or str(self._log.run.seq))
        except ToolFailed as error:
            if step:
                raise
            text = f"{text} (no notice could be written: {error})"  # the run's event has the text
        body = {"to": list(to), "text": text} | ({"step": step} if step else {})
        self._log.record(EventKind.NOTIFIED, **body)

    def _store(self, to: Sequence[str], text: str, name: str) -> None:
        key = f"{self._log.run_id}/{name}"
        for each in to:
            at = stamp(self._clock().wall)
            self._orders.notify(
                Notice(key=f"{key}/{each}", at=at, to=each, text=text, run_id=self._log.run_id)
            )


def _is_same_work(one: WorkOrder, other: WorkOrder) -> bool:
    """Whether two orders are of one playbook's step, or of one confirmed fault, at one asset."""
    shares_fault = not set(one.faults).isdisjoint(other.faults)
    return _work(one) == _work(other) or (one.asset == other.asset and shares_fault)


def _work(order: WorkOrder) -> tuple[str, str, str]:
    return order.asset, order.playbook, order.key.partition("/")[2]  # the key ends with the step
