"""Rollback of a run by the undo of its commands, else by the safe state."""

from collections.abc import Collection
from dataclasses import dataclass

from handwheel.connectors.errors import NotConnected
from handwheel.tools.conditions import ConditionError, Truth, parse_condition
from handwheel.tools.errors import GuardrailError, InvalidArguments
from handwheel.tools.guardrails.ledger.store.states import (
    OPEN_REQUESTS,
    UNRESOLVED_ACTIONS,
    WAITING_REQUESTS,
    ActionState,
    RequestState,
)

from ..binding.model import BoundPlaybook
from ..run.event_log import RunLog
from ..run.ledger_port import IN_PROGRESS, SETTLED, LedgerPort, RunAction
from ..run.plant_view import PlantView
from ..run.states import EventKind, RunState
from .rollback_request import PendingUndo, make_rollback_segment, pending_undos, undone_step
from .step_executor import StepExecutor
from .supervision import Supervision

_RECOVERY = "recovery"
_SETTLES_WITHIN_S = 60.0  # wall-clock time; a due action ends after 10 s
_DONE = frozenset({ActionState.VERIFIED, ActionState.RESOLVED_APPLIED, ActionState.SKIPPED})


class RollbackBlocked(Exception):
    """The rollback cannot continue without an operator."""


class RollbackNotApproved(RollbackBlocked):
    """The new request of a rollback was not approved or not carried out."""


