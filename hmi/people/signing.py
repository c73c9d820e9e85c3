"""Signs a person's decision at this terminal, the only use of a private key."""

from collections.abc import Generator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments, LedgerError, PermitRefused
from handwheel.tools.guardrails.identity.keys import key_path
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR, Operator, Roster, load_roster
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
from handwheel.tools.requests.timestamps import Instant, instant_now, parse_stamp, stamp

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


def find_person(
    site: Site, roster: Roster, named: str | None, at: datetime, *, administrator: bool
) -> Operator:
    """Returns the named person, or the only one whose key is on this machine.

    Raises:
        PermitRefused: The named person is not enrolled.
        InvalidArguments: No person is named, and the machine has not exactly one key.
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
            raise PermitRefused(
                f"{named} is no {kind} of this site now; next: handwheel operator list"
            )
        return known[0]
    here = [each for each in known if key_path(site.id, each.person).exists()]
    if not known:
        raise InvalidArguments(
            f"no {kind} is enrolled; next: handwheel operator enroll NAME --role {kind}"
        )
    if len(here) != 1:
        names = ", ".join(each.person for each in known)
        raise InvalidArguments(f"name the {kind} who signs with --as; enrolled: {names}")
    return here[0]


def find_operator(context: DecisionContext, named: str | None) -> Operator:
    """Returns the operator who signs now, by `find_person`."""
    at = instant_now().wall
    return find_person(context.site, context.roster, named, at, administrator=False)


def find_administrator(context: DecisionContext, named: str | None) -> Operator:
    """Returns the administrator who signs now, by `find_person`."""
    at = instant_now().wall
    return find_person(context.site, context.roster, named, at, administrator=True)


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


def as_option(site: Site, roster: Roster, at: datetime, without: AbstractSet[str]) -> str:
    """Returns the option that names the next signer, if a command cannot find them alone.

    It is ` --as` with the only person not in `without`, or with `NAME`; empty with at most one key
    here.
    """
    here = {
        each.person
        for each in roster.operators
        if each.is_enrolled(at)
        and not each.is_administrator
        and key_path(site.id, each.person).exists()
    }
    if len(here) <= 1:
        return ""
    others = here - without
    return f" --as {others.pop() if len(others) == 1 else 'NAME'}"


def open_signer(site: Site, operator: Operator, passphrase_file: Path | None) -> Signer:
    """Returns a person with their open key."""
    from .private_key import open_key

    return Signer(operator, open_key(site, operator, passphrase_file), passphrase_file is None)
