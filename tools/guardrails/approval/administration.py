"""Decisions of an administrator that revoke a key or release a lockout."""

from pathlib import Path
from typing import ClassVar

from handwheel.connectors.errors import os_reason

from ...errors import LedgerError, PermitRefused
from ...requests.timestamps import Instant
from ..identity.roster import Operator
from ..interlocks.authority import check_equipment
from ..interlocks.lockout_files import lockout_file, lockout_note
from ..ledger.decisions import Signed
from ..ledger.latched_lockouts import SITE, latch, locked_scopes, release
from ..signatures.administrators import chain_of
from ..signatures.context import DecisionContext, insert_decision
from ..signatures.decisions import DecisionRefused, Reason, check_about, lockout_subject
from ..signatures.message import Message


class RevokeKey(Message):
    """Revocation of a key by an administrator. No decision that it signed counts from now on."""

    path: ClassVar[str] = "operators"
    signed: Signed

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Revokes it.

        Raises:
            GuardrailError: The decision is not valid; the journal records the reason.
            LedgerError: Nothing was recorded.
        """
        signed = self.signed
        with context.verified(signed, now) as (decision, operator):
            subject = decision.subject or ""
            if not subject.startswith("key:"):
                raise DecisionRefused(Reason.NOT_APPROVED)
            check_about(decision, "revoke-key", subject)
            _check_administrator(operator)
            with context.database.transaction(now) as transaction:
                insert_decision(transaction, None, decision, signed, None, chain_of(operator))


class ReleaseLockout(Message):
    """Release of a lockout by an administrator. Earlier requests and approvals stay invalid."""

    path: ClassVar[str] = "lockouts/release"
    scope: str
    generation: int  # of the lockout that the person releases; the next one of a file alone
    signed: Signed

    def apply(self, context: DecisionContext, now: Instant) -> None:
        """Releases it and removes its file.

        A file that the gate has not read yet is latched before, since the ledger must contain what
        is released.

        Raises:
            GuardrailError: The decision is not valid; the journal records the reason.
            LedgerError: Nothing was recorded, or the lockout was replaced by another.
        """
        site, database, signed = context.site, context.database, self.signed
        check_equipment(site, self.scope)
        file = lockout_file(site.state, self.scope)
        covered = None if self.scope == SITE else site.members_of(self.scope)
        if self.scope not in locked_scopes(database) and file.exists():
            with database.under(""):  # else a refused release would count as done when sent again
                latch(database, self.scope, covered, now, lockout_note(file))
        with context.verified(signed, now) as (decision, operator):
            check_about(decision, "release", lockout_subject(self.scope, self.generation))
            _check_administrator(operator)
            context.check_attended(decision)
            with database.transaction(now) as transaction:
                insert_decision(transaction, None, decision, signed, None, chain_of(operator))
                release(transaction, self.scope, self.generation, covered)
                _remove(file)  # one that stays is latched again


def _check_administrator(operator: Operator) -> None:
    if not operator.is_administrator:
        raise PermitRefused(f"{operator.person} is no administrator")


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        raise LedgerError(f"{file}: {os_reason(error)}; nothing was released") from None
