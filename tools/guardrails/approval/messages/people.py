"""Messages of people to the gate, each applied by the function that has the work to do.

A signature is needed for what needed one in that function. A message gives no right of its own.
"""

from collections.abc import Collection, Sequence
from typing import ClassVar, Literal, Self

from handwheel.connectors.denial import Denial

from ....requests.request import ActionRequest, Stamp, TupleOf
from ....requests.timestamps import Instant
from ...interlocks.authority import (
    TakenMode,
    check_equipment,
    end_maintenance,
    grant_authority,
    take_authority,
)
from ...interlocks.lockout_files import lockout_file, lockout_note
from ...ledger.authority import Authority
from ...ledger.latched_lockouts import SITE, latch, locked_scopes
from ...ledger.store.journal import JournalRow
from ...ledger.store.states import RequestState
from ...signatures.check_answers import CheckAnswer, record_answer
from ...signatures.context import DecisionContext
from ...signatures.decisions import Signed
from ...signatures.message import Message, SignedText
from ..administration import release_lockout, revoke_key
from ..decide import decide, propose
from ..run_orders import FreeOrder, SignedOrder, ask_run, order_run
from ..shift_handover import ShiftSummary, hand_over_shift
from ..start_orders import StartOrder, order_start


class Propose(Message):
    """Request of a person."""

    path: ClassVar[str] = "requests"
    request: ActionRequest
    signed: SignedText
    denial: str | None = None  # why the policy denies it, as the person's terminal has judged

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Files it, as `decide.propose`."""
        denial = Denial("policy", self.denial) if self.denial else None
        propose(context, self.request, self.signed.signed, denial, now)


class Decide(Message):
    """Decision of a person on a request, or on an outcome of it."""

    path: ClassVar[str] = "decisions"
    signed: SignedText
    card: str | None = None  # text that the person was shown

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it, as `decide.decide`."""
        decide(context, self.signed.signed, self.card, now)


class AskRun(Message):
    """Order to a run to hold or to stop, without a signature."""

    path: ClassVar[str] = "orders/unsigned"
    run_id: str
    order: FreeOrder
    person: str

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it, as `run_orders.ask_run`."""
        ask_run(context.database, self.run_id, self.order, self.person, now)


class OrderRun(Message):
    """Signed order to a run.

    Only the terminal knows the roles, from the run's playbook. The run judges them again when it
    takes the order up.
    """

    path: ClassVar[str] = "orders"
    run_id: str
    order: SignedOrder
    seq: int  # number of the run's newest row that the person saw
    roles: TupleOf[str]
    signed: SignedText

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it, as `run_orders.order_run`."""
        signed = self.signed.signed
        order_run(context, self.run_id, self.order, self.seq, self.roles, signed, now)


class OrderStart(Message):
    """Signed order that a playbook starts.

    Only the terminal knows the roles and the tags, from the playbook. The agents judge them again
    when they take the order up.
    """

    path: ClassVar[str] = "orders/start"
    case_id: str
    playbook: str
    digest: str  # SHA-256 of the playbook's file, hexadecimal
    given: dict[str, str]
    roles: TupleOf[str]  # roles that the person must hold
    tags: TupleOf[str]  # tags that the playbook may write
    signed: SignedText

    @classmethod
    def of(
        cls,
        site: str,
        order: StartOrder,
        needs: tuple[Collection[str], Collection[str]],
        signed: Signed,
    ) -> Self:
        """Returns the message of an order, with the playbook's roles and tags."""
        return cls(
            site=site,
            case_id=order.case_id,
            playbook=order.playbook,
            digest=order.digest,
            given=dict(order.given),
            roles=tuple(sorted(needs[0])),
            tags=tuple(sorted(needs[1])),
            signed=SignedText.of(signed),
        )

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it, as `start_orders.order_start`."""
        order = StartOrder(self.case_id, self.playbook, self.digest, self.given)
        order_start(context, order, self.signed.signed, (self.roles, self.tags), now)


class AnswerCheck(Message):
    """Answer of a person to a question of a case."""

    path: ClassVar[str] = "cases/answers"
    answer: CheckAnswer
    signed: SignedText

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it, as `check_answers.record_answer`."""
        record_answer(context, self.answer, self.signed.signed, now)


class TakeAuthority(Message):
    """Take-over of a piece of equipment, without a signature."""

    path: ClassVar[str] = "authority/take"
    equipment: str
    mode: TakenMode
    person: str
    by: Literal["seat", "user"] | None = None  # where the person's name comes from

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Takes it, as `authority.take_authority`."""
        site, database = context.site, context.database
        take_authority(database, site, self.equipment, self.mode, self.person, now, by=self.by)


class GrantAuthority(Message):
    """Signed grant of authority to agents."""

    path: ClassVar[str] = "authority/grant"
    equipment: str
    until: Stamp
    generation: int
    signed: SignedText

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Grants it, as `authority.grant_authority`."""
        signed = self.signed.signed
        grant_authority(context, self.equipment, self.until, self.generation, signed, now)


class EndMaintenance(Message):
    """Signed end of the maintenance of a piece of equipment."""

    path: ClassVar[str] = "authority/end-maintenance"
    equipment: str
    generation: int  # of the MAINTENANCE that the person ends
    taken_by: str  # who has taken it
    mode: TakenMode
    signed: SignedText

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Ends it, as `authority.end_maintenance`."""
        row = Authority(self.equipment, self.generation, "MAINTENANCE", self.taken_by, None)
        end_maintenance(context, row, self.mode, self.signed.signed, now)


class RevokeKey(Message):
    """Revocation of a key by an administrator."""

    path: ClassVar[str] = "operators"
    signed: SignedText

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Revokes it, as `administration.revoke_key`."""
        revoke_key(context, self.signed.signed, now)


class ReleaseLockout(Message):
    """Release of a lockout by an administrator."""

    path: ClassVar[str] = "lockouts/release"
    scope: str
    generation: int  # of the lockout that the person releases; the next one of a file alone
    signed: SignedText

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Releases it, as `administration.release_lockout`.

        A file that the gate has not read yet is latched before, since the ledger must contain what
        is released.
        """
        site, database = context.site, context.database
        check_equipment(site, self.scope)
        file = lockout_file(site.state, self.scope)
        if self.scope not in locked_scopes(database) and file.exists():
            covered = None if self.scope == SITE else site.members_of(self.scope)
            with database.under(""):  # else a refused release would count as done when sent again
                latch(database, self.scope, covered, now, lockout_note(file))
        release_lockout(context, self.scope, self.generation, self.signed.signed, now)


class HandOverShift(Message):
    """Hand-over of a shift, signed by both operators."""

    path: ClassVar[str] = "shifts"
    summary: ShiftSummary
    leaving: SignedText
    coming: SignedText

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it, as `shift_handover.hand_over_shift`."""
        hand_over_shift(context, self.summary, self.leaving.signed, self.coming.signed, now)


MESSAGES: tuple[type[Message], ...] = (
    Propose, Decide, AskRun, OrderRun, OrderStart, AnswerCheck, TakeAuthority, GrantAuthority,
    EndMaintenance, RevokeKey, ReleaseLockout, HandOverShift,
)  # fmt: skip
"""Every message of a person."""


def ended_by(rows: Sequence[JournalRow]) -> list[str]:
    """Returns the ids of the requests that rows of a take-over have ended."""
    kind = f"request.{RequestState.INVALIDATED}"
    return [each.fields["subject"] for each in rows if each.fields["kind"] == kind]
