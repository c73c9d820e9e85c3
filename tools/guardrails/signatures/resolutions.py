"""Signed resolutions of writes whose outcome was unknown or wrong.

That a table says so is not enough: one SQL statement makes a table say so. A resolution is judged
as a release is, by the records kept beside it, and by the roles that the policy has now. What does
not count any more holds the equipment again, until a person signs anew.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from handwheel.connectors.model.site import Site

from ..ledger.actions import ActionRow, ever_unresolved
from ..ledger.decisions import DecisionRecord, load_site_decisions
from ..ledger.journal_rows import is_since_outcome
from ..ledger.records import ActionRecord, RequestDamaged, RequestRecord, load_exactly
from ..ledger.store.database import Database
from ..ledger.store.states import UNRESOLVED_ACTIONS, ActionState
from ..policy.policy import Policy
from .administrators import kept_decision, revocations, was_valid
from .decisions import ActionVerdict, Signed, VerdictName, meaning_of_subject, parse_decision
from .entitlement import is_unattended_allowed, may_resolve

RESOLUTIONS: Mapping[VerdictName, tuple[ActionVerdict, ActionState]] = {
    "resolve-applied": ("resolve-applied", ActionState.RESOLVED_APPLIED),
    "resolve-not-applied": ("resolve-not-applied", ActionState.RESOLVED_NOT_APPLIED),
}
"""The words that resolve an action, and where each brings it."""


VERDICT_OF: Mapping[ActionState, ActionVerdict] = {
    state: verdict for verdict, state in RESOLUTIONS.values()
}
"""Verdict that must be signed for each resolved state."""


@dataclass(frozen=True, slots=True)
class Unresolved:
    """An action of which no person has signed what became of it."""

    action_id: str
    state: str  # as the ledger's table has it, whatever it may be

    @property
    def words(self) -> str:
        """State as text."""
        if self.state in UNRESOLVED_ACTIONS:
            return f"{self.action_id} is {self.state}"
        return f"{self.action_id} is {self.state}, and no entitled person has signed that"


def unresolved_of(
    site: Site, database: Database, policy: Policy, equipment: str
) -> Unresolved | None:
    """Returns an unresolved write to a piece of equipment, or `None` if there is none."""
    rows = ever_unresolved(database, equipment=equipment)
    return next(_unresolved(site, database, policy, rows), None)


def unresolved_in(
    site: Site, database: Database, policy: Policy, record: RequestRecord
) -> list[ActionRecord]:
    """Returns the actions of a request whose outcome no person has resolved."""
    name = record.request.request_id
    rows = ever_unresolved(database, request_id=name)
    return [record.record(each.action_id) for each in _unresolved(site, database, policy, rows)]


def unsigned(site: Site, database: Database, policy: Policy) -> list[Unresolved]:
    """Returns what holds equipment although the ledger's table says that it is over."""
    found = all_unresolved(site, database, policy)
    return [each for each in found if each.state not in UNRESOLVED_ACTIONS]


def all_unresolved(site: Site, database: Database, policy: Policy) -> list[Unresolved]:
    """Returns every write of which no person has signed what became of it."""
    return list(_unresolved(site, database, policy, ever_unresolved(database)))


def _unresolved(
    site: Site, database: Database, policy: Policy, rows: Iterable[ActionRow]
) -> Iterator[Unresolved]:
    for action_id, request_id, state in rows:
        if state in UNRESOLVED_ACTIONS or not _is_resolved(
            site, database, policy, request_id, action_id
        ):
            yield Unresolved(action_id, state)


def _is_resolved(
    site: Site, database: Database, policy: Policy, request_id: str, action_id: str
) -> bool:
    found = [
        each
        for verdict in RESOLUTIONS
        for each in load_site_decisions(database, verdict, action_id)
    ]
    if not found:
        return False
    try:
        record = load_exactly(database, request_id)
    except RequestDamaged:
        return False
    revoked = revocations(site, database)
    return any(
        _counts(site, policy, record, action_id, each, revoked)
        and _has_seen_outcome(database, action_id, each)
        for each in found
    )


def _counts(
    site: Site,
    policy: Policy,
    record: RequestRecord,
    action_id: str,
    found: DecisionRecord,
    revoked: Mapping[str, int],
) -> bool:
    signed = Signed(found.text, found.signature)
    signed_decision = kept_decision(signed, found.chain, site.id, site.trust_root)
    if (
        signed_decision is None
        or not record.is_intact
        or not was_valid(revoked, signed_decision[1], found.number)
    ):
        return False
    decision, operator = signed_decision
    return (
        decision.verdict in RESOLUTIONS
        and (decision.digest, decision.subject) == (record.digest, action_id)
        and decision.meaning == meaning_of_resolution(decision.verdict, action_id)
        and may_resolve(site, policy, record.request, operator, policy.satisfied)
        and (decision.attended or is_unattended_allowed(policy, record.request))
    )


def _has_seen_outcome(database: Database, action_id: str, found: DecisionRecord) -> bool:
    """Whether a decision was signed in view of the outcome, and not before it."""
    return is_since_outcome(database, parse_decision(found.text).head, action_id)


def meaning_of_resolution(verdict: VerdictName, action_id: str) -> str:
    """Returns what a person says who resolves an action, in words."""
    return meaning_of_subject(RESOLUTIONS[verdict][0], action_id)
