"""Signed orders of people that a playbook starts. Each asks the agents, and approves nothing."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from handwheel.connectors.config.validation import Model

from ...errors import PermitRefused
from ...requests.request import TupleOf
from ...requests.timestamps import Instant, parse_stamp
from ..identity.roster import Operator
from ..ledger.decisions import Signed
from ..ledger.journal_rows import has_row, subjects_of
from ..ledger.store.database import Ledger
from ..signatures.context import DecisionContext, insert_decision
from ..signatures.decisions import (
    Decision,
    DecisionRefused,
    Reason,
    check_about,
    parse_decision,
    start_subject,
    verify,
)
from ..signatures.entitlement import check_roles
from ..signatures.message import Message

_KIND = "case.ordered"
_TAKEN = ("case.opened", "case.closed")


class _Body(Model):
    playbook: str
    digest: str
    given: dict[str, str]
    person: str
    text: str
    signature: str


@dataclass(frozen=True, slots=True)
class StartOrder:
    """Order that a playbook starts, under the id of its case."""

    case_id: str
    playbook: str
    digest: str  # SHA-256 of the playbook's file, hexadecimal
    given: Mapping[str, str]  # parameters that are not the default, as text
    person: str = ""
    signed: Signed | None = None

    @property
    def subject(self) -> str:
        """Subject of the decision that orders it."""
        return start_subject(self.case_id, self.playbook, self.digest, self.given)


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
    signed: Signed

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
            signed=signed,
        )

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it.

        Raises:
            GuardrailError: The decision is not valid; the journal records the reason.
        """
        order = StartOrder(self.case_id, self.playbook, self.digest, self.given)
        signed = self.signed
        with context.verified(signed, now) as (decision, operator):
            _check(context, order, signed)
            check_roles(context, operator, self.roles, f"to start {self.playbook}", self.tags)
            body: dict[str, object] = {
                "playbook": self.playbook, "digest": self.digest, "given": self.given,
                "person": operator.person, **signed.model_dump(),
            }  # fmt: skip
            with context.database.transaction(now) as transaction:
                insert_decision(transaction, None, decision, signed, None)
                transaction.record("case.ordered", self.case_id, body)


def load_start_order(database: Ledger, case_id: str) -> StartOrder | None:
    """Returns the order of a case, `None` if nobody has ordered it."""
    row = next(iter(database.find_rows(case_id, _KIND)), None)
    if row is None:
        return None
    body = _Body.model_validate(json.loads(row.text)["body"])
    signed = Signed(text=body.text, signature=body.signature)
    return StartOrder(case_id, body.playbook, body.digest, body.given, body.person, signed)


def open_start_orders(database: Ledger) -> list[str]:
    """Returns the cases that were ordered and neither opened nor closed yet, in their order."""
    return [each for each in subjects_of(database, _KIND) if not _is_taken(database, each)]


def _is_taken(database: Ledger, case_id: str) -> bool:
    return any(has_row(database, case_id, kind) for kind in _TAKEN)


def check_start(
    context: DecisionContext,
    order: StartOrder,
    needs: tuple[Collection[str], Collection[str]],
    now: Instant,
) -> None:
    """Refuses a loaded order whose signature does not count any more, or that is too old.

    Raises:
        GuardrailError: The order is not valid.
        LedgerError: The ledger cannot be read.
    """
    decision, operator = _verified(context, order, now)
    if now.wall >= parse_stamp(decision.valid_until):
        raise DecisionRefused(Reason.EXPIRED)
    check_roles(context, operator, needs[0], f"to start {order.playbook}", needs[1])


def check_signed(context: DecisionContext, order: StartOrder, now: Instant) -> Decision:
    """Returns the decision of a loaded order, also of one that was taken up long ago.

    Raises as `check_start`, but for its age and for what the playbook needs.
    """
    return _verified(context, order, now)[0]


def _verified(
    context: DecisionContext, order: StartOrder, now: Instant
) -> tuple[Decision, Operator]:
    if order.signed is None:
        raise PermitRefused("the order is not signed")
    found = verify(order.signed, context.roster, context.revoked_keys(), context.site.id, now.wall)
    _check(context, order, order.signed)
    return found


def _check(context: DecisionContext, order: StartOrder, signed: Signed) -> None:
    decision = parse_decision(signed.text)
    check_about(decision, "start-run", order.subject)
    context.check_attended(decision)
