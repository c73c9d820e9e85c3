"""Driver of one run, which applies the effects of the step function."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from handwheel.connectors.errors import ConfigError, NotConnected
from handwheel.tools.conditions import ConditionError
from handwheel.tools.errors import GuardrailError, InvalidArguments, PermitRefused, ToolFailed
from handwheel.tools.guardrails.approval.messages.run_requests import (
    EndRequest,
    NotePromise,
    OrderPending,
    SetDue,
    SkipAction,
)
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.maintenance.work_order_database import WorkOrders
from handwheel.tools.requests.timestamps import Instant

from ..binding.model import BoundPlaybook
from ..engine.diagnosis import Diagnosis, Judgement, judged_body
from ..engine.effects import (
    Effect,
    FileRequest,
    Judge,
    Notify,
    RaiseWorkOrder,
    Record,
    StartPlaybook,
)
from ..engine.inputs import Clocks, Inputs, PlantSnapshot, recorded_of
from ..engine.nested_run import related_runs
from ..engine.requests.next_request import has_written
from ..engine.rollback import takes_orders
from ..engine.run import Run
from ..engine.states import INACTIVE, EventKind, RunState
from ..engine.step import refuse_due, refuse_request, step
from ..engine.transitions import event, fail
from .event_log import RunLog
from .ledger_port import LedgerPort
from .orders import OrderHandler
from .plant_view import PlantView
from .work_orders import Maintenance

PROCESS_ENDED = "the process that worked on it has ended"
_MOST_STEPS = 500

JudgeRun = Callable[[str, BoundPlaybook, Diagnosis, bool], Awaitable[Judgement]]
"""Judges the diagnosis of a run; the last argument says whether evidence is needed."""


class OtherRuns(Protocol):
    """Runs beside a run."""

    def run_of(self, run_id: str) -> Run:
        """Returns a run as it stands now. Raises `LedgerError` if it cannot be read."""
        ...

    def start(self, outer: RunLog, starting: StartPlaybook, plant: PlantSnapshot) -> None:
        """Opens the run of a step, and records it in the outer run, both at once.

        Raises:
            ConfigError: The playbook cannot be used.
            PermitRefused: Other runs do not allow it.
            LedgerError: The ledger refuses.
        """
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Access of runs to what is outside them, the agents' judgement and other runs included."""

    ledger: LedgerPort
    plant: PlantView
    workorders: WorkOrders
    clock: Callable[[], Instant]
    judge: JudgeRun
    runs: OtherRuns


def hold_run(log: RunLog, ledger: LedgerPort, reason: str) -> None:
    """Holds an active run at once, after its process ended or the agents failed."""
    if log.run.state not in INACTIVE:
        _rest(log, ledger, (EventKind.HOLDING, EventKind.HELD), reason, "the run is held")


def stop_waiting_run(log: RunLog, ledger: LedgerPort, reason: str) -> None:
    """Stops a run that waits for a decision and has written nothing. Its request ends."""
    _rest(log, ledger, (EventKind.STOPPING, EventKind.STOPPED), reason, "the run was stopped")


def _rest(
    log: RunLog, ledger: LedgerPort, through: Sequence[EventKind], reason: str, told: str
) -> None:
    requests = ledger.requests(log.run.requests)  # rows of a transaction may not stay
    with log.transaction():
        log.record(through[0], reason=reason, at_once=True)
        for each in requests:
            if each.state in WAITING_REQUESTS:
                ended = EndRequest(request_id=each.request_id, reason=f"{told}: {reason}")
                ledger.writer.add(ended)
        log.record(through[1], reason=reason)


