"""Messages of the agents' process, which say when something is done and never whether."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model
from handwheel.connectors.denial import Denial
from handwheel.connectors.hints import next_step

from ....errors import InvalidArguments, PermitRefused
from ....requests.request import ActionRequest, TupleOf
from ....requests.timestamps import Instant
from ...ledger.effects import EffectVerdict, StepEffect
from ...ledger.runner_lock import (
    check_runner_lock,
    release_runner_lock,
    renew_runner_lock,
    take_runner_lock,
)
from ...ledger.runs import RunEntry, open_run, record_event
from ...ledger.store.database import LostRace
from ...signatures.context import DecisionContext
from ...signatures.message import Message
from ..request_limits import TooManyRequests, check_request_limits
from ..run_requests import end_request, file_segment, note_promise, set_due, skip_action

Holder = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""Name of a holder of the runner lock, made by its process."""
Kind = Annotated[str, Field(pattern=r"^[a-z_]+$")]
"""Kind of an event, without what stands before it in the journal."""
Body = dict[str, Any]

_WORDS_OF_PEOPLE = frozenset({"ordered", "answered"})


class EquipmentOwned(PermitRefused):
    """Another run owns equipment of a run that is to be opened. Nothing was changed."""

    @property
    def run_id(self) -> str:
        """The run that is in the way."""
        return str(self).partition(" ")[0]


class _Operation(Model, ABC):
    """One change of the ledger, which the holder of the runner lock alone may make."""

    @abstractmethod
    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Makes it in the transaction of its message. Raises as the function that it calls."""


class OpenRun(_Operation):
    """Opens a run, see `open_run`."""

    do: Literal["open run"] = "open run"
    run_id: str
    playbook: str
    assets: TupleOf[str]
    ancestors: TupleOf[str] = ()
    body: Body

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Opens it. Raises `EquipmentOwned` if another run owns one of its assets."""
        entry = RunEntry(self.run_id, self.playbook, True)
        _, owner = open_run(
            context.database, entry, self.assets, self.body, holder, now, self.ancestors
        )
        if owner:
            hint = next_step("runs", "show", owner)
            raise EquipmentOwned(f"{owner} owns its equipment; {hint}")


class RecordRunEvent(_Operation):
    """Appends an event to a run, see `record_event`."""

    do: Literal["record run event"] = "record run event"
    run_id: str
    kind: Kind
    body: Body

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Appends it."""
        _check_kind(self.kind)
        record_event(context.database, self.run_id, self.kind, self.body, holder, now)


class RecordCaseEvent(_Operation):
    """Appends an event to a case."""

    do: Literal["record case event"] = "record case event"
    case_id: str
    kind: Kind
    body: Body

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Appends it."""
        _check_kind(self.kind)
        _record(context, holder, now, f"case.{self.kind}", self.case_id, self.body)


class RecordScheduleEvent(_Operation):
    """Records what became of the moment of a playbook's schedule."""

    do: Literal["record schedule event"] = "record schedule event"
    kind: Kind
    playbook: str
    at: str  # the moment, as a stamp

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Records it."""
        _record(context, holder, now, f"schedule.{self.kind}", self.playbook, {"at": self.at})


class FileSegment(_Operation):
    """Files the request of a segment, see `file_segment`."""

    do: Literal["file segment"] = "file segment"
    request: ActionRequest
    denial: str = ""  # reason for which the policy denies it; empty if it does not

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Files it. Raises `LostRace` if its proposal was filed as another request."""
        denial = Denial("policy", self.denial) if self.denial else None
        filed = file_segment(context, self.request, denial, holder, now).request.request_id
        if filed != self.request.request_id:  # the other operations are about this one
            raise LostRace(f"{self.request.request_id} was filed before, as {filed}")


