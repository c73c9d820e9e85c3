"""Key holders of a stepped room, each with a key in memory."""

from collections.abc import Mapping

from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.identity.keys import PrivateKey, fingerprint
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import SubjectVerdict
from handwheel.tools.guardrails.signatures.signing import (
    Signer,
    sign_statement,
    subject_statement,
)
from handwheel.tools.guardrails.signatures.statement import Statement

from .clock import SteppedClock


class KeyHolders:
    """The people of a site with their private keys.

    Nobody types a passphrase, so each signature says that it is unattended. It counts only where
    the policy says `unattended: simulated`.

    Args:
        context: The site, its ledger as terminals open it, its policy and its people.
        keys: The private key of each person, by name, from `enrol`.
    """

    def __init__(
        self, context: DecisionContext, clock: SteppedClock, keys: Mapping[str, PrivateKey]
    ) -> None:
        self.decision_context = context
        self.clock = clock
        self._keys = keys

    def operator(self, person: str) -> Operator:
        """Returns a person who is enrolled now. Raises `InvalidArguments` for another."""
        operator = self.decision_context.roster.by_name(person, self.clock.now().wall)
        if operator is None:
            known = sorted(each.person for each in self.decision_context.roster.operators)
            raise InvalidArguments(f"{person} is not enrolled here; known: {', '.join(known)}")
        return operator

    def signer(self, person: str) -> Signer:
        """Returns a person with their key open. Raises `InvalidArguments` as `operator`."""
        return Signer(self.operator(person), self._keys[person], is_attended=False)

    def key_id(self, person: str) -> str:
        """Returns the fingerprint of a person's key. Raises `InvalidArguments` as `operator`."""
        return fingerprint(self.signer(person).private.public_key())

    def sign(self, person: str, statement: Statement) -> Signed:
        """Returns a statement, signed by a person now. Raises `LedgerError`."""
        now = self.clock.now()
        return sign_statement(self.decision_context.database, self.signer(person), statement, now)

    def sign_subject(self, verdict: SubjectVerdict, subject: str, person: str) -> Signed:
        """Returns a person's decision about something else than a request. See `sign`."""
        return self.sign(person, subject_statement(self.signer(person), verdict, subject))
