"""Messages of the agents' process, which say when something is done and never whether."""

from typing import Annotated, ClassVar

from pydantic import Field

from ....errors import TooManyRequests
from ....requests.request import TupleOf
from ....requests.timestamps import Instant
from ...ledger.runner_lock import (
    check_runner_lock,
    release_runner_lock,
    renew_runner_lock,
    take_runner_lock,
)
from ...signatures.context import DecisionContext
from ...signatures.message import Message
from ..request_limits import check_request_limits
from .filing import FileRequest
from .guest_requests import FileGuestRequest
from .run_events import OpenRun, RecordEvent
from .run_requests import EndRequest, FileSegment, NotePromise, SetDue, SkipAction

Holder = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""Name of a holder of the runner lock, made by its process."""

Operation = (
    OpenRun | RecordEvent | FileSegment | FileGuestRequest | SetDue | SkipAction | EndRequest
    | NotePromise
)  # fmt: skip


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
    """Changes that the holder of the runner lock makes at once, all or none, in their order.

    A process that was stopped and continues later changes nothing: its lock is over.
    """

    path: ClassVar[str] = "runs/effects"
    operations: TupleOf[Annotated[Operation, Field(discriminator="do")]]

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Makes them in one transaction. Raises as the operation that is refused.

        Raises:
            LostRace: Another process holds the lock.
        """
        try:
            # No person's word is among them, and an older ledger would allow no more.
            with context.database.transaction(now, waits_for="rows") as transaction:
                check_runner_lock(transaction, self.holder)
                for each in self.operations:
                    each.apply(context, transaction)
        except TooManyRequests:
            self._record_refusal(context, now)
            raise

    def _record_refusal(self, context: DecisionContext, now: Instant) -> None:
        """Records the refusal by the request limits, which was undone with everything else."""
        with context.database.transaction(now) as transaction:
            for each in self.operations:
                if isinstance(each, FileRequest):
                    check_request_limits(context, transaction, each.request)
