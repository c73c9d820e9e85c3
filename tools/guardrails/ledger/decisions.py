"""Decisions as the ledger keeps them. The gate has checked each before it was recorded."""

from dataclasses import dataclass

from handwheel.connectors.config.validation import Model

from .store.database import TableReader

_COLUMNS = "SELECT number, verdict, subject, text, signature, card, chain FROM decision"


class Signed(Model):
    """A decision's text and the Ed25519 signature over it. Nothing of it has been checked."""

    text: str
    signature: str  # 128 hexadecimal digits

    def __hash__(self) -> int:
        return hash((self.text, self.signature))


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision as it was recorded."""

    number: int
    verdict: str
    subject: str
    text: str
    signature: str
    card: str | None
    chain: str | None

    @property
    def signed(self) -> Signed:
        """Text and signature."""
        return Signed(text=self.text, signature=self.signature)


def load_decisions(reader: TableReader, request_id: str) -> list[DecisionRecord]:
    """Returns the decisions about a request, in order."""
    return _load(reader, "request_id = ?", request_id)


def load_revocations(reader: TableReader) -> list[DecisionRecord]:
    """Returns every decision that revokes a key."""
    return _load(reader, "verdict = 'revoke-key'")


def load_start_orders(reader: TableReader, playbook: str, digest: str) -> list[DecisionRecord]:
    """Returns every decision that a playbook's file starts, in order."""
    condition = "verdict = 'start-run' AND instr(subject, ':' || ? || ':' || ? || ':') > 0"
    return _load(reader, condition, playbook, digest)


def load_authority_grants(reader: TableReader, subject: str) -> list[DecisionRecord]:
    """Returns every decision that grants authority to agents, in order.

    The subject comes without the heartbeats that may be named behind it.
    """
    condition = (
        "verdict = 'grant-authority' "
        "AND (subject = ? OR substr(subject, 1, length(?) + 1) = ? || ':')"
    )
    return _load(reader, condition, subject, subject, subject)


def is_nonce_known(reader: TableReader, nonce: str) -> bool:
    """Whether a decision with this nonce is recorded."""
    return bool(reader.all("SELECT 1 FROM decision WHERE nonce = ?", nonce))


def newest_number(reader: TableReader) -> int:
    """Returns the number of the last decision, 0 if there is none."""
    return int(reader.all("SELECT coalesce(max(number), 0) FROM decision")[0][0])


def is_key_revoked_since(reader: TableReader, number: int) -> bool:
    """Whether a decision after this number says that it revokes a key."""
    question = "SELECT 1 FROM decision WHERE verdict = 'revoke-key' AND number > ?"
    return bool(reader.all(question, number))


def _load(reader: TableReader, condition: str, *values: object) -> list[DecisionRecord]:
    rows = reader.all(f"{_COLUMNS} WHERE {condition} ORDER BY number", *values)
    return [DecisionRecord(*row) for row in rows]