class SetDue(_Operation):
    """Sets an action due, see `set_due`."""

    do: Literal["set due"] = "set due"
    action_id: str
    orders: int | None = None

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Sets it due."""
        set_due(context.database, self.action_id, holder, now, self.orders)


class SkipAction(_Operation):
    """Skips an action, see `skip_action`."""

    do: Literal["skip action"] = "skip action"
    action_id: str
    reason: str

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Skips it."""
        skip_action(context.database, self.action_id, self.reason, holder, now)


class EndRequest(_Operation):
    """Ends a request, see `end_request`."""

    do: Literal["end request"] = "end request"
    request_id: str
    reason: str

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Ends it."""
        end_request(context.database, self.request_id, self.reason, holder, now)


class NotePromise(_Operation):
    """Records the result of a step's promise, see `note_promise`."""

    do: Literal["note promise"] = "note promise"
    run_id: str
    step: str
    number: int
    expected: str
    within_s: float
    observed: str
    verdict: EffectVerdict
    after_s: float | None = None

    def apply(self, context: DecisionContext, holder: str, now: Instant) -> None:
        """Records it, once."""
        promise = StepEffect(
            self.number, self.expected, self.within_s, self.observed, self.verdict, self.after_s
        )
        note_promise(context.database, self.run_id, self.step, promise, holder, now)


Operation = (
    OpenRun
    | RecordRunEvent
    | RecordCaseEvent
    | RecordScheduleEvent
    | FileSegment
    | SetDue
    | SkipAction
    | EndRequest
    | NotePromise
)


class _OfHolder(Message):
    """Message of the process that works on a site's runs."""

    is_agents: ClassVar[bool] = True
    holder: Holder


class TakeRunnerLock(_OfHolder):
    """Takes the runner lock for a process. Raises `PermitRefused` if a live one has it."""

    path: ClassVar[str] = "runs/lock/take"
    pid: int = Field(gt=0)

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Takes it."""
        take_runner_lock(context.database, now, self.holder, self.pid)


class RenewRunnerLock(_OfHolder):
    """Keeps the runner lock for another while. Raises `LostRace` if it is over."""

    path: ClassVar[str] = "runs/lock/renew"

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Renews it."""
        renew_runner_lock(context.database, self.holder, now)


class ReleaseRunnerLock(_OfHolder):
    """Lets the next process take the runner lock at once."""

    path: ClassVar[str] = "runs/lock/release"

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Gives it back."""
        release_runner_lock(context.database, self.holder, now)


class Effects(_OfHolder):
    """Changes that the holder of the runner lock makes at once, all or none, in their order."""

    path: ClassVar[str] = "runs/effects"
    operations: TupleOf[Annotated[Operation, Field(discriminator="do")]]

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Makes them in one transaction. Raises as the operation that is refused."""
        try:
            # No person's word is among them, and an older ledger would allow no more.
            with context.database.transaction(now, waits_for="rows"):
                for each in self.operations:
                    each.apply(context, self.holder, now)
        except TooManyRequests:
            self._record_refusal(context, now)
            raise

    def _record_refusal(self, context: DecisionContext, now: Instant) -> None:
        """Records the refusal by the request limits, which was undone with everything else."""
        with context.database.transaction(now) as transaction:
            for each in self.operations:
                if isinstance(each, FileSegment):
                    check_request_limits(context, transaction, each.request)


def _check_kind(kind: str) -> None:
    if kind in _WORDS_OF_PEOPLE:
        raise InvalidArguments(f"{kind} is no event of the agents, but the word of a person")


def _record(
    context: DecisionContext,
    holder: str,
    now: Instant,
    kind: str,
    subject: str,
    body: Mapping[str, Any],
) -> None:
    with context.database.transaction(now) as transaction:
        check_runner_lock(transaction, holder)
        transaction.record(kind, subject, dict(body))


MESSAGES: tuple[type[Message], ...] = (
    TakeRunnerLock,
    RenewRunnerLock,
    ReleaseRunnerLock,
    Effects,
)
