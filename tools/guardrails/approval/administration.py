"""Decisions of an administrator that revoke a key or release a lockout."""

from pathlib import Path

from handwheel.connectors.errors import os_reason

from ...errors import LedgerError, PermitRefused
from ...requests.timestamps import Instant
from ..interlocks.lockout_files import lockout_file
from ..ledger.latched_lockouts import SITE, release
from ..signatures.administrators import chain_of
from ..signatures.context import DecisionContext, insert_decision
from ..signatures.decisions import (
    DecisionRefused,
    Reason,
    Signed,
    check_about,
    lockout_subject,
)


def revoke_key(context: DecisionContext, signed: Signed, now: Instant) -> None:
    """Revokes a key, so that no decision that it signed counts from now on.

    Raises:
        GuardrailError: The decision is not valid; the journal records the reason.
        LedgerError: Nothing was recorded.
    """
    with context.refusals_recorded(signed, now):
        decision, operator = context.verified(signed, now)
        subject = decision.subject or ""
        if not subject.startswith("key:"):
            raise DecisionRefused(Reason.NOT_APPROVED)
        check_about(decision, "revoke-key", subject)
        if not operator.is_administrator:
            raise PermitRefused(f"{operator.person} is no administrator")
        with context.database.transaction(now) as transaction:
            insert_decision(transaction, None, decision, signed, None, chain_of(operator))


def release_lockout(
    context: DecisionContext, scope: str, generation: int, signed: Signed, now: Instant
) -> None:
    """Releases a lockout and removes its file. Earlier requests and approvals stay invalid.

    Raises:
        GuardrailError: The decision is not valid; the journal records the reason.
        LedgerError: Nothing was recorded, or the lockout was replaced by another.
    """
    subject = lockout_subject(scope, generation)
    with context.refusals_recorded(signed, now):
        decision, operator = context.verified(signed, now)
        check_about(decision, "release", subject)
        if not operator.is_administrator:
            raise PermitRefused(f"{operator.person} is no administrator")
        if not decision.attended and not context.policy.unattended:
            raise DecisionRefused(Reason.UNATTENDED)
        with context.database.transaction(now) as transaction:
            insert_decision(transaction, None, decision, signed, None, chain_of(operator))
            covered = None if scope == SITE else context.site.members_of(scope)
            release(transaction, scope, generation, covered)
            _remove(lockout_file(context.site.state, scope))  # a file that stays is latched again


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise LedgerError(f"{file}: {os_reason(error)}; nothing was released") from None
