"""Signed answers of people to questions of an open case. Each is evidence, and approves nothing."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ...errors import InvalidArguments, PermitRefused
from ...requests.reasons import ReasonText
from ...requests.signed_document import SignedDocument
from ...requests.timestamps import Instant
from ..identity.roster import Operator
from ..ledger.decisions import Signed
from ..ledger.journal_rows import has_row
from ..ledger.store.database import Ledger, LedgerReader
from .context import DecisionContext, insert_decision
from .decisions import Decision, DecisionRefused, Reason, answer_subject, check_about, verify
from .entitlement import check_roles
from .message import Message

ANSWERED = "case.answered"
"""Kind of the journal row."""


class CheckAnswer(SignedDocument):
    """Question to a person, with the answer. It is shown, and signed as the card."""

    schema_: Literal["answer/1"] = Field(default="answer/1", alias="schema")
    site: str
    case_id: str
    check: str
    equipment: str = ""  # piece that the question is about; empty if it is the only one
    question: str
    role: str  # role of whoever answers it
    answer: str
    note: ReasonText | None = None

    @property
    def subject(self) -> str:
        """Subject of the decision that answers it."""
        return answer_subject(self.case_id, self.check, self.equipment, self.answer)


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """Answer as the journal has it."""

    number: int  # of its row
    answer: CheckAnswer
    signed: Signed


class _Body(Model):
    card: str
    person: str
    text: str
    signature: str


class AnswerCheck(Message):
    """Answer of a person to a question of an open case."""

    path: ClassVar[str] = "cases/answers"
    answer: CheckAnswer
    signed: Signed

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it.

        Raises:
            GuardrailError: The decision is not valid, or the case is over; the journal records
                why.
        """
        answer, signed = self.answer, self.signed
        with context.verified(signed, now) as (decision, operator):
            _check(context, answer, decision, operator)
            body: dict[str, object] = {
                "card": answer.text, "person": operator.person, **signed.model_dump(),
            }  # fmt: skip
            with context.database.transaction(now) as transaction:
                check_case_open(transaction, answer.case_id)
                insert_decision(transaction, None, decision, signed, answer.text)
                transaction.record("case.answered", answer.case_id, body)


def load_answers(database: Ledger, case_id: str) -> Iterator[GivenAnswer]:
    """Yields the answers of a case, the oldest first."""
    for row in database.find_rows(case_id, ANSWERED):
        body = _Body.model_validate(json.loads(row.text)["body"])
        answer = CheckAnswer.model_validate(json.loads(body.card))
        yield GivenAnswer(row.seq, answer, Signed(text=body.text, signature=body.signature))


def check_answer(
    context: DecisionContext, case_id: str, given: GivenAnswer, now: Instant
) -> tuple[CheckAnswer, Decision]:
    """Returns a loaded answer with its decision, if it still counts for this case.

    Raises:
        GuardrailError: It is not valid.
        LedgerError: The ledger cannot be read.
    """
    revoked = context.revoked_keys()
    decision, operator = verify(given.signed, context.roster, revoked, context.site.id, now.wall)
    _check(context, given.answer, decision, operator)
    if given.answer.case_id != case_id:
        raise PermitRefused(f"it answers a question of {given.answer.case_id}")
    return given.answer, decision


def check_answerer(
    context: DecisionContext, check: str, equipment: str, role: str, operator: Operator
) -> None:
    """Raises `PermitRefused` for a person who may not answer a question.

    A role that is bound to areas counts for a question about equipment in them.
    """
    tags = [each.name for each in context.site.tags.values() if each.equipment == equipment]
    check_roles(context, operator, [role], f"to answer {check}", tags if equipment else None)


def _check(
    context: DecisionContext, answer: CheckAnswer, decision: Decision, operator: Operator
) -> None:
    check_about(decision, "answer-check", answer.subject)
    if answer.site != context.site.id:
        raise DecisionRefused(Reason.OTHER_SITE)
    if decision.card != answer.digest:
        raise DecisionRefused(Reason.NO_CARD)
    context.check_attended(decision)
    check_answerer(context, answer.check, answer.equipment, answer.role, operator)


def check_case_open(reader: LedgerReader, case_id: str) -> None:
    """Raises `PermitRefused` for a case that is over, `InvalidArguments` if there is none."""
    if not has_row(reader, case_id, "case.opened"):
        raise InvalidArguments(f"{case_id!r} is no case of this site")
    if has_row(reader, case_id, "case.closed"):
        raise PermitRefused(f"{case_id} is over")
