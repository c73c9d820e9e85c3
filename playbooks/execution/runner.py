"""Runs one playbook: what to do next is read from the run's events, never remembered."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.guardrails.ledger.store.states import UNRESOLVED_ACTIONS
from handwheel.tools.requests.stamps import Instant, parse_stamp

from ..binding.model import BoundPlaybook, Escalation, Step, owned_by
from ..run.diagnosis import Diagnosis
from ..run.event_log import RunLog
from ..run.ledger_port import LedgerPort
from ..run.orders import OrderHandler
from ..run.phases import Phase, phase_of
from ..run.plant_view import PlantView
from ..run.segments import current_step
from ..run.states import STEPS_UNDER_WAY, EventKind, Run, RunState, StepState
from ..run.work_orders import Maintenance
from .hold import complete_hold
from .request_segment import SegmentRequester
from .rollback import RunRollback
from .step_executor import StepExecutor
from .supervision import Interrupted, Supervision

PATIENCE_S = 60.0
"""How long a case that nothing speaks against may take to become clear, process time."""


@dataclass(frozen=True, slots=True)
class RunStart:
    """How a run came about.

    Attributes:
        place: Of the trigger, `file:line`.
        shown: The trigger's condition with its values.
        hashes: Of the site's files and of the agents' graph.
    """

    place: str
    shown: str
    hashes: Mapping[str, str]


class Runner:
    """One run of one playbook; every method looks first whether it is its turn.

    A run is worked on by one process at a time, the one that holds the lease.
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
        """Its name."""
        return self.log.run_id

    @property
    def run(self) -> Run:
        """The run as its events tell of it."""
        return self.log.run

    @property
    def phase(self) -> Phase:
        """What the run needs next."""
        return phase_of(self.plan, self.run, self._ledger.actions(self.run.requests))

    @property
    def needs_evidence(self) -> bool:
        """Whether the evidence for the playbook must hold: not once something was written."""
        return self._requester.needs_evidence

    def open(self, start: RunStart) -> str:
        """Opens the run with the snapshot that it starts from.

        Returns:
            The run that owns one of its assets, and that is in the way; empty if it is open.
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
        """Judges evidence and permissives in full on one snapshot, and keeps what it came to.

        Noise makes a value dip for a scan, and a window wants its samples: what is not for the
        playbook is looked at again for a while, unless something speaks against it.

        Returns:
            What was judged; `None` if it is not the run's turn to be judged.
        """
        begun_s = self._plant.now_s
        while self.phase is Phase.CHECK:
            found, now_s = self._requester.diagnose(), self._plant.now_s
            if found.is_collecting(needs_evidence=self.needs_evidence):
                begun_s = now_s
            elif (
                found.is_decided(needs_evidence=self.needs_evidence)
                or now_s - begun_s >= PATIENCE_S
            ):
                self._requester.record_diagnosis(found)
                return found
            await self._plant.next_scan()
            self.handle_orders()
        return None

    def refuse(self, reason: str, *, suggests: str = "") -> None:
        """Ends a run before anything was asked; one that was to go on is held again."""
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
        """Files the next segment's request; see `Asker.request`."""
        if self.phase in {Phase.CHECK, Phase.REQUEST}:
            self._supervision.reset_timers()  # its time begins with the approval
            await self._requester.request()

    def read_decision(self) -> None:
        """Reads from the ledger what was decided; if nothing was, the run goes on waiting."""
        self.handle_orders()
        if self.phase is Phase.AWAIT_DECISION:
            self._requester.read_decision()

    async def follow(self) -> None:
        """Commands or performs the current step; after the last one the run completes.

        Effect: none by itself: it tells the gate when. Retry: none. Timeout: see the step.
        """
        if self.phase is Phase.FOLLOW:
            await self._work_on_step(self._executor.follow)

    async def verify(self) -> None:
        """Decides the current step."""
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
        except (GuardrailError, LostRace) as refusal:  # nothing can be recorded without the lease
            self._redirect(Interrupted("hold", str(refusal)))

    def _redirect(self, interruption: Interrupted) -> None:
        reason = interruption.reason
        if self.run.state is RunState.ABORTING:
            return  # an order has taken it there
        if interruption.goal != "hold":
            self.log.record(EventKind.ABORTING, reason=reason, goal=interruption.goal)
        elif self.run.state is RunState.STOPPING and not self._has_unresolved():
            self._end_step(reason)  # it stops all the same, and here
        else:
            self.log.record(EventKind.HOLDING, reason=reason, at_once=True)
        if interruption.tell:
            self._maintenance.tell((interruption.tell,), reason)

    def _has_unresolved(self) -> bool:
        actions = self._ledger.actions(self.run.requests)
        return any(each.state in UNRESOLVED_ACTIONS for each in actions)

    def _end_step(self, reason: str) -> None:
        step = current_step(self.plan, self.run)
        if step is not None and self.run.step(step.id) in STEPS_UNDER_WAY:
            to = StepState.FAILED.value
            self.log.record(EventKind.STEP, step=step.id, to=to, reason=reason)

    async def roll_back(self) -> None:
        """Takes the run back; see `Recoverer.recover`."""
        if self.phase is Phase.ROLLBACK:
            await self._rollback.roll_back()

    def settle(self) -> None:
        """Brings a run that holds or stops to rest, at the boundary of a step."""
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
        """Follows orders to a run at rest, and tells people that it is."""
        self.handle_orders()
        if self.phase is Phase.AWAIT_ORDER and (due := self._due_escalation()):
            words = f"{self.plan.title}: run {self.run_id} is {self.run.state}: {self.run.reason}"
            self._maintenance.tell(due.to, words)
            self.log.record(EventKind.ESCALATED, to=list(due.to), when=due.when)
        if self.phase is Phase.AWAIT_ORDER and (alarm := self._alarm()) != self._alarmed:
            self._alarmed = alarm
            if alarm:
                people = dict.fromkeys(name for each in self.plan.escalations for name in each.to)
                self._maintenance.tell(list(people), f"run {self.run_id} is held, and not: {alarm}")

    def report(self) -> None:
        """Ends a run whose last step is done."""
        if self.phase is not Phase.REPORT:
            return
        self._end_requests("the run is complete")
        self.log.record(EventKind.COMPLETED)

    def needs_attention(self) -> bool:
        """Whether a run that waits for people should be looked at.

        What was written is watched meanwhile: a broken invariant does not wait for anybody.
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
        """Returns which invariants are broken while the run is held: a person must act."""
        if self.run.state is not RunState.HELD:
            return ""
        return "; ".join(invariant.condition.bound for invariant, _ in self._supervision.broken())

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
        """Follows what people have asked of the run."""
        self._order_handler.handle()

    def forbid_resume(self, reason: str) -> None:
        """Lets the run never go on in this process: it began under other files."""
        self._order_handler.forbid_resume(reason)