class RunDriver:
    """Drives one run. Each of its methods raises `LedgerError` if the ledger refuses."""

    def __init__(self, plan: BoundPlaybook, log: RunLog, ports: Ports) -> None:
        self.plan = plan
        self.log = log
        self.wakes_at: datetime | None = None  # wall-clock time at which it must be stepped
        self.related: Sequence[str] = ()  # the runs whose changes it follows
        self.judged_on: PlantSnapshot | None = None  # on which it was judged before it was opened
        self._ports = ports
        self._maintenance = Maintenance(
            plan, log, ports.plant, ports.workorders, ports.ledger.context.site.id, ports.clock
        )
        self.orders = OrderHandler(plan, log, ports.ledger, ports.clock)

    @property
    def run_id(self) -> str:
        """ID of the run."""
        return self.log.run_id

    @property
    def run(self) -> Run:
        """State of the run, folded from its events."""
        return self.log.run

    @property
    def is_over(self) -> bool:
        """Whether nothing more can become of the run."""
        return self.run.is_closed and self.run.seq > 0

    @property
    def is_waiting_unwritten(self) -> bool:
        """Whether the run waits for the decision on its request and has set no action due."""
        if self.run.state is not RunState.WAITING_APPROVAL or self.run.armed_s is not None:
            return False
        requests = self._ports.ledger.requests(self.run.requests)
        return requests[-1].state in WAITING_REQUESTS

    async def advance(self) -> None:
        """Steps the run until it waits, and notes for which changes."""
        if not self._ports.plant.is_seen:  # an undo must not fail on values that are to come
            snapshot = self._ports.plant.snapshot()
            snapshot.await_scan()
            self._ports.plant.await_change(self.run_id, snapshot)
            return
        plant, self.judged_on = self.judged_on, None
        for _ in range(_MOST_STEPS):
            inputs = self._inputs(plant)
            if takes_orders(inputs) and self.orders.handle(inputs.plant.now_s):
                continue
            effects = step(inputs)
            if not effects:
                waits = None if self.is_over else inputs.plant
                self._ports.plant.await_change(self.run_id, waits)
                self.wakes_at = inputs.clocks.wakes_at
                return
            await self._apply(inputs, effects)
            # What was judged is requested on the same snapshot.
            plant = inputs.plant if isinstance(effects[0], Judge) else None
        raise RuntimeError(f"run {self.run_id} does not come to rest")

    def hold(self, reason: str) -> None:
        """Holds an active run at once. See `hold_run`."""
        hold_run(self.log, self._ports.ledger, reason)

    def _inputs(self, plant: PlantSnapshot | None = None) -> Inputs:
        ports, run = self._ports, self.run
        requests = ports.ledger.requests(run.requests)
        plant = plant or ports.plant.snapshot()
        plant.recorded = recorded_of(run, self.plan)
        tags, clocks = ports.ledger.context.site.tags, Clocks(ports.clock())
        self.related = related_runs(run, self.plan)
        related = {each: ports.runs.run_of(each) for each in self.related}
        return Inputs(self.run_id, run, self.plan, requests, plant, clocks, tags, related)

    async def _apply(self, inputs: Inputs, effects: Sequence[Effect]) -> None:
        match effects:
            case [Judge() as judge]:
                await self._judge(inputs, judge.diagnosis)
            case [FileRequest() as filing]:
                await self._file(inputs, filing)
            case [RaiseWorkOrder(raising, work), *others]:
                try:
                    raised = await self._maintenance.raise_order(raising, work)
                    self._commit([raised, *others])
                except ToolFailed as error:
                    self._commit(fail(inputs, raising, str(error)))
            case [Notify() as notice, *_] if (sending := inputs.step(notice.step)) is not None:
                try:
                    self._commit(effects)
                except ToolFailed as error:
                    self._commit(fail(inputs, sending, str(error)))
            case [StartPlaybook(starting) as start]:
                try:
                    self._ports.runs.start(self.log, start, inputs.plant)
                except (ConfigError, PermitRefused) as refusal:
                    self._commit(fail(inputs, starting, str(refusal)))
            case _:
                self._commit_or_refuse(inputs, effects)

    async def _judge(self, inputs: Inputs, found: Diagnosis) -> None:
        needs_evidence = not has_written(inputs)
        judgement = await self._ports.judge(self.run_id, self.plan, found, needs_evidence)
        body = judged_body(found, judgement, inputs.plant.now_s, needs_evidence=needs_evidence)
        self._commit([Record(EventKind.JUDGED, body)])

    async def _file(self, inputs: Inputs, filing: FileRequest) -> None:
        ledger = self._ports.ledger
        try:
            made = await ledger.make(filing.segment, self.run.opening.get("choice", {}))
            request = made.request
            with self.log.transaction():
                ledger.writer.add(made)
                if made.denial:
                    self._commit(refuse_request(inputs, made.denial))
                    return
                steps = dict.fromkeys(str(each.step) for each in request.commands)
                filed = event(
                    inputs, filing.kind, request_id=request.request_id, steps=list(steps),
                    within_s=request.within_s,
                )  # fmt: skip
                self._commit([filed])
        except (GuardrailError, InvalidArguments, NotConnected, ConditionError) as refusal:
            is_unread = isinstance(refusal, NotConnected)
            self._commit(refuse_request(inputs, str(refusal), is_unread=is_unread))

    def _commit_or_refuse(self, inputs: Inputs, effects: Sequence[Effect]) -> None:
        try:
            self._commit(effects)
        except OrderPending:
            return  # the order is handled first
        except (GuardrailError, LostRace) as refusal:  # without the lock nothing can be recorded
            if not any(isinstance(each, SetDue) for each in effects):
                raise
            self._commit(refuse_due(inputs, str(refusal)))

    def _commit(self, effects: Sequence[Effect]) -> None:
        """Applies effects in one transaction, all or none."""
        with self.log.transaction():
            for each in effects:
                self._do(each)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Record(kind, body):
                self.log.record(kind, **body)
            case SetDue() | SkipAction() | EndRequest() | NotePromise():
                self._ports.ledger.writer.add(effect)
            case Notify(to, text, step_id):
                self._maintenance.send(to, text, step_id)
            case _:
                raise TypeError(f"{type(effect).__name__} is no effect of the ledger")
