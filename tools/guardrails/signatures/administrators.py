"""Decisions of administrators, verified by the trust root and the records kept beside them."""

from functools import lru_cache

from pydantic import TypeAdapter, ValidationError

from ...requests.canonical import canonical, parse_canonical
from ...requests.timestamps import parse_stamp
from ..identity.roster import Operator, Record, Roster, judge
from ..ledger.decisions import Signed, load_revocations
from ..ledger.store.database import TableReader
from .decisions import Decision, DecisionRefused, parse_decision, verify

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


def revoked_keys(reader: TableReader) -> frozenset[str]:
    """Returns the ids of the keys that an administrator has revoked."""
    subjects = (each.subject for each in load_revocations(reader))
    return frozenset(each.removeprefix("key:") for each in subjects)
