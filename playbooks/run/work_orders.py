"""Work orders with their evidence, and notices of a run."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from handwheel.tools.errors import ToolFailed
from handwheel.tools.maintenance.work_order_database import (
    MOST_POINTS,
    Notice,
    Trend,
    WorkOrder,
    WorkOrders,
)
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import Instant, stamp

from ..binding.model import BoundPlaybook, NotifyStep, Step, TrendEvidence, WorkOrderStep
from .event_log import RunLog
from .plant_view import PlantView
from .states import EventKind


@dataclass(eq=False)
class Maintenance:
    """Raises the work orders and notices of one run, each once even if its step repeats."""

    _plan: BoundPlaybook
    _log: RunLog
    _plant: PlantView
    _orders: WorkOrders
    _clock: Callable[[], Instant]

    async def raise_order(self, site: str, step: Step, work: WorkOrderStep) -> None:
        """Raises the work order of a step, and records it in the run.

        Raises:
            ToolFailed: The work order cannot be written.
            LedgerError: It was raised but not recorded.
        """
        trends = [await self._trend(each) for each in work.trends]
        now = self._clock().wall
        wanted = WorkOrder.model_validate(
            {
                "workorder_id": new_id("W"),
                "key": f"{self._log.run_id}/{step.id}",
                "site": site,
                "asset": work.asset,
                "class": work.kind,
                "priority": work.priority,
                "title": work.title.render(self._plant.readings),
                "due": stamp(now + timedelta(seconds=work.due_s)),
                "opened_at": stamp(now),
                "run_id": self._log.run_id,
                "playbook": f"{self._plan.id} {self._plan.version}",
                "evidence": [*self._evidence(), *(self._trace() if work.traces else ())],
                "trend": trends,
            }
        )
        order = self._orders.raise_order(wanted)
        self._log.record(
            EventKind.RAISED, workorder=order.workorder_id, title=order.title, asset=order.asset
        )

    def _evidence(self) -> Iterator[str]:
        for each in self._log.run.diagnosis.get("findings", []):
            yield f"{each['side']} {each['id']}: {each['truth']}: {each['shown']}"

    def _trace(self) -> Iterator[str]:
        for step in self._plan.steps:
            yield f"step {step.id}: {self._log.run.step(step.id)}"

    async def _trend(self, wanted: TrendEvidence) -> Trend:
        points = await self._plant.trend(wanted.tag.name, wanted.last_s, MOST_POINTS)
        return Trend(
            tag=wanted.tag.name, unit=wanted.tag.unit, points=[[at, value] for at, value in points]
        )

    def notify(self, step: Step, work: NotifyStep) -> None:
        """Sends the notices of a step.

        Raises:
            ToolFailed: A notice cannot be written.
            LedgerError: The notice was not recorded.
        """
        text = work.text.render(self._plant.readings)
        self._store(work.to, text, step.id)
        self._log.record(EventKind.NOTIFIED, to=list(work.to), text=text)

    def send(self, to: Sequence[str], text: str) -> None:
        """Sends a notice to each recipient, and records it in the run."""
        try:
            self._store(to, text, str(self._log.run.seq))
        except ToolFailed as error:  # the run's event still has the text
            text = f"{text} (no notice could be written: {error})"
        self._log.record(EventKind.NOTIFIED, to=list(to), text=text)

    def _store(self, to: Sequence[str], text: str, name: str) -> None:
        key = f"{self._log.run_id}/{name}"
        for each in to:
            at = stamp(self._clock().wall)
            self._orders.notify(
                Notice(key=f"{key}/{each}", at=at, to=each, text=text, run_id=self._log.run_id)
            )
