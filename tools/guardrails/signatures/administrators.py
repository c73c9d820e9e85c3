"""Decisions of administrators, judged by the trust root and the records kept beside them.

`operators.yaml` is not asked: who puts an older one back must not bring a revoked key back, nor
lock out again what was released.
"""

from collections.abc import Mapping
from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from handwheel.connectors.model.site import Site

from ...requests.canonical import canonical, parse_canonical
from ...requests.timestamps import parse_stamp
from ..identity.roster import Operator, Record, Roster, judge
from ..ledger.decisions import DecisionRecord, load_revocations, load_site_decisions
from ..ledger.journal_rows import has_hash
from ..ledger.latched_lockouts import load_lockouts
from ..ledger.store.database import Database
from .decisions import (
    Decision,
    DecisionRefused,
    Signed,
    lockout_subject,
    meaning_of_subject,
    parse_decision,
    verify,
)

_LONGEST_CHAIN = 16 * 1024
_RECORDS = TypeAdapter(list[Record])


def chain_of(operator: Operator) -> str:
    """Returns the records that lead from a person up to the trust root, to be kept."""
    return canonical([each.model_dump(by_alias=True) for each in operator.records])


def administrator_decision(
    signed: Signed, chain: str | None, site_id: str, trust_root: str
) -> tuple[Decision, Operator] | None:
    """Returns the decision of an administrator, or `None` if no administrator has signed it.

    Whether their key has been revoked is another question; see `kept_decision`.
    """
    signed_decision = kept_decision(signed, chain, site_id, trust_root)
    return signed_decision if signed_decision and signed_decision[1].is_administrator else None


@lru_cache(maxsize=1024)
def kept_decision(
    signed: Signed, chain: str | None, site_id: str, trust_root: str
) -> tuple[Decision, Operator] | None:
    """Returns what a person has decided, by the records that are kept beside it.

    `None` if they do not lead to the trust root, or the signature is not the person's. For one
    text that never changes; whether the key has been revoked is another question. The chain is that
    of `chain_of`.
    """
    if chain is None or len(chain) > _LONGEST_CHAIN:
        return None
    try:
        records = _RECORDS.validate_python(parse_canonical(chain))
        operators, _ = judge(records, site_id, trust_root)
        at = parse_stamp(parse_decision(signed.text).signed_at)
        return verify(signed, Roster(operators, (), ""), frozenset(), site_id, at)
    except (ValueError, ValidationError, DecisionRefused):
        return None


def revoked_keys(site: Site, database: Database) -> frozenset[str]:
    """Returns the ids of the keys that an administrator has revoked.

    A row that no administrator signed is passed over, and so is one by an administrator whose
    key was revoked before: a process that can write into the database must not be able to shut
    persons out.
    """
    return frozenset(revocations(site, database))


def revocations(site: Site, database: Database) -> dict[str, int]:
    """Returns the revoked keys, each with the number of the first decision that revokes it."""
    found: dict[str, int] = {}
    for each in load_revocations(database):
        if (signed_decision := _signed_decision(site, each)) is None:
            continue
        decision, operator = signed_decision
        is_in_office = found.keys().isdisjoint((operator.key_id, *operator.chain))
        if is_in_office and decision.verdict == "revoke-key":
            found.setdefault((decision.subject or "").removeprefix("key:"), each.number)
    return found


def locked_out(site: Site, database: Database) -> dict[str, int]:
    """Returns the scopes that are locked out, each with its generation.

    What was ever locked out is so still, unless an administrator's release of just that lockout
    stands in the ledger: that the table says so is not enough.
    """
    rows = load_lockouts(database)
    revoked = revocations(site, database) if rows else {}

    def is_released(scope: str, generation: int) -> bool:
        subject = lockout_subject(scope, generation)
        found = load_site_decisions(database, "release", subject)
        return any(_releases(site, database, revoked, each, subject) for each in found)

    return {
        each.scope: each.generation
        for each in rows
        if each.is_locked or not is_released(each.scope, each.generation)
    }


def _releases(
    site: Site,
    database: Database,
    revoked: Mapping[str, int],
    record: DecisionRecord,
    subject: str,
) -> bool:
    signed_decision = _signed_decision(site, record)
    if signed_decision is None:
        return False
    decision, operator = signed_decision
    said = (decision.verdict, decision.subject, decision.meaning)
    return (
        said == ("release", subject, meaning_of_subject("release", subject))
        # An earlier ledger of the site had a first lockout too, and its release is signed.
        and has_hash(database, decision.head)
        and was_valid(revoked, operator, record.number)
    )


def was_valid(revoked: Mapping[str, int], operator: Operator, number: int) -> bool:
    """Whether no key behind a decision was revoked before the decision was recorded.

    The revoked keys are those of `revocations`, the number is the decision's.
    """
    return all(revoked.get(key, number) >= number for key in (operator.key_id, *operator.chain))


def _signed_decision(site: Site, record: DecisionRecord) -> tuple[Decision, Operator] | None:
    signed = Signed(record.text, record.signature)
    return administrator_decision(signed, record.chain, site.id, site.trust_root)
