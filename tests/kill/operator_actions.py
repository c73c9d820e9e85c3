"""The operators' desk of a kill run: files, approves, resolves and hands over.

It calls what the commands of the terminal call, with keys that are open already.
"""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

from handwheel.connectors.client.site_reader import survey
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import Value
from handwheel.hmi.people.signing import Signer, find_person, sign_statement
from handwheel.hmi.requests.approve import sign_approval
from handwheel.tools.guardrails.approval.build_request import (
    BuildContext,
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.cards.outcome_card import (
    Outcome,
    found_after,
    make_outcome,
)
from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.propose import Propose
from handwheel.tools.guardrails.approval.run_orders import VERDICTS, OrderRun, SignedOrder
from handwheel.tools.guardrails.approval.session import ApprovalSession
from handwheel.tools.guardrails.client import connect
from handwheel.tools.guardrails.identity.roster import ADMINISTRATOR as ADMINISTRATORS
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.interlocks.authority import GrantAuthority, next_generation
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.ledger.runs import newest_event
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    ActionVerdict,
    SubjectVerdict,
    authority_subject,
    meaning_of,
    meaning_of_subject,
    run_subject,
)
from handwheel.tools.guardrails.signatures.message import submit
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.timestamps import instant_now, stamp

from .site import APPROVER, PROPOSER, ROLES, World

PUMPS = "PUMPS-101"
_VALID_S = 60.0
_LASTS = timedelta(hours=2)


class Desk:
    """Three people with open keys at one site, who speak to its gate for a look at a time."""

    def __init__(self, world: World) -> None:
        self.site: Site = load_site(world.site)
        self._policy, self._roster = load_policy(self.site), load_roster(self.site)
        self.signers: dict[str, Signer] = {}
        for person, role in ROLES.items():
            now, is_administrator = instant_now().wall, role == ADMINISTRATORS
            enrolled = find_person(
                self.site, self._roster, person, now, administrator=is_administrator
            )
            self.signers[person] = Signer(enrolled, world.key(person), is_attended=False)

    @contextmanager
    def opened(self) -> Generator[DecisionContext]:
        """Opens the gate's ledger, with the policy and the people as they were at first."""
        with self.connected() as database:
            yield DecisionContext(self.site, database, self._policy, self._roster)

    def connected(self) -> AbstractContextManager[Ledger]:
        """Opens the gate's ledger as the commands do."""
        return connect.open_ledger(self.site)

    def propose(self, wanted: Sequence[tuple[str, Value]], terms: Terms = NO_TERMS) -> str:
        """Files a request of one write or several, signed by its proposer; returns its id."""
        signer = self.signers[PROPOSER]
        with self.opened() as context:
            limits = cross_limits(self.site, context.policy)
            building = BuildContext(self.site, context.policy, limits)
            proposed = [ProposedWrite(self.site.tags[tag], value) for tag, value in wanted]
            read = tags_to_survey(building, proposed, terms)
            seen = asyncio.run(survey(self.site, read, [write.tag for write in proposed]))
            locks = lockout_generations(context.database, scopes(self.site, proposed))
            now, of = instant_now(), signer.operator
            proposer = Proposer(kind="person", name=of.person, key_id=of.key_id)
            request, denial = make_request(
                building, proposed, seen, proposer, "kill run", locks, now, terms
            )
            meaning = meaning_of("propose", request)
            said = Statement("propose", meaning, "operator", _VALID_S, request.digest)
            signed = sign_statement(context.database, signer, said, now)
            assert denial is None
            submit(context, Propose(site=self.site.id, request=request, signed=signed), now)
        return request.request_id

    def approve(self, request_id: str) -> None:
        """Signs an approval as soon as the gate's picture shows the request's tags."""
        with self.opened() as context:
            record = load_request(context.database, request_id)
            sign_approval(ApprovalSession.settled(context, record), self.signers[APPROVER])

    def known_of(self, action_id: str) -> Outcome:
        """Returns what a person sees who is to say what became of a write."""
        with self.opened() as context:
            record = load_request(context.database, action_id.partition("/")[0])
            found, now = found_after(context.database, action_id), instant_now()
            tags, snapshot = context.site.tags, read_snapshot(context.database)
            return make_outcome(
                record, action_id, found=found, tags=tags, snapshot=snapshot, now=now
            )

    def resolve(self, known: Outcome, *, applied: bool) -> None:
        """Signs what became of a write whose outcome nobody knew."""
        verdict: ActionVerdict = "resolve-applied" if applied else "resolve-not-applied"
        said = Statement(
            verdict, meaning_of_subject(verdict, known.action_id), "operator", _VALID_S,
            known.request_digest, known.action_id, known.digest,
        )  # fmt: skip
        with self.opened() as context:
            now = instant_now()
            signed = sign_statement(context.database, self.signers[APPROVER], said, now)
            submit(context, Decide(site=self.site.id, signed=signed, card=known.text), now)

    def hand_over(self) -> None:
        """Lets agents act on the pumps, signed."""
        with self.opened() as context:
            now, until = instant_now(), stamp(instant_now().wall + _LASTS)
            generation = next_generation(context.database, PUMPS)
            said = said_of("grant-authority", authority_subject(PUMPS, generation, until))
            signed = sign_statement(context.database, self.signers[PROPOSER], said, now)
            message = GrantAuthority(
                site=self.site.id, equipment=PUMPS, until=until, generation=generation,
                signed=signed,
            )  # fmt: skip
            submit(context, message, now)

    def order(self, run_id: str, order: SignedOrder) -> None:
        """Tells a run to go on, to take back, or that it was looked at; signed."""
        with self.opened() as context:
            now, seen = instant_now(), newest_event(context.database, run_id)
            said = said_of(VERDICTS[order], run_subject(run_id, seen))
            signed = sign_statement(context.database, self.signers[APPROVER], said, now)
            message = OrderRun(
                site=self.site.id, run_id=run_id, order=order, seq=seen, roles=("operator",),
                signed=signed,
            )  # fmt: skip
            submit(context, message, now)

    def rows(self) -> list[dict[str, Any]]:
        """Returns the journal."""
        with self.opened() as context:
            return [dict(row.fields) for row in context.database.journal()]


def said_of(verdict: SubjectVerdict, subject: str) -> Statement:
    meaning = meaning_of_subject(verdict, subject)
    return Statement(verdict, meaning, "operator", _VALID_S, subject=subject)
