"""Context in which decisions are judged, and the check that each passes first."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Self

from handwheel.connectors.model.site import Site, load_site

from ...errors import GuardrailError
from ...requests.timestamps import Instant, parse_stamp
from ..identity.roster import Operator, Roster, load_roster
from ..ledger.decisions import Signed, is_nonce_known
from ..ledger.store.database import Ledger, Transaction
from ..policy.policy import Policy
from .administrators import revoked_keys
from .decisions import Decision, DecisionRefused, Reason, parse_decision, verify


@dataclass(frozen=True, slots=True)
class DecisionContext:
    """Site, ledger, policy and roster at one moment."""

    site: Site
    database: Ledger  # the ledger
    policy: Policy
    roster: Roster

    def revoked_keys(self) -> frozenset[str]:
        """Returns the ids of the revoked keys."""
        return revoked_keys(self.database)

    def renewed(self) -> Self:
        """Returns this context with the people who are enrolled now.

        A site that was read before its first enrolment gets the trust root that this has written.
        A trust root that was read stays. A file that cannot be read raises `ConfigError`.
        """
        site = self.site
        if not site.trust_root:
            found = load_site(site.root)
            site = replace(site, trust_root=found.trust_root if found.id == site.id else "")
        return replace(self, site=site, roster=load_roster(site))

    @contextmanager
    def verified(self, signed: Signed, now: Instant) -> Generator[tuple[Decision, Operator]]:
        """Yields what was decided and by whom.

        The journal keeps every decision that came and did not count, here or inside, and why.

        Raises:
            DecisionRefused: It is not the valid signature of a person enrolled now, made now,
                on this boot, with this ledger's head in view.
        """
        try:
            yield self._verified(signed, now)
        except GuardrailError as refusal:
            person, subject = "", ""
            try:
                decision = parse_decision(signed.text)
                person, subject = decision.person, decision.digest or decision.subject or ""
            except DecisionRefused:
                pass
            with self.database.transaction(now) as transaction:
                transaction.record(
                    "decision.refused", subject, {"person": person, "reason": str(refusal)}
                )
            raise

    def _verified(self, signed: Signed, now: Instant) -> tuple[Decision, Operator]:
        decision, operator = verify(
            signed, self.roster, self.revoked_keys(), self.site.id, now.wall
        )
        since_s = now.since_s(decision.signed)
        if since_s is None:
            is_same = decision.boot_id == now.boot_id
            raise DecisionRefused(Reason.CLOCK_STEP if is_same else Reason.REBOOTED)
        if since_s < 0.0:
            raise DecisionRefused(Reason.FUTURE)
        if now.wall >= parse_stamp(decision.valid_until):
            raise DecisionRefused(Reason.EXPIRED)
        self.check_head(decision)
        if is_nonce_known(self.database, decision.nonce):
            raise DecisionRefused(Reason.SAME_NONCE)
        return decision, operator

    def check_head(self, decision: Decision) -> None:
        """Raises `DecisionRefused` if the head that a decision names is no row of this journal."""
        if self.database.seq_of(decision.head) is None:
            raise DecisionRefused(Reason.OTHER_LEDGER)

    def check_attended(self, decision: Decision) -> None:
        """Raises `DecisionRefused` for one that nobody typed for, where the policy forbids it."""
        if not decision.attended and not self.policy.unattended:
            raise DecisionRefused(Reason.UNATTENDED)


def insert_decision(
    transaction: Transaction,
    request_id: str | None,
    decision: Decision,
    signed: Signed,
    card: str | None,
    chain: str | None = None,
) -> None:
    """Records a decision. It never changes again, and none is taken a second time.

    Args:
        card: What was shown.
        chain: Who vouches for the person, where that must outlast `operators.yaml`.
    """
    body: dict[str, object] = signed.model_dump()
    if card is not None:
        body["card"] = card
    if chain is not None:
        body["chain"] = chain
    transaction.record("decision", request_id or decision.subject or "", body)
