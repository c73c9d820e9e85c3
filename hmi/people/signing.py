"""Signs a person's word at this terminal; the one place where a private key is used."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments, LedgerError, PermitRefused
from handwheel.tools.guardrails.approval.statement import Statement
from handwheel.tools.guardrails.identity.keys import key_path
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR, Operator, Roster, load_roster
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    Decision,
    Signed,
    new_nonce,
    sign,
)
from handwheel.tools.requests.stamps import Instant, parse_stamp, stamp

from ..shell.terminal.cancellable_prompt import current_withdrawal


@dataclass(frozen=True, slots=True)
class Signer:
    """A person with an open key.

    Attributes:
        is_attended: Whether somebody typed the passphrase at a terminal.
    """

    operator: Operator
    private: Ed25519PrivateKey
    is_attended: bool


def sign_statement(
    database: Database, signer: Signer, statement: Statement, now: Instant
) -> Signed:
    """Returns the signed decision, with the ledger's head in view.

    Raises:
        Withdrawn: The person was interrupted meanwhile; see `ask_in_thread`.
    """
    if (withdrawal := current_withdrawal()) is not None:
        withdrawal.check()
    head = database.head()
    if head is None:
        raise LedgerError("the ledger has no rows; it cannot be signed on")
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
def open_bench(site: Site) -> Generator[DecisionContext]:
    """Opens the ledger, and reads policy and people as they stand now.

    Raises:
        ConfigError: One of the files is wrong.
        LedgerError: The ledger cannot be used.
    """
    policy, roster = load_policy(site), load_roster(site)
    with Database(site.state, site.id) as database:
        yield DecisionContext(site, database, policy, roster)


def find_person(
    site: Site, roster: Roster, named: str | None, at: datetime, *, administrator: bool
) -> Operator:
    """Returns who is to sign: the person named, else the only one whose key is on this machine.

    Raises:
        PermitRefused: The person named is none.
        InvalidArguments: Nobody is named, and there is not just one.
    """
    known = [
        each
        for each in roster.operators
        if each.is_enrolled(at) and each.is_administrator == administrator
    ]
    kind = ADMINISTRATOR if administrator else "operator"
    if named is not None:
        known = [each for each in known if each.person == named]
        if not known:
            raise PermitRefused(f"{named} is no {kind} of this site now: handwheel operator list")
        return known[0]
    here = [each for each in known if key_path(site.id, each.person).exists()]
    if len(here) != 1:
        names = ", ".join(each.person for each in known) or "nobody"
        raise InvalidArguments(f"name the {kind} who signs with --as; enrolled: {names}")
    return here[0]


def open_signer(site: Site, operator: Operator, passphrase_file: Path | None) -> Signer:
    """Opens a person's key; see `own_key.open_key`."""
    from .private_key import open_key

    return Signer(operator, open_key(site, operator, passphrase_file), passphrase_file is None)
