"""Takes a run back: the undo of what may have left, newest first; else the safe state."""

from collections.abc import Collection, Sequence

from handwheel.tools.conditions import Truth, parse_condition
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.ledger.transitions import (
    OPEN_REQUESTS,
    UNRESOLVED_ACTIONS,
    WAITING_REQUESTS,
    ActionState,
    RequestState,
)

from .bound import BoundPlaybook
from .carrying_out import Carrier
from .desk import AT_REST, UNDER_WAY, Desk, Filed
from .plant_view import PlantView
from .run import EventKind
from .run_log import RunLog

_RECOVERY = "recovery"


class Stuck(Exception):
    """Recovery cannot go on by itself: a person must look."""


class Recoverer:
    """Takes one run back; orders and invariants do not interrupt it, lockouts do."""

    def __init__(
        self, plan: BoundPlaybook, log: RunLog, desk: Desk, plant: PlantView, carrier: Carrier
    ) -> None:
        self._plan = plan
        self._log = log
        self._desk = desk
        self._plant = plant
        self._carrier = carrier

    async def recover(self) -> None:
        """Brings an aborting run to rest: ABORTED, or HELD where nobody may go on alone.

        Raises:
            LedgerError: The ledger cannot be used.

        Effect: none by itself: it tells the gate when. Retry: none. Timeout: those of the undo.
        """
        self._end_requests("the run is being taken back", WAITING_REQUESTS)
        await self._let_flights_land()
        reason = self._log.run.reason
        try:
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
                await self._carrier.outcome(each.action.action_id, watched=False)

    async def _roll_back(self, reason: str) -> str:
        try:
            for undo in self._open_undo():
                await self._use(undo)
        except Stuck as stuck:
            if not self._plan.safe_state:
                raise
            await self._make_safe()
            if self._unresolved():  # once somebody has, it can be taken back
                raise Stuck(f"{stuck}; brought into the safe state meanwhile") from None
            return f"{reason}; {stuck}; brought into the safe state"
        return reason

    def _unresolved(self) -> list[Filed]:
        return [each for each in self._filed() if each.state in UNRESOLVED_ACTIONS]

    def _open_undo(self) -> list[Filed]:
        """Returns the undo of every command whose frame may have left, newest first."""
        filed = self._filed()
        sent = [each for each in filed if each.action.kind == "command" and each.may_have_left]
        if held := self._unresolved():
            one = held[0]
            raise Stuck(f"{one.action.action_id} is {one.state}: somebody must resolve it first")
        found: list[Filed] = []
        for command in reversed(sent):
            undo = [each for each in filed if each.action.undoes == command.action.action_id]
            if not undo or any(each.action.action_id in self._log.run.undone for each in undo):
                continue
            found.append(self._usable(undo, f"the undo of {command.action.action_id}"))
        return found

    def _usable(self, actions: Sequence[Filed], words: str) -> Filed:
        for each in reversed(actions):
            is_open = each.request_state is RequestState.APPROVED
            if is_open and each.state is ActionState.PLANNED:
                return each
        last = actions[-1]
        state = last.state if last.state in AT_REST else last.request_state
        raise Stuck(f"{words} is not approved any more: {state}: {last.reason}")

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
            if each.action.action_id not in self._log.run.undone:
                await self._use(self._usable([each], f"the safe state's {each.action.step}"))

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
        found = await self._carrier.outcome(action_id, watched=False)
        self._note(action_id, found.state, found.reason)
        if not found.is_applied:
            raise Stuck(f"{found.action.tag} = {found.action.shown}: {found.state}: {found.reason}")

    async def _verify(self, filed: Filed) -> None:
        step = next((each for each in self._plan.steps if each.id == filed.action.step), None)
        verify = step.undo.verify if step and step.undo and filed.action.undoes else None
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
