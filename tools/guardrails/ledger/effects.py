"""Effects that were expected of the process after a write, each with one verdict."""

from dataclasses import dataclass
from typing import Literal

from ...requests.request import ExpectedEffect, parse_request
from .store.database import LedgerReader, Transaction

EffectVerdict = Literal["CAME", "MISSED", "UNKNOWN"]

_WATCHED = (
    "SELECT action_id, text FROM request INDEXED BY request_watched JOIN action USING (request_id) "
    "WHERE request.state IN ('APPROVED', 'CLOSED', 'REVOKED', 'SUPERSEDED', 'INVALIDATED') "
    "AND has_effects = 1 AND action.state = 'VERIFIED' AND action.kind = 'command' "
    "AND (SELECT count(*) FROM effect WHERE action_id = action.action_id) < action.effects"
)
_NUMBERS = "SELECT number FROM effect WHERE action_id = ?"


@dataclass(frozen=True, slots=True)
class PendingEffect:
    """One expected effect without a verdict."""

    action_id: str
    number: int  # its place among those of its action, from 1
    expectation: ExpectedEffect


@dataclass(frozen=True, slots=True)
class Effect:
    """Verdict on an expected effect."""

    action_id: str
    number: int
    expected: str
    within_s: float
    observed: str  # the condition with the values that were seen, in words
    verdict: str


def pending_effects(reader: LedgerReader) -> list[PendingEffect]:
    """Returns the expectations that have no verdict yet, of the actions that were verified."""
    found: list[PendingEffect] = []
    for action_id, text in reader.all(_WATCHED):
        judged = {row[0] for row in reader.all(_NUMBERS, action_id)}
        found += [
            PendingEffect(action_id, number, each)
            for number, each in enumerate(_expected(text, action_id), start=1)
            if number not in judged
        ]
    return found


def record_effect(transaction: Transaction, effect: Effect, after_s: float | None) -> bool:
    """Records a verdict, and returns whether the table had none yet."""
    if any(row[0] == effect.number for row in transaction.all(_NUMBERS, effect.action_id)):
        return False
    record_verdict(transaction, effect, after_s)
    return True


def record_verdict(
    transaction: Transaction, effect: Effect, after_s: float | None, *, was_so: bool = False
) -> None:
    """Records a verdict.

    Args:
        after_s: The seconds since the action was verified; `None` if unknown.
        was_so: Whether it was seen to be true before the frame left.
    """
    verdict = effect.verdict
    body: dict[str, object] = {
        "number": effect.number,
        "expected": effect.expected,
        "within_s": effect.within_s,
        "observed": effect.observed,
    }
    if after_s is not None:
        body["after_s"] = after_s
    if was_so:
        body["was_so"] = True
    transaction.record(f"effect.{verdict}", effect.action_id, body)


def load_effects(reader: LedgerReader, request_id: str) -> list[Effect]:
    """Returns what came of the expectations of a request, in the order of its actions."""
    rows = reader.all(
        "SELECT action_id, number, expected, within_s, observed, verdict FROM effect "
        "JOIN action USING (action_id) WHERE request_id = ? ORDER BY position, number",
        request_id,
    )
    return [Effect(*row) for row in rows]


def not_come(reader: LedgerReader) -> list[tuple[str, str, str]]:
    """Returns action, verdict and condition of every effect that did not come."""
    rows = reader.all(
        "SELECT action_id, verdict, expected FROM effect WHERE verdict != 'CAME' ORDER BY rowid"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _expected(text: str, action_id: str) -> tuple[ExpectedEffect, ...]:
    commands = parse_request(text).commands
    return next((each.effects for each in commands if each.action_id == action_id), ())
