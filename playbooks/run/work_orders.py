"""What a run tells people: work orders with their evidence, and notices."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta

from handwheel.tools.errors import ToolFailed
from handwheel.tools.maintenance.workorders import (
    MOST_POINTS,
    Notice,
    Trend,
    WorkOrder,
    WorkOrders,
    new_workorder_id,
)
from handwheel.tools.requests.stamps import Instant, stamp

from ..binding.model import BoundPlaybook, NotifyStep, Step, TrendEvidence, WorkOrderStep
from .event_log import RunLog
from .plant_view import PlantView
from .states import EventKind


class Maintenance:
    """Raises the work orders and notices of one run; each once, however often a step is run."""

    def __init__(
        self,
        plan: BoundPlaybook,
        log: RunLog,
        plant: PlantView,
        orders: WorkOrders,
        clock: Callable[[], Instant],
    ) -> None:
        self._plan = plan
        self._log = log
        self._plant = plant
        self._orders = orders
        self._clock = clock

    async def raise_order(self, site: str, step: Step, work: WorkOrderStep) -> None:
        """Raises the work order of a step, and says so in the run.

        Raises:
            ToolFailed: It cannot be written.
            LedgerError: It was raised, and the run cannot say so.
        """
        trends = [await self._trend(each) for each in work.trends]
        now = self._clock().wall
        wanted = WorkOrder.model_validate(
            {
                "workorder_id": new_workorder_id(),
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
        """Tells people what a step says.

        Raises:
            ToolFailed: No notice can be left.
            LedgerError: The run cannot say so.
        """
        text = work.text.render(self._plant.readings)
        self._leave(work.to, text, step.id)
        self._log.record(EventKind.NOTIFIED, to=list(work.to), text=text)

    def tell(self, to: Sequence[str], text: str, about: str = "") -> None:
        """Leaves a notice for each of some people, and says so in the run.

        Args:
            about: What tells this notice from the run's others; else where the run stands.

        Raises:
            LedgerError: The run cannot say so.
        """
        try:
            self._leave(to, text, about)
        except ToolFailed as error:  # the run itself tells them, and goes where it must
            text = f"{text} (no notice could be left: {error})"
        self._log.record(EventKind.NOTIFIED, to=list(to), text=text)

    def _leave(self, to: Sequence[str], text: str, about: str) -> None:
        key = f"{self._log.run_id}/{about or self._log.run.seq}"
        for each in to:
            at = stamp(self._clock().wall)
            self._orders.notify(
                Notice(key=f"{key}/{each}", at=at, to=each, text=text, run_id=self._log.run_id)
            )
