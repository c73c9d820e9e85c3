"""An administrator's word: a key is taken back, a lockout released."""

from ..errors import PermitRefused
from ..requests.stamps import Instant
from .bench import Bench, insert_decision
from .decisions import DecisionRefused, Reason, Signed, meaning_of_subject
from .ledger.stops import SITE, release


def key_subject(key_id: str) -> str:
    """Returns what a decision that takes a key back is about."""
    return f"key:{key_id}"


def lockout_subject(scope: str, generation: int) -> str:
    """Returns what a decision that releases a lockout is about: this one, and no later one."""
    return f"lockout:{scope}:{generation}"


def revoke_key(bench: Bench, signed: Signed, now: Instant) -> None:
    """Takes a key back: from now on nothing that it signed counts.

    Raises:
        GuardrailError: The decision does not count; the journal keeps why.
        LedgerError: Nothing was recorded.
    """
    with bench.refusals_recorded(signed, now):
        decision, operator = bench.verified(signed, now)
        if decision.verdict != "revoke-key" or not (decision.subject or "").startswith("key:"):
            raise DecisionRefused(Reason.NOT_APPROVED)
        if decision.meaning != meaning_of_subject("revoke-key", decision.subject or ""):
            raise DecisionRefused(Reason.OTHER_MEANING)
        if not operator.is_administrator:
            raise PermitRefused(f"{operator.person} is no administrator")
        with bench.database.transaction(now) as transaction:
            insert_decision(transaction, None, decision, signed, None)


def release_lockout(
    bench: Bench, scope: str, generation: int, signed: Signed, now: Instant
) -> None:
    """Releases a lockout. Requests and approvals from before it stay dead.

    Raises:
        GuardrailError: The decision does not count; the journal keeps why.
        LedgerError: Nothing was recorded, or the lockout is another one by now.
    """
    subject = lockout_subject(scope, generation)
    with bench.refusals_recorded(signed, now):
        decision, operator = bench.verified(signed, now)
        if decision.verdict != "release" or decision.subject != subject:
            raise DecisionRefused(Reason.NOT_APPROVED)
        if decision.meaning != meaning_of_subject("release", subject):
            raise DecisionRefused(Reason.OTHER_MEANING)
        if not operator.is_administrator:
            raise PermitRefused(f"{operator.person} is no administrator")
        with bench.database.transaction(now) as transaction:
            insert_decision(transaction, None, decision, signed, None)
            covered = None if scope == SITE else bench.site.members_of(scope)
            release(transaction, scope, generation, covered)
