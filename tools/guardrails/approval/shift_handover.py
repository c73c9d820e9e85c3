"""A hand-over between shifts: what the next person was shown, signed by both.

It changes nobody's rights and nothing at the plant: it is kept so that it can be known who knew
what.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from handwheel.connectors.config.validation import Model

from ...errors import PermitRefused
from ...requests.reasons import ReasonText
from ...requests.request import Stamp
from ...requests.signed_document import SignedDocument
from ...requests.stamps import Instant
from ..identity.roster import Operator, Person
from ..signatures.context import DecisionContext, keep_decision
from ..signatures.decisions import (
    Decision,
    DecisionRefused,
    Reason,
    ShiftVerdict,
    Signed,
    meaning_of_subject,
    shift_subject,
)

HANDED_OVER = "shift.handed_over"
"""The kind of the journal's row."""
PARTS: Mapping[str, ShiftVerdict] = {"ended": "end-shift", "taken": "take-shift"}
"""The keys of the row's two decisions, and the verdict of each."""


class Section(Model):
    """One heading of the summary.

    Attributes:
        lines: As they are shown, the oldest first.
        more: How many lines were not shown.
    """

    title: str
    lines: list[str]
    more: int = Field(default=0, ge=0)


class ShiftSummary(SignedDocument):
    """What the next person must know, as both see it on one screen.

    Attributes:
        since: From when on `sections` tell of what was written.
        seq: The journal's last row when it was made.
        note: What the leaving person adds.
    """

    schema_: Literal["shift/1"] = Field(default="shift/1", alias="schema")
    site: str
    at: Stamp
    since: Stamp
    seq: int
    leaving: Person
    coming: Person
    sections: list[Section]
    note: ReasonText | None = None

    @property
    def subject(self) -> str:
        """What the decisions are about."""
        return shift_subject(self.leaving, self.coming, self.seq)


def hand_over_shift(
    context: DecisionContext, summary: ShiftSummary, leaving: Signed, coming: Signed, now: Instant
) -> None:
    """Records that one person has handed the shift over to another, in one row of the journal.

    Raises:
        GuardrailError: One of the decisions does not count; the journal keeps why.
        LedgerError: Nothing was recorded.
    """
    ended = _checked(context, summary, leaving, "end-shift", now)
    taken = _checked(context, summary, coming, "take-shift", now)
    body: dict[str, object] = {"card": summary.text}
    with context.database.transaction(now) as transaction:
        for part, decision, signed in (("ended", ended, leaving), ("taken", taken, coming)):
            keep_decision(transaction, None, decision, signed, summary.text)
            body[part] = {"text": signed.text, "signature": signed.signature_hex}
        transaction.record("shift.handed_over", summary.subject, body)


def check_shift(leaving: Operator, coming: Operator) -> None:
    """Refuses people between whom no shift can be handed over.

    Raises:
        PermitRefused: They are one, or one of them is an administrator.
    """
    if leaving.person == coming.person or leaving.key_id == coming.key_id:
        raise PermitRefused("a shift is handed over to somebody else")
    for each in (leaving, coming):
        if each.is_administrator:
            raise PermitRefused(f"{each.person} is an administrator and has no shift")


def _checked(
    context: DecisionContext,
    summary: ShiftSummary,
    signed: Signed,
    verdict: ShiftVerdict,
    now: Instant,
) -> Decision:
    with context.refusals_recorded(signed, now):
        decision, operator = context.verified(signed, now)
        wanted = summary.leaving if verdict == "end-shift" else summary.coming
        if decision.verdict != verdict or decision.subject != summary.subject:
            raise DecisionRefused(Reason.NOT_APPROVED)
        if decision.meaning != meaning_of_subject(verdict, summary.subject):
            raise DecisionRefused(Reason.OTHER_MEANING)
        if operator.person != wanted:
            raise DecisionRefused(Reason.OTHER_PERSON)
        if decision.card != summary.digest:
            raise DecisionRefused(Reason.NO_CARD)
        if operator.is_administrator or summary.leaving == summary.coming:
            raise PermitRefused("a shift goes from one operator to another")
        if not decision.attended and not context.policy.unattended:
            raise DecisionRefused(Reason.UNATTENDED)
    return decision
