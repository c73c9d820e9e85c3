"""Hand-over of a shift with a summary that both operators sign.

It changes no rights and nothing at the plant. The journal keeps the summary.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ...errors import PermitRefused
from ...requests.reasons import ReasonText
from ...requests.request import Stamp
from ...requests.signed_document import SignedDocument
from ...requests.timestamps import Instant
from ..identity.roster import Operator, Person
from ..ledger.decisions import Signed
from ..signatures.context import DecisionContext
from ..signatures.decisions import DecisionRefused, Reason, ShiftVerdict, check_about, shift_subject
from ..signatures.message import Message

HANDED_OVER = "shift.handed_over"
"""Kind of the journal row."""
PARTS: Mapping[str, ShiftVerdict] = {"ended": "end-shift", "taken": "take-shift"}
"""Keys of the row's two decisions, with the verdict of each."""


class Section(Model):
    """One section of the summary."""

    title: str
    lines: list[str]  # as shown, oldest first
    more: int = Field(default=0, ge=0)  # number of lines that were not shown


class ShiftSummary(SignedDocument):
    """Summary of the shift for the next operator."""

    schema_: Literal["shift/1"] = Field(default="shift/1", alias="schema")
    site: str
    at: Stamp
    since: Stamp  # start of the time that `sections` cover
    seq: int  # the journal's last row when it was made
    leaving: Person
    coming: Person
    sections: list[Section]
    note: ReasonText | None = None  # note of the leaving person

    @property
    def subject(self) -> str:
        """Subject of the two decisions."""
        return shift_subject(self.leaving, self.coming, self.seq)


class HandOverShift(Message):
    """Hand-over of a shift, signed by both operators."""

    path: ClassVar[str] = "shifts"
    summary: ShiftSummary
    leaving: Signed
    coming: Signed

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Records it in one row of the journal.

        Raises:
            GuardrailError: One of the decisions is not valid; the journal records the reason.
        """
        _check(context, self.summary, self.leaving, "end-shift", now)
        _check(context, self.summary, self.coming, "take-shift", now)
        body: dict[str, object] = {"card": self.summary.text}
        with context.database.transaction(now) as transaction:
            for part, signed in (("ended", self.leaving), ("taken", self.coming)):
                body[part] = signed.model_dump()
            transaction.record("shift.handed_over", self.summary.subject, body)


def check_shift(leaving: Operator, coming: Operator) -> None:
    """Raises `PermitRefused` for a hand-over to oneself, and from or to an administrator."""
    if leaving.person == coming.person or leaving.key_id == coming.key_id:
        raise PermitRefused("a shift is handed over to another person")
    for each in (leaving, coming):
        if each.is_administrator:
            raise PermitRefused(f"{each.person} is an administrator and has no shift")


def _check(
    context: DecisionContext,
    summary: ShiftSummary,
    signed: Signed,
    verdict: ShiftVerdict,
    now: Instant,
) -> None:
    with context.verified(signed, now) as (decision, operator):
        wanted = summary.leaving if verdict == "end-shift" else summary.coming
        check_about(decision, verdict, summary.subject)
        if operator.person != wanted:
            raise DecisionRefused(Reason.OTHER_PERSON)
        if decision.card != summary.digest:
            raise DecisionRefused(Reason.NO_CARD)
        if operator.is_administrator or summary.leaving == summary.coming:
            raise PermitRefused("a shift goes from one operator to another")
        context.check_attended(decision)
