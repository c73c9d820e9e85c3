"""Signs a person's decision, the only use of a private key."""

from dataclasses import dataclass
from datetime import timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ...errors import LedgerError
from ...requests.timestamps import Instant, parse_stamp, stamp
from ..identity.roster import Operator
from ..ledger.decisions import Signed
from ..ledger.store.database import Ledger
from .decisions import Decision, SubjectVerdict, meaning_of_subject, new_nonce, sign
from .statement import Statement

SUBJECT_VALID_S = 60.0
"""Validity of a decision about a subject other than a request, seconds."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A person with an open key."""

    operator: Operator
    private: Ed25519PrivateKey
    is_attended: bool  # whether the passphrase was typed at a terminal


def sign_statement(database: Ledger, signer: Signer, statement: Statement, now: Instant) -> Signed:
    """Returns the signed decision, with the ledger's head. An empty ledger raises `LedgerError`."""
    head = database.head()
    if head is None:
        raise LedgerError("the ledger has no rows, so nothing can be signed")
    signed_at = parse_stamp(stamp(now.wall))
    decision = Decision(
        schema="decision/1",
        site=database.site,
        digest=statement.digest,
        verdict=statement.verdict,
        meaning=statement.meaning,
        person=signer.operator.person,
        key_id=signer.operator.key_id,
        role=statement.role,
        nonce=new_nonce(),
        signed_at=stamp(signed_at),
        valid_until=stamp(signed_at + timedelta(seconds=statement.valid_s)),
        boot_id=now.boot_id,
        boot_ms=now.boot_ms,
        head=head.hash,
        attended=signer.is_attended,
        card=statement.card,
        subject=statement.subject,
        comment=statement.comment,
    )
    return sign(decision, signer.private)


def subject_statement(
    signer: Signer, verdict: SubjectVerdict, subject: str, card: str | None = None
) -> Statement:
    """Returns what a person says about a subject other than a request."""
    return Statement(
        verdict=verdict,
        meaning=meaning_of_subject(verdict, subject),
        role=min(signer.operator.roles),
        valid_s=SUBJECT_VALID_S,
        subject=subject,
        card=card,
    )
