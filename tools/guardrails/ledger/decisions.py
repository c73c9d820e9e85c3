"""Decisions as the ledger keeps them. Nothing of a row has been checked."""

from dataclasses import dataclass

from .store.database import LedgerReader, Transaction

_COLUMNS = "SELECT number, verdict, subject, text, signature, card, chain FROM decision"


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision as it was recorded. Nothing of it has been checked."""

    number: int
    verdict: str
    subject: str
    text: str
    signature: str
    card: str | None
    chain: str | None


def load_decisions(reader: LedgerReader, request_id: str) -> list[DecisionRecord]:
    """Returns the decisions about a request, in order."""
    return _load(reader, "request_id = ?", request_id)


def load_revocations(reader: LedgerReader) -> list[DecisionRecord]:
    """Returns every decision that revokes a key."""
    return _load(reader, "verdict = 'revoke-key'")


def load_site_decisions(reader: LedgerReader, verdict: str, subject: str) -> list[DecisionRecord]:
    """Returns the decisions about a lockout, a key or an action, in order."""
    return _load(reader, "verdict = ? AND subject = ?", verdict, subject)


def load_start_orders(reader: LedgerReader, playbook: str, digest: str) -> list[DecisionRecord]:
    """Returns every decision that a playbook's file starts, in order."""
    condition = "verdict = 'start-run' AND instr(subject, ':' || ? || ':' || ? || ':') > 0"
    return _load(reader, condition, playbook, digest)


def load_authority_grants(reader: LedgerReader, subject: str) -> list[DecisionRecord]:
    """Returns every decision that grants authority to agents, in order.

    The subject comes without the heartbeats that may be named behind it.
    """
    condition = (
        "verdict = 'grant-authority' "
        "AND (subject = ? OR substr(subject, 1, length(?) + 1) = ? || ':')"
    )
    return _load(reader, condition, subject, subject, subject)


def all_decisions(reader: LedgerReader) -> list[tuple[DecisionRecord, str]]:
    """Returns every decision with the request or the subject that it is about."""
    rows = reader.all(
        "SELECT number, verdict, subject, text, signature, card, chain, "
        "coalesce(request_id, subject) FROM decision"
    )
    return [(DecisionRecord(*row[:7]), row[7]) for row in rows]


def is_nonce_known(reader: LedgerReader, nonce: str) -> bool:
    """Whether a decision with this nonce is recorded."""
    return bool(reader.all("SELECT 1 FROM decision WHERE nonce = ?", nonce))


def newest_number(reader: LedgerReader) -> int:
    """Returns the number of the last decision, 0 if there is none."""
    return int(reader.all("SELECT coalesce(max(number), 0) FROM decision")[0][0])


def is_key_revoked_since(reader: LedgerReader, number: int) -> bool:
    """Whether a decision after this number says that it revokes a key."""
    question = "SELECT 1 FROM decision WHERE verdict = 'revoke-key' AND number > ?"
    return bool(reader.all(question, number))


def insert(
    transaction: Transaction, request_id: str | None, nonce: str, row: DecisionRecord
) -> None:
    """Inserts a decision. The ledger gives it the next number, and takes none a second time."""
    transaction.change(
        "INSERT INTO decision(request_id, verdict, subject, nonce, text, signature, card, chain) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (request_id, row.verdict, row.subject, nonce, row.text, row.signature, row.card, row.chain),
    )


def _load(reader: LedgerReader, condition: str, *values: object) -> list[DecisionRecord]:
    rows = reader.all(f"{_COLUMNS} WHERE {condition} ORDER BY number", *values)
    return [DecisionRecord(*row) for row in rows]
