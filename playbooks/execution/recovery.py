"""Takes a run back: the undo of what may have left, newest first; else the safe state."""

from collections.abc import Collection

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
from ..run.ledger_port import AT_REST, UNDER_WAY, Desk, Filed
from ..run.states import EventKind, RunState
from .rollback_request import OpenUndo, make_reverting_segment, open_undo, undone_step
from .step_executor import Carrier
from .supervision import Supervision

_RECOVERY = "recovery"
_LANDS_WITHIN_S = 60.0  # people's time: what is due ends after 10 s
_DONE = frozenset({ActionState.VERIFIED, ActionState.RESOLVED_APPLIED, ActionState.SKIPPED})


class Stuck(Exception):
    """Recovery cannot go on by itself: a person must look."""


class Unanswered(Stuck):
    """People were asked to take something back, and it did not come to that."""


class Recoverer:
    """Takes one run back; orders and invariants do not interrupt it, lockouts do."""

    def __init__(
        self, plan: BoundPlaybook, log: RunLog, desk: Desk, watch: Supervision, carrier: Carrier
    ) -> None:
        self._plan = plan
        self._log = log
        self._desk = desk
        self._watch = watch
        self._plant = watch.plant
        self._carrier = carrier

    async def recover(self) -> None:
        """Brings an aborting run to rest: ABORTED, or HELD where nobody may go on alone.

        Raises:
            LedgerError: The ledger cannot be used.

        Effect: none by itself: it tells the gate when. Retry: none. Timeout: those of the undo.
        """
        self._end_requests("the run is being taken back", WAITING_REQUESTS)
        reason = self._log.run.reason
        try:
            await self._let_flights_land()
            if self._log.run.goal != "safe_state":
                reason = await self._roll_back(reason)
            else:
                await self._make_safe()
        except Stuck as stuck:
            self._log.record(EventKind.HOLDING, reason=f"taking back: {stuck}", at_once=True)
            return
        self._end_requests("the run was taken back", OPEN_REQUESTS)
        self._log.record(EventKind.ABORTED, reason=reason)

    async def _let_flights_land(self) -> None:
        """Waits for what the gate has in hand: an undo needs to know what became of it."""
        for each in self._filed():
            if each.state in UNDER_WAY:
                await self._landed(each.action.action_id)

    async def _landed(self, action_id: str) -> Filed:
        """Waits for the gate, but not for ever: there may be none."""
        until = self._desk.clock().boot_ms + _LANDS_WITHIN_S * 1000.0
        while (found := self._desk.action(action_id)).state not in AT_REST:
            if self._desk.clock().boot_ms > until:
                raise Stuck(f"{action_id} is {found.state}, and no gate is through with it")
            await self._plant.next_scan()
        return found

    async def _roll_back(self, reason: str) -> str:
        try:
            if held := self._unresolved():
                name = held[0].action.action_id
                raise Stuck(f"{name} is {held[0].state}: somebody must resolve it first")
            await self._undo_all()
        except Unanswered:
            raise
        except Stuck as stuck:
            if not self._plan.safe_state:
                raise
            try:
                await self._make_safe()
            except Stuck as second:
                raise Stuck(f"{stuck}; {second}") from None
            if self._unresolved():  # once somebody has, it can be taken back
                raise Stuck(f"{stuck}; brought into the safe state meanwhile") from None
            return f"{reason}; {stuck}; brought into the safe state"
        return reason

    def _unresolved(self) -> list[Filed]:
        return [each for each in self._filed() if each.state in UNRESOLVED_ACTIONS]

    async def _undo_all(self) -> None:
        """Takes back every command whose frame may have left, newest first.

        What is not approved any more is asked for anew, one at a time: whether a limit lets the
        next one through is seen when the plant is there.
        """
        for undo in open_undo(self._plan, self._filed()):
            done = [each for each in undo.actions if each.state in _DONE]
            usable = [each for each in undo.actions if _is_usable(each)]
            if done:
                await self._note_done(done[-1])
            elif usable:
                await self._use(usable[-1])
            else:
                await self._ask(undo)

    async def _ask(self, undo: OpenUndo) -> None:
        """Asks people for what takes the run back, and does it once they have approved it."""
        run, run_id = self._log.run, self._log.run_id
        segment = make_reverting_segment(self._plan, run, run_id, undo)
        if segment is None:
            raise Unanswered("nobody is named who could approve that it is taken back")
        try:
            request = (await self._desk.file(segment)).request
        except (GuardrailError, InvalidArguments, NotConnected, ConditionError) as refusal:
            raise Unanswered(f"it cannot be asked for: {refusal}") from None
        self._log.record(EventKind.ASKED_BACK, request_id=request.request_id)
        while (record := self._desk.request(request.request_id)).state in WAITING_REQUESTS:
            self._look_meanwhile()
            await self._plant.next_scan()
        if record.state is not RequestState.APPROVED:
            raise Unanswered(f"{request.request_id} is {': '.join(record.standing)}")
        for each in self._desk.actions([request.request_id]):
            if each.action.kind == "command":
                try:
                    await self._use(each)
                except Stuck as stuck:
                    raise Unanswered(str(stuck)) from None

    def _look_meanwhile(self) -> None:
        """Looks at what does not wait while people are asked: orders, and what must hold."""
        self._watch.ordering.take()
        if self._log.run.state is not RunState.ABORTING:
            raise Unanswered(self._log.run.reason)
        if broken := self._watch.broken():
            raise Unanswered("; ".join(words for _, words in broken))

    async def _finish(self, filed: Filed, words: str) -> None:
        """Uses a recovery action, unless it was used already."""
        if filed.state in _DONE:
            await self._note_done(filed)
        elif _is_usable(filed):
            await self._use(filed)
        else:
            raise Stuck(f"{words} is not approved any more: {filed.state}: {filed.reason}")

    async def _note_done(self, filed: Filed) -> None:
        """Takes in what was done before the run could say so: its process died, or a person did."""
        if filed.action.action_id not in self._log.run.undone:
            self._note(filed.action.action_id, filed.state, filed.reason)
            if filed.state is ActionState.VERIFIED:
                await self._verify(filed)

    async def _make_safe(self) -> None:
        approved = [each for each in self._filed() if each.request_state is RequestState.APPROVED]
        newest = approved[-1].request_id if approved else ""
        safe = [
            each
            for each in approved
            if each.request_id == newest
            and each.action.kind == _RECOVERY
            and each.action.undoes is None
        ]
        if not safe:
            raise Stuck("the safe state is not approved any more")
        for each in safe:
            await self._finish(each, f"the safe state's {each.action.step}")

    async def _use(self, filed: Filed) -> None:
        """Uses one recovery action, unless its own condition says that it is not needed."""
        action, action_id = filed.action, filed.action.action_id
        for requirement in action.requires:
            if requirement.why != "if":
                continue
            condition = parse_condition(requirement.text, self._desk.bench.site.tags)
            truth = condition.evaluate(self._plant.readings)
            shown = condition.shown(self._plant.readings)
            if truth is Truth.UNKNOWN:
                raise Stuck(f"unknown: {shown}")
            if truth is Truth.FALSE:
                self._desk.skip(action_id, f"not so: {shown}")
                self._note(action_id, ActionState.SKIPPED, shown)
                return
        await self._send(filed)
        await self._verify(filed)

    async def _send(self, filed: Filed) -> None:
        action_id = filed.action.action_id
        try:
            self._desk.set_due(action_id)
        except GuardrailError as refusal:
            raise Stuck(str(refusal)) from None
        self._log.record(EventKind.DUE, action_id=action_id)
        found = await self._landed(action_id)
        self._note(action_id, found.state, found.reason)
        if not found.is_applied:
            raise Stuck(f"{found.action.tag} = {found.action.shown}: {found.state}: {found.reason}")

    async def _verify(self, filed: Filed) -> None:
        is_undo = filed.action.undoes is not None
        name = filed.action.step if is_undo else undone_step(filed.action.step)
        step = next((each for each in self._plan.steps if each.id == name), None)
        verify = step.undo.verify if step and step.undo else None
        if verify is None:
            return
        is_so = await self._carrier.comes_true(
            verify.that, verify.hold_s, verify.within_s, watched=False
        )
        if not is_so:
            shown = verify.that.shown(self._plant.readings, self._plant.history)
            raise Stuck(f"the undo of {filed.action.step} did not come true: {shown}")

    def _note(self, action_id: str, state: ActionState, reason: str) -> None:
        self._log.record(EventKind.UNDONE, action_id=action_id, state=state.value, reason=reason)

    def _filed(self) -> list[Filed]:
        return self._desk.actions(self._log.run.requests)

    def _end_requests(self, reason: str, states: Collection[RequestState]) -> None:
        for each in self._log.run.requests:
            if self._desk.request(each).state in states:
                self._desk.end(each, reason)


def _is_usable(filed: Filed) -> bool:
    is_open = filed.request_state is RequestState.APPROVED
    return is_open and filed.state is ActionState.PLANNED
