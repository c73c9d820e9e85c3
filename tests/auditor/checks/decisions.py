"""Decisions as they were signed, and why one counts for nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .documents import NoDocument, digest, moment, parse
from .journal import Row
from .operators import Enrolment, is_signed


@dataclass(frozen=True)
class Decision:
    """A signed decision; one with a flaw counts for nothing."""

    seq: int
    verdict: str
    digest: str
    subject: str
    person: str
    key_id: str
    role: str
    nonce: str
    signed_at: datetime
    valid_until: datetime
    head: str
    by: Enrolment | None
    flaw: str

    @property
    def is_by_administrator(self) -> bool:
        return not self.flaw and self.by is not None and self.by.is_administrator


def decided(row: Row, people: Sequence[Enrolment], site: str) -> Decision:
    """Returns the decision of a row; raises `NoDocument` if it is none."""
    document: Mapping[str, Any] = parse(row.body["text"])
    if document["schema"] != "decision/1":
        raise NoDocument(f"its schema is {document['schema']}")
    key_id, person = document["key_id"], document["person"]
    signed_at = moment(document["signed_at"])
    records = [each for each in people if (each.key_id, each.person) == (key_id, person)]
    records.sort(key=lambda each: bool(_lateness(signed_at, each)))  # a key may be renewed
    by = records[0] if records else None
    return Decision(
        row.seq,
        document["verdict"],
        document.get("digest", ""),
        document.get("subject", ""),
        person,
        key_id,
        document["role"],
        document["nonce"],
        signed_at,
        moment(document["valid_until"]),
        document["head"],
        by,
        _flaw(row, document, by, site) or _lateness(signed_at, by),
    )


def _flaw(row: Row, document: Mapping[str, Any], by: Enrolment | None, site: str) -> str:
    if by is None:
        return "has no chain of enrolment to the root"
    if not is_signed(by.key, row.body["signature"], "decision", row.body["text"]):
        return "carries a wrong signature"
    if document["site"] != site:
        return "is for another site"
    if document["role"] not in by.roles:
        return f"claims a role that {by.person} does not have"
    card = row.body.get("card")
    if "card" in document and (card is None or digest("card", card) != document["card"]):
        return "was made on another card"
    return ""


def _lateness(signed_at: datetime, by: Enrolment | None) -> str:
    if by is None or by.start <= signed_at <= by.end:
        return ""
    return "was signed outside the time of its key"


def seen_heads_are_there(decision: Decision, hashes: Collection[str]) -> bool:
    """Whether the ledger head that the person saw is one of the rows before."""
    return bool(decision.flaw) or decision.head in hashes
