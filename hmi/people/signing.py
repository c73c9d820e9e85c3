"""Signs a person's decision at this terminal, the only use of a private key."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.identity.roster import Operator, load_roster
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    Decision,
    Signed,
    SubjectVerdict,
    meaning_of_subject,
    new_nonce,
    sign,
)
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.timestamps import Instant, parse_stamp, stamp

from ..shell.terminal.cancellable_prompt import current_cancellation

_VALID_S = 60.0


@dataclass(frozen=True, slots=True)
class Signer:
    """A person with an open key."""

    operator: Operator
    private: Ed25519PrivateKey
    is_attended: bool  # whether the passphrase was typed at a terminal


def sign_statement(
    database: Database, signer: Signer, statement: Statement, now: Instant
) -> Signed:
    """Returns the signed decision, with the ledger's head. Raises `PromptCancelled`."""
    if (withdrawal := current_cancellation()) is not None:
        withdrawal.check()
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


@contextmanager
def open_context(site: Site) -> Generator[DecisionContext]:
    """Opens the ledger and reads the current policy and operators.

    Raises:
        ConfigError: One of the files is wrong.
        LedgerError: The ledger cannot be used.
    """
    policy, roster = load_policy(site), load_roster(site)
    with Database(site.state, site.id) as database:
        yield DecisionContext(site, database, policy, roster)


def sign_subject(
    context: DecisionContext,
    signer: Signer,
    verdict: SubjectVerdict,
    subject: str,
    now: Instant,
    *,
    card: str | None = None,
) -> Signed:
    """Returns a decision about a subject other than a request, valid for 60 s."""
    statement = Statement(
        verdict=verdict,
        meaning=meaning_of_subject(verdict, subject),
        role=min(signer.operator.roles),
        valid_s=_VALID_S,
        subject=subject,
        card=card,
    )
    return sign_statement(context.database, signer, statement, now)


def open_signer(site: Site, operator: Operator, passphrase_file: Path | None) -> Signer:
    """Returns a person with their open key."""
    from .private_key import open_key

    return Signer(operator, open_key(site, operator, passphrase_file), passphrase_file is None)
