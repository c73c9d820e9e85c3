"""Whether what was expected of the process after a write came, recorded exactly once."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from ...requests.request import Expectation, parse_request
from ...requests.stamps import Instant
from .database import Transaction
from .reverts import Reader

Verdict = Literal["CAME", "MISSED", "UNKNOWN"]

_WATCHED = (
    "SELECT action.action_id, request.text FROM request INDEXED BY request_watched "
    "JOIN action USING (request_id) WHERE request.state IN "
    "('APPROVED', 'CLOSED', 'REVOKED', 'SUPERSEDED', 'INVALIDATED') "
    """AND instr(text, '"effects":[{') > 0 AND action.state = 'VERIFIED' """
    "AND action.kind = 'command' AND EXISTS (SELECT 1 FROM journal WHERE subject = action_id "
    "AND journal.kind = 'action.VERIFIED') AND (SELECT count(*) FROM effect WHERE action_id = "
    "action.action_id) < CASE WHEN json_valid(text) THEN "
    "json_array_length(text, '$.commands[' || position || '].effects') END"
)
_RECENT = " AND sent_boot_id = ? AND sent_boot_ms >= ?"
_NUMBERS = "SELECT number FROM effect WHERE action_id = ?"


@dataclass(frozen=True, slots=True)
class Watched:
    """One expectation of which nobody knows yet whether it comes.

    Attributes:
        number: Its place among those of its action, from 1.
    """

    action_id: str
    number: int
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of an expectation.

    Attributes:
        observed: The condition with the values that were seen, in words.
    """

    action_id: str
    number: int
    expected: str
    within_s: float
    observed: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Promise:
    """What came of a promise of a playbook's step.

    Attributes:
        number: Its place among those of its step, from 1.
        observed: The condition with the values that were seen, in words.
        after_s: The seconds from the end of the step's writes; `None` if it was not kept.
    """

    number: int
    expected: str
    within_s: float
    observed: str
    verdict: Verdict
    after_s: float | None


def watched_effects(reader: Reader, since: Instant | None = None) -> list[Watched]:
    """Returns the expectations that have no verdict yet, of the actions that were verified.

    Args:
        since: Only of actions that were sent from this moment on; else of all.

    Raises:
        LedgerError: They cannot be read.
    """
    found: list[Watched] = []
    rows = (
        reader.all(_WATCHED)
        if since is None
        else reader.all(_WATCHED + _RECENT, since.boot_id, since.boot_ms)
    )
    for action_id, text in rows:
        judged = {row[0] for row in reader.all(_NUMBERS, action_id)}
        found += [
            Watched(action_id, number, each)
            for number, each in enumerate(_expected(text, action_id), start=1)
            if number not in judged
        ]
    return found


def record_effect(
    transaction: Transaction, effect: Effect, after_s: float | None, *, was_so: bool = False
) -> bool:
    """Records a verdict.

    Args:
        after_s: The seconds since the action was verified; `None` if nobody can tell.
        was_so: Whether it was seen to be true before the frame left.

    Returns:
        False if there is one already; nothing is recorded then.
    """
    found, verdict = transaction.all(_NUMBERS, effect.action_id), effect.verdict
    if any(row[0] == effect.number for row in found):
        return False
    transaction.change(
        "INSERT INTO effect(action_id, number, expected, within_s, observed, verdict) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (effect.action_id, effect.number, effect.expected, effect.within_s, effect.observed,
         effect.verdict),
    )  # fmt: skip
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
    return True


def load_effects(reader: Reader, request_id: str) -> list[Effect]:
    """Returns what came of the expectations of a request, in the order of its actions."""
    rows = reader.all(
        "SELECT action_id, number, expected, within_s, observed, verdict FROM effect "
        "JOIN action USING (action_id) WHERE request_id = ? ORDER BY position, number",
        request_id,
    )
    return [Effect(*row) for row in rows]


@lru_cache(maxsize=256)
def _expected(text: str, action_id: str) -> tuple[Expectation, ...]:
    try:
        request = parse_request(text)
    except ValueError:
        return ()  # damaged: nobody can tell what was expected
    return next((each.effects for each in request.commands if each.action_id == action_id), ())
