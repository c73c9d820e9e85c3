"""Orders to a run. Hold and stop need no key, every other one is signed."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from handwheel.connectors.config.validation import Model
from handwheel.connectors.hints import next_step

from ...errors import InvalidArguments, PermitRefused
from ...requests.request import TupleOf
from ...requests.timestamps import Instant
from ...safe_text import plain
from ..identity.roster import Operator
from ..ledger.actions import tags_of_run
from ..ledger.decisions import Signed
from ..ledger.journal_rows import has_field
from ..ledger.runs import ORDERED, is_run_open, newest_event
from ..ledger.store.database import Ledger, LedgerReader, Transaction
from ..ledger.store.journal import JournalRow
from ..signatures.context import DecisionContext, insert_decision
from ..signatures.decisions import (
    DecisionRefused,
    Reason,
    RunVerdict,
    check_about,
    parse_decision,
    run_subject,
    verify,
)
from ..signatures.entitlement import check_roles
from ..signatures.message import Message

SignedOrder = Literal["resume", "abort", "clear", "signoff"]
FreeOrder = Literal["hold", "stop"]
Order = Literal[FreeOrder, SignedOrder]

VERDICTS: Mapping[SignedOrder, RunVerdict] = {
    "resume": "resume-run", "abort": "abort-run", "clear": "clear-run", "signoff": "sign-off-run",
}  # fmt: skip
_FREE: frozenset[str] = frozenset({"hold", "stop"})
_LONGEST_NAME = 64


class _Body(Model):
    order: Order
    person: str
    seq: int | None = None
    text: str | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Order as the journal has it."""

    number: int  # of its row in the journal
    order: Order
    person: str
    seen: int | None  # the number of the run's newest row that the person saw; `None` if not signed
    signed: Signed | None  # `None` for hold and stop


class AskRun(Message):
    """Order to a run to hold or to stop, without a signature."""

    path: ClassVar[str] = "orders/unsigned"
    run_id: str
    order: FreeOrder
    person: str

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it.

        Raises:
            InvalidArguments: There is no such run.
            PermitRefused: The run is over.
        """
        name = plain(self.person, _LONGEST_NAME) or "somebody"
        with context.database.transaction(now) as transaction:
            _check_open(transaction, self.run_id)
            transaction.record("run.ordered", self.run_id, {"order": self.order, "person": name})


class OrderRun(Message):
    """Signed order to a run to resume, abort, clear an abort, or take a step as signed off.

    Only the terminal knows the roles, from the run's playbook. The run judges them again when it
    takes the order up. Only an abort counts on a run that has gone on since.
    """

    path: ClassVar[str] = "orders"
    run_id: str
    order: SignedOrder
    seq: int  # from `newest_event` when the person signed
    roles: TupleOf[str]  # roles that the person must hold
    signed: Signed

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it.

        Raises:
            InvalidArguments: There is no such run.
            GuardrailError: The decision is not valid, the run is over, or it has gone on since;
                the journal records the reason.
        """
        signed = self.signed
        with context.verified(signed, now) as (decision, operator):
            given = RunOrder(0, self.order, operator.person, self.seq, signed)
            _check_word(context, self.run_id, given, self.roles, operator)
            body: dict[str, object] = {
                "order": self.order, "person": operator.person, "seq": self.seq,
                **signed.model_dump(),
            }  # fmt: skip
            with context.database.transaction(now) as transaction:
                _check_open(transaction, self.run_id)
                _check_seen(transaction, self.run_id, given)
                insert_decision(transaction, None, decision, signed, None)
                transaction.record("run.ordered", self.run_id, body)


def load_orders(database: Ledger, run_id: str, after: int = 0) -> list[RunOrder]:
    """Returns the orders to a run after a row, oldest first."""
    return [_parsed(row.seq, row.text) for row in database.find_rows(run_id, ORDERED, after=after)]


def order_in(rows: Iterable[JournalRow]) -> RunOrder:
    """Returns the order that one of some rows records."""
    return next(_parsed(row.seq, row.text) for row in rows if row.fields["kind"] == ORDERED)


def check_order(
    context: DecisionContext, run_id: str, given: RunOrder, roles: Collection[str], now: Instant
) -> None:
    """Refuses a loaded order whose signature does not count any more, except hold and stop.

    A run checks each order once, when it takes it up: the person must be enrolled then, and the
    key not revoked.

    Args:
        roles: Roles that the person must hold.

    Raises:
        GuardrailError: The order is not valid.
        LedgerError: The ledger cannot be read.
    """
    if given.order in _FREE:
        return
    if given.signed is None or given.seen is None:
        raise PermitRefused(f"the order to {given.order} {run_id} is not signed")
    _, operator = verify(
        given.signed, context.roster, context.revoked_keys(), context.site.id, now.wall
    )
    _check_word(context, run_id, given, roles, operator)
    _check_seen(context.database, run_id, given)


def _check_word(
    context: DecisionContext,
    run_id: str,
    given: RunOrder,
    roles: Collection[str],
    operator: Operator,
) -> None:
    if given.signed is None or given.order == "hold" or given.order == "stop":
        raise DecisionRefused(Reason.NOT_APPROVED)
    decision = parse_decision(given.signed.text)
    check_about(decision, VERDICTS[given.order], run_subject(run_id, given.seen or 0))
    context.check_attended(decision)
    what, tags = f"to {given.order} {run_id}", tags_of_run(context.database, run_id)
    check_roles(context, operator, roles, what, tags)


def _check_open(transaction: Transaction, run_id: str) -> None:
    is_open = is_run_open(transaction, run_id)
    if is_open is None:
        raise InvalidArguments(
            f"{run_id!r} is no run of this site; {next_step('runs', 'list', '--all')}"
        )
    if not is_open:
        raise PermitRefused(f"{run_id} is over; {next_step('runs', 'show', run_id)}")


def _check_seen(ledger: LedgerReader, run_id: str, given: RunOrder) -> None:
    """Refuses an order to a run that has gone on since, and a repeated order.

    Else the order that ends one hold would end the next. An abort counts in any case.
    """
    before = given.number or None
    if given.order != "abort" and newest_event(ledger, run_id, before) != given.seen:
        raise PermitRefused(f"{run_id} has gone on since; {next_step('runs', 'show', run_id)}")
    text = given.signed.text if given.signed else ""
    if text and has_field(ledger, run_id, ORDERED, "text", text, before):
        raise DecisionRefused(Reason.SAME_NONCE)


def _parsed(number: int, text: str) -> RunOrder:
    body = _Body.model_validate(json.loads(text)["body"])
    signed = None
    if body.text and body.signature:
        signed = Signed(text=body.text, signature=body.signature)
    return RunOrder(number, body.order, body.person, body.seq, signed)