@dataclass(eq=False)
class RunRollback:
    """Rolls one run back. Lockouts interrupt it, orders and invariants do not."""

    _plan: BoundPlaybook
    _log: RunLog
    _ledger: LedgerPort
    _supervision: Supervision
    _executor: StepExecutor

    @property
    def _plant(self) -> PlantView:
        return self._supervision.plant

    async def roll_back(self) -> None:
        """Rolls an aborting run back to ABORTED, or HELD where an operator must act.

        Effect: none by itself: it sets actions due for the gate. Retry: none. Timeout: that of
        each undo.
        """
        self._end_requests("the run is being rolled back", WAITING_REQUESTS)
        reason = self._log.run.reason
        try:
            await self._wait_for_gate()
            if self._log.run.goal != "safe_state":
                reason = await self._undo_or_make_safe(reason)
            else:
                await self._make_safe()
        except RollbackBlocked as blocked:
            self._log.record(EventKind.HOLDING, reason=f"rollback: {blocked}", at_once=True)
            return
        self._end_requests("the run was rolled back", OPEN_REQUESTS)
        self._log.record(EventKind.ABORTED, reason=reason)

    async def _wait_for_gate(self) -> None:
        """Waits for the actions in progress, since an undo depends on their outcome."""
        for each in self._actions():
            if each.state in IN_PROGRESS:
                await self._wait_until_settled(each.action.action_id)

    async def _wait_until_settled(self, action_id: str) -> RunAction:
        """Waits until the gate has completed an action. Limited, since no gate may run."""
        until = self._ledger.clock().boot_ms + _SETTLES_WITHIN_S * 1000.0
        while (found := self._ledger.action(action_id)).state not in SETTLED:
            if self._ledger.clock().boot_ms > until:
                raise RollbackBlocked(f"{action_id} is {found.state}: no gate has completed it")
            await self._plant.next_scan()
        return found

    async def _undo_or_make_safe(self, reason: str) -> str:
        try:
            if held := self._unresolved():
                name = held[0].action.action_id
                raise RollbackBlocked(f"{name} is {held[0].state}: resolve it first")
            await self._undo_all()
        except RollbackNotApproved:
            raise
        except RollbackBlocked as blocked:
            if not self._plan.safe_state:
                raise
            try:
                await self._make_safe()
            except RollbackBlocked as second:
                raise RollbackBlocked(f"{blocked}; {second}") from None
            if self._unresolved():  # the undo can follow once it is resolved
                raise RollbackBlocked(f"{blocked}; brought into the safe state meanwhile") from None
            return f"{reason}; {blocked}; brought into the safe state"
        return reason

    def _unresolved(self) -> list[RunAction]:
        return [each for each in self._actions() if each.state in UNRESOLVED_ACTIONS]

    async def _undo_all(self) -> None:
        """Undoes every command whose frame may have been sent, newest first.

        An undo without a valid approval is requested again, one at a time, since a limit may
        allow the next one only after the previous write.
        """
        for undo in pending_undos(self._plan, self._actions()):
            done = [each for each in undo.actions if each.state in _DONE]
            usable = [each for each in undo.actions if _is_usable(each)]
            if done:
                await self._note_done(done[-1])
            elif usable:
                await self._carry_out(usable[-1])
            else:
                await self._request_undo(undo)

    async def _request_undo(self, undo: PendingUndo) -> None:
        run, run_id = self._log.run, self._log.run_id
        segment = make_rollback_segment(self._plan, run, run_id, undo)
        if segment is None:
            raise RollbackNotApproved("the playbook names no approver for the rollback")
        try:
            request = (await self._ledger.submit(segment)).request
        except (GuardrailError, InvalidArguments, NotConnected, ConditionError) as refusal:
            raise RollbackNotApproved(f"the rollback cannot be requested: {refusal}") from None
        self._log.record(EventKind.ASKED_BACK, request_id=request.request_id)
        while (record := self._ledger.request(request.request_id)).state in WAITING_REQUESTS:
            self._check_while_waiting()
            await self._plant.next_scan()
        if record.state is not RequestState.APPROVED:
            raise RollbackNotApproved(f"{request.request_id} is {': '.join(record.status)}")
        for each in self._ledger.actions([request.request_id]):
            if each.action.kind == "command":
                try:
                    await self._carry_out(each)
                except RollbackBlocked as blocked:
                    raise RollbackNotApproved(str(blocked)) from None

    def _check_while_waiting(self) -> None:
        """Handles orders and checks the invariants while a request awaits its decision."""
        self._supervision.order_handler.handle()
        if self._log.run.state is not RunState.ABORTING:
            raise RollbackNotApproved(self._log.run.reason)
        if violations := self._supervision.violations():
            raise RollbackNotApproved("; ".join(message for _, message in violations))

    async def _finish(self, run_action: RunAction, message: str) -> None:
        if run_action.state in _DONE:
            await self._note_done(run_action)
        elif _is_usable(run_action):
            await self._carry_out(run_action)
        else:
            raise RollbackBlocked(
                f"{message} is not approved: {run_action.state}: {run_action.reason}"
            )

    async def _note_done(self, run_action: RunAction) -> None:
        """Records an action that was done while the run was not processed."""
        if run_action.action.action_id not in self._log.run.undone:
            self._note(run_action.action.action_id, run_action.state, run_action.reason)
            if run_action.state is ActionState.VERIFIED:
                await self._verify(run_action)

    async def _make_safe(self) -> None:
        approved = [each for each in self._actions() if each.request_state is RequestState.APPROVED]
        newest = approved[-1].request_id if approved else ""
        safe = [
            each
            for each in approved
            if each.request_id == newest
            and each.action.kind == _RECOVERY
            and each.action.undoes is None
        ]
        if not safe:
            raise RollbackBlocked("the safe state is not approved")
        for each in safe:
            await self._finish(each, f"the safe state's {each.action.step}")

    async def _carry_out(self, run_action: RunAction) -> None:
        """Carries out one action, unless its own `if` is false."""
        action, action_id = run_action.action, run_action.action.action_id
        for requirement in action.requires:
            if requirement.why != "if":
                continue
            condition = parse_condition(requirement.text, self._ledger.context.site.tags)
            truth = condition.evaluate(self._plant.readings)
            shown = condition.shown(self._plant.readings)
            if truth is Truth.UNKNOWN:
                raise RollbackBlocked(f"unknown: {shown}")
            if truth is Truth.FALSE:
                self._ledger.skip(action_id, f"condition is false: {shown}")
                self._note(action_id, ActionState.SKIPPED, shown)
                return
        await self._send(run_action)
        await self._verify(run_action)

    async def _send(self, run_action: RunAction) -> None:
        action_id = run_action.action.action_id
        try:
            self._ledger.set_due(action_id)
        except GuardrailError as refusal:
            raise RollbackBlocked(str(refusal)) from None
        self._log.record(EventKind.DUE, action_id=action_id)
        found = await self._wait_until_settled(action_id)
        self._note(action_id, found.state, found.reason)
        if not found.is_applied:
            raise RollbackBlocked(
                f"{found.action.tag} = {found.action.shown}: {found.state}: {found.reason}"
            )

    async def _verify(self, run_action: RunAction) -> None:
        is_undo = run_action.action.undoes is not None
        name = run_action.action.step if is_undo else undone_step(run_action.action.step)
        step = next((each for each in self._plan.steps if each.id == name), None)
        verify = step.undo.verify if step and step.undo else None
        if verify is None:
            return
        is_true = await self._executor.comes_true(
            verify.that, verify.hold_s, verify.within_s, watched=False
        )
        if not is_true:
            shown = verify.that.shown(self._plant.readings, self._plant.history)
            raise RollbackBlocked(f"the undo of {run_action.action.step} was not verified: {shown}")

    def _note(self, action_id: str, state: ActionState, reason: str) -> None:
        self._log.record(EventKind.UNDONE, action_id=action_id, state=state.value, reason=reason)

    def _actions(self) -> list[RunAction]:
        return self._ledger.actions(self._log.run.requests)

    def _end_requests(self, reason: str, states: Collection[RequestState]) -> None:
        for each in self._log.run.requests:
            if self._ledger.request(each).state in states:
                self._ledger.end(each, reason)


def _is_usable(run_action: RunAction) -> bool:
    is_open = run_action.request_state is RequestState.APPROVED
    return is_open and run_action.state is ActionState.PLANNED
