"""Runner of one playbook, which reads the next action from the run's events."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from handwheel.connectors.denial import Denial
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.guardrails.ledger.store.states import UNRESOLVED_ACTIONS
from handwheel.tools.requests.timestamps import Instant, parse_stamp

from ..binding.model import BoundPlaybook, Escalation, Step, owned_by
from ..run.diagnosis import Diagnosis
from ..run.event_log import RunLog
from ..run.ledger_port import LedgerPort
from ..run.orders import OrderHandler
from ..run.phases import Phase, phase_of
from ..run.plant_view import PlantView
from ..run.segments import current_step
from ..run.states import STEPS_IN_PROGRESS, EventKind, Run, RunState, StepState
from ..run.work_orders import Maintenance
from .hold import complete_hold
from .request_segment import SegmentRequester
from .rollback import RunRollback
from .step_executor import StepExecutor
from .supervision import Interrupted, Supervision

CHECK_TIMEOUT_S = 60.0
"""How long evidence and permissives may take to be met, process time."""


@dataclass(frozen=True, slots=True)
class RunStart:
    """Cause of a run."""

    place: str  # place of the trigger, `file:line`
    shown: str  # the trigger's condition with its values
    hashes: Mapping[str, str]  # hashes of the site's files and of the agents' graph


class Runner:
    """One run of one playbook. Each method does nothing unless the run's phase calls for it.

    Only the process that has the runner lock may work on a run.
    """

    def __init__(
        self,
        plan: BoundPlaybook,
        log: RunLog,
        ledger: LedgerPort,
        plant: PlantView,
        maintenance: Maintenance,
        clock: Callable[[], Instant],
    ) -> None:
        self.plan = plan
        self.log = log
        self._ledger = ledger
        self._plant = plant
        self._maintenance = maintenance
        self._clock = clock
        self._alarmed = ""
        self._order_handler = OrderHandler(plan, log, ledger, clock)
        self._supervision = Supervision(plan, log, plant, self._order_handler)
        self._executor = StepExecutor(plan, log, ledger, self._supervision, maintenance)
        self._rollback = RunRollback(plan, log, ledger, self._supervision, self._executor)
        self._requester = SegmentRequester(plan, log, ledger, plant)
        self._supervision.is_armed = not self._requester.needs_evidence

    @property
    def run_id(self) -> str:
        """ID of the run."""
        return self.log.run_id

    @property
    def run(self) -> Run:
        """State of the run, folded from its events."""
        return self.log.run

    @property
    def phase(self) -> Phase:
        """Next work of the run."""
        return phase_of(self.plan, self.run, self._ledger.actions(self.run.requests))

    @property
    def needs_evidence(self) -> bool:
        """Whether the evidence for the playbook must be met, which it need not after a write."""
        return self._requester.needs_evidence

    def open(self, start: RunStart) -> str:
        """Opens the run and records the snapshot that it starts from.

        Returns the ID of a run that owns one of its assets, empty if this run was opened.
        """
        plan, readings = self.plan, self._plant.readings
        names = sorted({name for each in plan.conditions for name in each.tags})
        tags = self._ledger.context.site.tags
        snapshot = {
            name: f"{tags[name].show(readings[name])} {tags[name].unit}".rstrip()
            for name in names
            if name in readings
        }
        return self.log.open(
            plan.id,
            owned_by(plan, self._ledger.context.site),
            {
                "playbook": plan.id, "version": plan.version, "digest": plan.digest,
                "title": plan.title, "roles": dict(plan.roles),
                "parameters": dict(plan.parameters), "assets": list(plan.assets),
                "trigger": start.place, "condition": start.shown,
                "hashes": dict(start.hashes), "snapshot": snapshot,
            },
        )  # fmt: skip

    async def diagnose(self) -> Diagnosis | None:
        """Evaluates evidence and permissives on one snapshot, and records the result.

        Because of noise and of windows that lack samples, it evaluates again for up to
        `CHECK_TIMEOUT_S`, unless evidence against the playbook is met. Outside `Phase.CHECK` it
        returns `None`.
        """
        begun_s, is_told = self._plant.now_s, False
        while self.phase is Phase.CHECK:
            found, now_s = self._requester.diagnose(), self._plant.now_s
            if found.is_collecting(needs_evidence=self.needs_evidence):
                begun_s = now_s
                if not is_told:
                    self._requester.record_collecting(found)
                is_told = True
            elif (
                found.is_decided(needs_evidence=self.needs_evidence)
                or now_s - begun_s >= CHECK_TIMEOUT_S
            ):
                self._requester.record_diagnosis(found)
                return found
            await self._plant.next_scan()
            self.handle_orders()
        return None

    def refuse(self, reason: str, *, suggests: str = "") -> None:
        """Ends a run that has requested nothing yet. A resumed run is held again."""
        if self.phase is not Phase.CHECK:
            return
        if self.run.state is RunState.CHECKING:
            blocked = list(self.run.diagnosis.get("blocked_by", []))
            self.log.record(
                EventKind.NOT_STARTED, reason=reason, blocked_by=blocked, suggested=suggests
            )
        else:
            self.log.record(EventKind.HOLDING, reason=reason, at_once=True)

    async def request(self) -> None:
        """Submits the request of the next segment. See `SegmentRequester.request`."""
        if self.phase in {Phase.CHECK, Phase.REQUEST}:
            self._supervision.reset_timers()  # its duration counts from the approval
            await self._requester.request()

    def read_decision(self) -> None:
        """Reads the decision on the request from the ledger. Does nothing if there is none."""
        self.handle_orders()
        if self.phase is Phase.AWAIT_DECISION:
            self._requester.read_decision()

    async def follow(self) -> None:
        """Commands or performs the current step. After the last one the run completes.

        Effect: none by itself: it sets actions due for the gate. Retry: none. Timeout: the step's.
        """
        if self.phase is Phase.FOLLOW:
            await self._work_on_step(self._executor.follow)

    async def verify(self) -> None:
        """Verifies the current step."""
        if self.phase is Phase.VERIFY:
            await self._work_on_step(self._executor.verify)

    async def _work_on_step(self, work: Callable[[Step], Awaitable[None]]) -> None:
        step = current_step(self.plan, self.run)
        self._supervision.begin()
        try:
            if step is not None:
                await work(step)
            else:
                await self._supervision.settle_expectations()
                if self.run.state is RunState.RUNNING:
                    self.log.record(EventKind.COMPLETING)
        except Interrupted as interruption:
            self._redirect(interruption)
        except (GuardrailError, LostRace) as refusal:  # without the lock nothing can be recorded
            self._redirect(Interrupted("hold", str(refusal)))

    def _redirect(self, interruption: Interrupted) -> None:
        reason = interruption.reason
        if self.run.state is RunState.ABORTING:
            return  # by an order
        if interruption.goal != "hold":
            self.log.record(EventKind.ABORTING, reason=reason, goal=interruption.goal)
        elif self.run.state is RunState.STOPPING and not self._has_unresolved():
            self._end_step(reason)  # it stops within this step
        else:
            self.log.record(EventKind.HOLDING, reason=reason, at_once=True)
        if interruption.notify:
            self._maintenance.send((interruption.notify,), reason)

    def _has_unresolved(self) -> bool:
        actions = self._ledger.actions(self.run.requests)
        return any(each.state in UNRESOLVED_ACTIONS for each in actions)

    def _end_step(self, reason: str) -> None:
        step = current_step(self.plan, self.run)
        if step is not None and self.run.step(step.id) in STEPS_IN_PROGRESS:
            to = StepState.FAILED.value
            self.log.record(EventKind.STEP, step=step.id, to=to, reason=reason)

    async def roll_back(self) -> None:
        """Rolls the run back. See `RunRollback.roll_back`."""
        if self.phase is Phase.ROLLBACK:
            await self._rollback.roll_back()

    def settle(self) -> None:
        """Completes the hold or the stop of a run, at the boundary of a step."""
        if self.phase is not Phase.SETTLE:
            return
        reason = self.run.reason
        if self.run.state is RunState.STOPPING:
            self._end_requests(f"the run was stopped: {reason}")
            self.log.record(EventKind.STOPPED, reason=reason)
        else:
            complete_hold(self.log, self._ledger)

    def _end_requests(self, reason: str) -> None:
        for each in self.run.requests:
            self._ledger.end(each, reason)

    def await_order(self) -> None:
        """Handles orders to a held or aborted run, and sends its escalations."""
        self.handle_orders()
        if self.phase is Phase.AWAIT_ORDER and (due := self._due_escalation()):
            message = f"{self.plan.title}: run {self.run_id} is {self.run.state}: {self.run.reason}"
            self._maintenance.send(due.to, message)
            self.log.record(EventKind.ESCALATED, to=list(due.to), when=due.when)
        if self.phase is Phase.AWAIT_ORDER and (alarm := self._alarm()) != self._alarmed:
            self._alarmed = alarm
            if alarm:
                recipients = dict.fromkeys(
                    name for each in self.plan.escalations for name in each.to
                )
                self._maintenance.send(
                    list(recipients), f"run {self.run_id} is held and violates: {alarm}"
                )

    def report(self) -> None:
        """Ends a run whose last step is done."""
        if self.phase is not Phase.REPORT:
            return
        self._end_requests("the run is complete")
        self.log.record(EventKind.COMPLETED)

    def needs_attention(self) -> bool:
        """Whether a run that waits for a decision or an order has something to do.

        The invariants are checked meanwhile.
        """
        if self.phase is Phase.AWAIT_DECISION:
            try:
                self._supervision.check()
            except Interrupted as interruption:
                self._redirect(interruption)
            return self.phase is not Phase.AWAIT_DECISION or self._requester.is_decided()
        is_due = self._due_escalation() or self._alarm() != self._alarmed
        return bool(is_due or self.log.new_orders())

    def _alarm(self) -> str:
        if self.run.state is not RunState.HELD:
            return ""
        return "; ".join(
            invariant.condition.bound for invariant, _ in self._supervision.violations()
        )

    def _due_escalation(self) -> Escalation | None:
        state = self.run.state.lower()
        steps = sorted(
            (each for each in self.plan.escalations if each.when == state),
            key=lambda each: each.after_s,
        )
        for each in steps[self.run.escalated : self.run.escalated + 1]:
            held_for = self._clock().wall - parse_stamp(self.run.since)
            if held_for >= timedelta(seconds=each.after_s):
                return each
        return None

    def handle_orders(self) -> None:
        """Carries out the new orders to the run."""
        self._order_handler.handle()

    def forbid_resume(self, denial: Denial) -> None:
        """Denies every resume in this process, since files have changed since the run began."""
        self._order_handler.forbid_resume(denial)
