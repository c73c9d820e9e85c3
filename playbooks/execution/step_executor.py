"""Execution of a step after ISA-106, by command, perform and verify. The gate writes."""

from collections.abc import Iterable
from dataclasses import dataclass

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.conditions import Condition, Truth
from handwheel.tools.errors import ToolFailed
from handwheel.tools.guardrails.approval.run_requests import OrderPending
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.values import already_text, is_already

from ..binding.model import BoundPlaybook, NotifyStep, Step, Wait, WorkOrderStep
from ..run.event_log import RunLog
from ..run.ledger_port import SETTLED, LedgerPort, RunAction
from ..run.plant_view import PlantView
from ..run.segments import applied_writes
from ..run.states import EventKind, RunState, StepState
from ..run.work_orders import Maintenance
from .supervision import Goal, Interrupted, Supervision


@dataclass(eq=False)
class StepExecutor:
    """Executes the steps of one run. Each method advances one step by one stage."""

    _plan: BoundPlaybook
    _log: RunLog
    _ledger: LedgerPort
    _supervision: Supervision
    _maintenance: Maintenance

    @property
    def _plant(self) -> PlantView:
        return self._supervision.plant

    async def follow(self, step: Step) -> None:
        """Commands or performs a step up to `VERIFY`, `DONE`, `SKIPPED` or `FAILED`.

        Raises:
            Interrupted: The run must be held, rolled back or made safe.

        Effect: none by itself: it sets actions due for the gate. Retry: none. Timeout: the step's.
        """
        state = self._log.run.step(step.id)
        if state is StepState.FAILED:  # the process ended before the run was redirected
            raise Interrupted(_goal(step), f"step {step.id} failed")
        if state is StepState.PENDING and not self._is_wanted(step):
            self._skip(step)
            return
        match step.work:
            case Wait():
                await self._wait(step, step.work)
            case WorkOrderStep() | NotifyStep():
                await self._inform(step)
            case _:
                await self._command(step)

    async def _inform(self, step: Step) -> None:
        try:
            if isinstance(step.work, WorkOrderStep):
                await self._maintenance.raise_order(self._ledger.context.site.id, step, step.work)
            elif isinstance(step.work, NotifyStep):
                self._maintenance.notify(step, step.work)
        except ToolFailed as error:
            self.fail(step, str(error))
        else:
            self._move(step, StepState.DONE)

    def _is_wanted(self, step: Step) -> bool:
        if step.if_ is None:
            return True
        truth = step.if_.evaluate(self._plant.readings, self._plant.history)
        if truth is Truth.UNKNOWN:
            raise Interrupted("hold", f"step {step.id}: unknown: {self._shown(step.if_)}")
        return truth is Truth.TRUE

    def _skip(self, step: Step) -> None:
        reason = f"condition is false: {self._shown(step.if_)}" if step.if_ else ""
        for each in self._commands_of(step):
            if each.state is ActionState.PLANNED:
                self._ledger.skip(each.action.action_id, reason)
        self._move(step, StepState.SKIPPED, reason)

    def _commands_of(self, step: Step) -> list[RunAction]:
        latest = self._log.run.requests[-1:]
        return [
            each
            for each in self._ledger.actions(latest)
            if each.action.kind == "command" and each.action.step == step.id
        ]

    async def _command(self, step: Step) -> None:
        await self._supervision.settle_expectations()
        if not self._may_send():
            return
        self._check_still_so(step)
        if self._log.run.step(step.id) is StepState.PENDING:
            self._move(step, StepState.COMMAND)
        for each in self._commands_of(step):
            if each.is_applied:
                continue
            if each.state is ActionState.PLANNED:  # else it was set due before the process ended
                await self._scans_keep_up()
                if not self._send_when_allowed(each):
                    return
            found = await self.outcome(each.action.action_id)
            if not self._is_done(step, found):
                return
        if step.verify:
            self._move(step, StepState.VERIFY)
        else:
            self._complete(step, "")
        if not self._why_not_sent(step):
            self._supervision.expect(step)

    def _check_still_so(self, step: Step) -> None:
        """Raises `Interrupted` if what was not asked for, since it was so already, is not so."""
        already = self._log.run.already.get(step.id, ())
        for each in step.writes:
            reading = self._plant.readings.get(each.tag.name)
            if each.tag.name in already and not is_already(each.tag, each.value, reading):
                wanted = f"{each.tag.show_value(each.value)} {each.tag.unit}".rstrip()
                reason = f"{each.tag.name} is not {wanted} any more; resume the run to ask for it"
                raise Interrupted("hold", reason)

    def _complete(self, step: Step, shown: str) -> None:
        """Ends a step as done, or as skipped if none of its writes was sent."""
        reason = self._why_not_sent(step)
        self._move(step, StepState.SKIPPED if reason else StepState.DONE, reason or shown)

    def _why_not_sent(self, step: Step) -> str:
        """Returns why nothing of a step was sent, or an empty string if something was."""
        run = self._log.run
        if applied_writes(run, step, self._ledger.actions(run.requests)):
            return ""
        already = run.already.get(step.id, ())
        reasons = [
            already_text(each.tag, each.value) for each in step.writes if each.tag.name in already
        ]
        skipped = (each for each in self._commands_of(step) if each.state is ActionState.SKIPPED)
        return "; ".join([*reasons, *(each.reason for each in skipped)])

    def _may_send(self) -> bool:
        self._supervision.check()
        return self._log.run.state is RunState.RUNNING

    def _send_when_allowed(self, run_action: RunAction) -> bool:
        """Sets a command due. Returns false if an order has stopped the run meanwhile."""
        while self._may_send():
            try:
                self._send(run_action)
            except OrderPending:
                continue  # a new order is handled first
            return True
        return False

    def _send(self, run_action: RunAction) -> None:
        """Sets a command due.

        Raises `Interrupted` without an approval, and `OrderPending` after a new order.
        """
        action_id = run_action.action.action_id
        record = self._ledger.request(run_action.request_id)
        if record.state is not RequestState.APPROVED:
            raise Interrupted("hold", f"{run_action.request_id} is {': '.join(record.status)}")
        if len(self._sent()) >= self._plan.max_writes:
            raise Interrupted("hold", f"the run has written {self._plan.max_writes} times")
        self._supervision.is_armed = True
        self._ledger.set_due(action_id, self._log.run.orders)
        self._log.record(EventKind.DUE, action_id=action_id)

    def _sent(self) -> list[RunAction]:
        return [
            each
            for each in self._ledger.actions(self._log.run.requests)
            if each.action.kind == "command" and each.action.action_id in self._log.run.due
        ]

    async def outcome(self, action_id: str) -> RunAction:
        """Waits until the gate has completed an action."""
        while (found := self._ledger.action(action_id)).state not in SETTLED:
            await self._supervision.scan()
        return found

    def _is_done(self, step: Step, found: RunAction) -> bool:
        if found.is_applied or found.state is ActionState.SKIPPED:
            return True
        message = f"{found.action.tag} = {found.action.shown}: {found.state}: {found.reason}"
        if found.state is not ActionState.REFUSED:
            raise Interrupted("hold", message)
        self.fail(step, message)
        return False

    async def _scans_keep_up(self) -> None:
        """Waits while scans are further apart than a third of the shortest time to observe."""
        most_s = min(_short_times(self._plan), default=float("inf")) / 3.0
        until_scans = self._plant.scans + 400
        if self._plant.scan_s > most_s:
            self._log.record(EventKind.SLOW, reason=self._too_slow(most_s))
        while self._plant.scan_s > most_s:
            if self._plant.scans > until_scans:
                raise Interrupted("hold", self._too_slow(most_s))
            await self._supervision.scan()

    def _too_slow(self, most_s: float) -> str:
        return (
            f"scans are {format_duration(self._plant.scan_s)} of process time apart; at most "
            f"{format_duration(most_s)} can be followed"
        )

    async def _wait(self, step: Step, work: Wait) -> None:
        if self._log.run.step(step.id) is StepState.PENDING:
            self._move(step, StepState.PERFORM)
        if await self.comes_true(work.until, work.hold_s, work.within_s):
            self._move(step, StepState.DONE, self._shown(work.until))
        else:
            within = format_duration(work.within_s)
            self.fail(step, f"not within {within}: {self._shown(work.until)}")

    async def verify(self, step: Step) -> None:
        """Verifies a step by its `verify`, with the errors of `follow`."""
        verify = step.verify
        assert verify is not None
        await self._supervision.scan()  # readings from before the command do not count
        if await self.comes_true(verify.that, verify.hold_s, verify.within_s):
            self._complete(step, self._shown(verify.that))
        else:
            within = format_duration(verify.within_s)
            self.fail(step, f"not within {within}: {self._shown(verify.that)}")

    async def comes_true(
        self, condition: Condition, hold_s: float, within_s: float, *, watched: bool = True
    ) -> bool:
        """Waits until a condition has held without a break. Unknown counts as a break.

        Args:
            hold_s: Time that it must hold, complete when `within_s` ends.
            watched: Whether orders and invariants may interrupt the wait.
        """
        begun_s, since_s = self._plant.now_s, None
        while True:
            now_s = self._plant.now_s
            is_true = condition.evaluate(self._plant.readings, self._plant.history) is Truth.TRUE
            since_s = (now_s if since_s is None else since_s) if is_true else None
            if since_s is not None and now_s - since_s >= hold_s:
                return True
            if now_s - begun_s > within_s:
                return False
            await (self._supervision.scan() if watched else self._plant.next_scan())

    def fail(self, step: Step, reason: str) -> None:
        """Ends a step as failed and redirects the run by its `on_fail`.

        Raises `Interrupted` if the run does not continue with the next step.
        """
        self._move(step, StepState.FAILED, reason)
        message, recipients = f"step {step.id} failed: {reason}", step.on_fail.notify
        if step.on_fail.then != "continue" and self._log.run.state is not RunState.STOPPING:
            raise Interrupted(step.on_fail.then, message, recipients)
        if recipients:
            self._maintenance.send((recipients,), message)

    def _move(self, step: Step, to: StepState, reason: str = "") -> None:
        self._log.record(EventKind.STEP, step=step.id, to=to.value, reason=reason)

    def _shown(self, condition: Condition) -> str:
        return condition.shown(self._plant.readings, self._plant.history)


def _goal(step: Step) -> Goal:
    return "hold" if step.on_fail.then == "continue" else step.on_fail.then


def _short_times(plan: BoundPlaybook) -> Iterable[float]:
    """Yields the times that scans must resolve, process time."""
    yield from (each.grace_s for each in plan.invariants if each.grace_s > 0.0)
    for step in plan.steps:
        if step.verify and step.verify.hold_s > 0.0:
            yield step.verify.hold_s
        if isinstance(step.work, Wait) and step.work.hold_s > 0.0:
            yield step.work.hold_s
