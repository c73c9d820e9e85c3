"""The operators' desk of a kill run: files, approves, rejects, resolves and releases.

It calls what the commands of the terminal call, with keys that are open already.
"""

import asyncio
from collections.abc import Sequence

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.values import Value
from handwheel.hmi.people.signing import Signer, find_person, open_context, sign_statement
from handwheel.hmi.requests.approve import sign_approval
from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.approval.administration import release_lockout
from handwheel.tools.guardrails.approval.build_request import (
    BuildContext,
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.decide import decide, propose
from handwheel.tools.guardrails.approval.outcome_card import found_after, make_outcome
from handwheel.tools.guardrails.approval.session import ApprovalSession
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR as ADMINISTRATORS
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.lockout_files import SITE
from handwheel.tools.guardrails.ledger.latched_lockouts import (
    latch,
    locked_scopes,
    lockout_generations,
)
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    ActionVerdict,
    VerdictName,
    lockout_subject,
    meaning_of,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import Proposer
from handwheel.tools.requests.timestamps import instant_now

from .site import ADMINISTRATOR, APPROVER, PROPOSER, ROLES, World

_VALID_S = 60.0


class Desk:
    """Three people with open keys at one site."""

    def __init__(self, world: World) -> None:
        self._site = load_site(world.site)
        roster = load_roster(self._site)
        self._signers: dict[str, Signer] = {}
        for person, role in ROLES.items():
            now, is_administrator = instant_now().wall, role == ADMINISTRATORS
            enrolled = find_person(self._site, roster, person, now, administrator=is_administrator)
            self._signers[person] = Signer(enrolled, world.key(person), is_attended=False)

    def propose(self, wanted: Sequence[tuple[str, Value]], terms: Terms = NO_TERMS) -> str:
        """Files a request of one write or several, signed by its proposer; returns its id."""
        signer = self._signers[PROPOSER]
        with open_context(self._site) as context:
            limits = cross_limits(self._site, context.policy)
            building = BuildContext(self._site, context.policy, limits)
            proposed = [ProposedWrite(self._site.tags[tag], value) for tag, value in wanted]
            read = tags_to_survey(building, proposed, terms)
            seen = asyncio.run(survey(self._site, read, [write.tag for write in proposed]))
            locks = lockout_generations(context.database, scopes(self._site, proposed))
            now, of = instant_now(), signer.operator
            proposer = Proposer(kind="person", name=of.person, key_id=of.key_id)
            request, denial = make_request(
                building, proposed, seen, proposer, "kill run", locks, now, terms
            )
            said = _said("propose", meaning_of("propose", request), digest=request.digest)
            signed = sign_statement(context.database, signer, said, now)
            propose(context, request, signed, denial, now)
        return request.request_id

    def approve(self, request_id: str) -> None:
        """Signs an approval as soon as the gate's picture shows the request's tags."""
        with open_context(self._site) as context:
            record = load_request(context.database, request_id)
            sign_approval(ApprovalSession.settled(context, record), self._signers[APPROVER])

    def reject(self, request_id: str) -> None:
        """Signs a rejection; no card is needed for a no."""
        with open_context(self._site) as context:
            request = load_request(context.database, request_id).request
            said = _said("reject", meaning_of("reject", request), digest=request.digest)
            try:
                self._decide(context, said, None)
            except PermitRefused:
                return  # it was over before anybody could say no

    def resolve(self, action_id: str, *, applied: bool) -> None:
        """Signs what became of an action whose outcome nobody knew."""
        with open_context(self._site) as context:
            record = load_request(context.database, action_id.partition("/")[0])
            found, now = found_after(context.database, action_id), instant_now()
            tags = context.site.tags
            known = make_outcome(record, action_id, found=found, tags=tags, snapshot=None, now=now)
            verdict: ActionVerdict = "resolve-applied" if applied else "resolve-not-applied"
            meaning = meaning_of_subject(verdict, action_id)
            signed = {"digest": record.digest, "subject": action_id, "card": known.digest}
            self._decide(context, _said(verdict, meaning, **signed), known.text)

    def release(self, scope: str) -> None:
        """Ends a lockout as `handwheel release` does: the file first, then the signed word."""
        with open_context(self._site) as context:
            if scope not in locked_scopes(context.database):  # no gate has seen the file yet
                covered = None if scope == SITE else self._site.members_of(scope)
                latch(context.database, scope, covered, instant_now())
            generation = locked_scopes(context.database)[scope]
            subject = lockout_subject(scope, generation)
            meaning, now = meaning_of_subject("release", subject), instant_now()
            said = _said("release", meaning, role=ADMINISTRATORS, subject=subject)
            signed = sign_statement(context.database, self._signers[ADMINISTRATOR], said, now)
            release_lockout(context, scope, generation, signed, now)

    def _decide(self, context: DecisionContext, said: Statement, card: str | None) -> None:
        now = instant_now()
        signed = sign_statement(context.database, self._signers[APPROVER], said, now)
        decide(context, signed, card, now)


def _said(
    verdict: VerdictName,
    meaning: str,
    *,
    role: str = "operator",
    digest: str | None = None,
    subject: str | None = None,
    card: str | None = None,
) -> Statement:
    return Statement(verdict, meaning, role, _VALID_S, digest, subject, card)
