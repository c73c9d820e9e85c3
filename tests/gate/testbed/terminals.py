"""The people of a site at their desk: each word of theirs is signed as the terminal signs it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import Value
from handwheel.hmi.people.signing import Signer, sign_statement
from handwheel.tools.guardrails.approval.administration import release_lockout, revoke_key
from handwheel.tools.guardrails.approval.build_request import (
    BuildContext,
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.decide import decide, propose
from handwheel.tools.guardrails.identity.roster import Operator, Roster, load_roster
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.latched_lockouts import locked_scopes, lockout_generations
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.policy.policy import Policy, load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    ActionVerdict,
    Decision,
    RequestVerdict,
    Signed,
    key_subject,
    lockout_subject,
    meaning_of,
    meaning_of_subject,
    parse_decision,
    sign,
)
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.canonical import canonical, digest
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import ActionRequest, Proposer

from ...plants.fault_injection import SteppedClock
from ...plants.in_memory import MemoryPlant
from ...sites import people

T = TypeVar("T")
Writes = Sequence[tuple[str, Value]]


class Desk:
    """The terminals of a site, with their own view of the ledger.

    Args:
        site: From `make_site`.

    Attributes:
        keys: Whose key a person uses who was given another one.
    """

    def __init__(self, site: Site, clock: SteppedClock, plant: MemoryPlant) -> None:
        self.site, self.clock, self.plant = site, clock, plant
        self.database = Database(site.state, site.id)
        self.decision_context = DecisionContext(site, self.database, *_rules(site.root))
        self.keys: dict[str, str] = {}
        self._build_context: BuildContext | None = None

    @property
    def context(self) -> BuildContext:
        """What requests are made with."""
        policy = self.decision_context.policy
        if self._build_context is None or self._build_context.policy is not policy:
            self._build_context = BuildContext(self.site, policy, cross_limits(self.site, policy))
        return self._build_context

    def request(
        self, writes: Writes, person: str = "gina", terms: Terms = NO_TERMS
    ) -> tuple[ActionRequest, Denial | None]:
        """Makes a request and says why the policy denies it, without context it."""
        context = self.context
        proposed = [ProposedWrite(self.site.tags[name], value) for name, value in writes]
        tags = tags_to_survey(context, proposed, terms)
        seen = self.plant.survey(tags, [each.tag for each in proposed])
        locks = lockout_generations(self.database, scopes(self.site, proposed))
        proposer = Proposer(kind="person", name=person, key_id=people.key_id(self._key(person)))
        now = self.clock.now()
        return make_request(context, proposed, seen, proposer, "a test asks", locks, now, terms)

    def propose(
        self, *writes: tuple[str, Value], person: str = "gina", terms: Terms = NO_TERMS
    ) -> ActionRequest:
        request, denial = self.request(writes, person, terms)
        self.file(request, person, denial)
        return request

    def file(
        self, request: ActionRequest, person: str = "gina", denial: Denial | None = None
    ) -> None:
        """Files what a person signs, whatever it says."""
        signed = self.sign(person, self._statement("propose", request, person))
        propose(self.decision_context, request, signed, denial, self.clock.now())

    def signed(
        self, verdict: RequestVerdict, request: ActionRequest, person: str, **changes: Any
    ) -> Signed:
        """A person's word, with something in it that no terminal would write."""
        card = self.card(request)
        statement = self._statement(verdict, request, person, digest("card", card))
        decision = parse_decision(self.sign(person, statement).text)
        said = decision.model_dump(by_alias=True, exclude_none=True)
        return sign(Decision.model_validate(said | changes), people.key_of(self._key(person)))

    @staticmethod
    def card(request: ActionRequest) -> str:
        """The text of a card of a request."""
        return canonical({"schema": "card/1", "request_digest": request.digest})

    @staticmethod
    def outcome(request: ActionRequest, action_id: str) -> str:
        """The text of what is known of an action, on which it is resolved."""
        said = {"request_digest": request.digest, "action_id": action_id}
        return canonical({"schema": "outcome/1", **said})

    def say(
        self,
        verdict: RequestVerdict,
        request: ActionRequest,
        person: str,
        terminal: Database | None = None,
    ) -> RequestState:
        """A person's word on a request, as shown on a card; at the desk or at a terminal."""
        card = self.card(request)
        statement = self._statement(verdict, request, person, digest("card", card))
        decision_context = replace(self.decision_context, database=terminal or self.database)
        return decide(decision_context, self.sign(person, statement), card, self.clock.now())

    def approve(self, request: ActionRequest, *persons: str) -> None:
        for person in persons or ("anna",):
            self.say("approve", request, person)

    def resolve(self, action_id: str, verdict: ActionVerdict, person: str = "anna") -> RequestState:
        record = self.record(action_id)
        card = self.outcome(record.request, action_id)
        statement = Statement(
            verdict, meaning_of_subject(verdict, action_id), self._role(person), 60.0,
            digest=record.digest, subject=action_id, card=digest("card", card),
        )  # fmt: skip
        return decide(self.decision_context, self.sign(person, statement), card, self.clock.now())

    def lock_out(self, scope: str) -> None:
        lockout_file(self.site.state, scope).touch()

    def release(self, scope: str) -> None:
        """The administrator takes the file away and signs."""
        generation = locked_scopes(self.database)[scope]
        lockout_file(self.site.state, scope).unlink(missing_ok=True)
        subject = lockout_subject(scope, generation)
        meaning = meaning_of_subject("release", subject)
        statement = Statement("release", meaning, "administrator", 60.0, subject=subject)
        signed = self.sign("boss", statement)
        release_lockout(self.decision_context, scope, generation, signed, self.clock.now())

    def revoke_key(self, person: str) -> None:
        subject = key_subject(people.key_id(self._key(person)))
        meaning = meaning_of_subject("revoke-key", subject)
        statement = Statement("revoke-key", meaning, "administrator", 60.0, subject=subject)
        revoke_key(self.decision_context, self.sign("boss", statement), self.clock.now())

    def record(self, name: str) -> RequestRecord:
        return load_request(self.database, name)

    def states(self, request: ActionRequest) -> list[str]:
        return [str(each.state) for each in self.record(request.request_id).actions]

    def _statement(
        self, verdict: RequestVerdict, request: ActionRequest, person: str, card: str | None = None
    ) -> Statement:
        role = self._role(person)
        meaning = meaning_of(verdict, request)
        return Statement(verdict, meaning, role, 1800.0, digest=request.digest, card=card)

    def _key(self, person: str) -> str:
        return self.keys.get(person, person)

    def _role(self, person: str) -> str:
        return min(self.operator(person).roles)

    def operator(self, person: str) -> Operator:
        operator = self.decision_context.roster.by_name(person, self.clock.now().wall)
        assert operator is not None
        return operator

    def signer(self, person: str) -> Signer:
        """A person with their key open."""
        return Signer(self.operator(person), people.key_of(self._key(person)), True)

    def sign(self, person: str, statement: Statement) -> Signed:
        return sign_statement(self.database, self.signer(person), statement, self.clock.now())


def giving(what: T) -> Callable[..., T]:
    """Returns what gives this, whatever it is asked."""

    def given(*_: object, **__: object) -> T:
        return what

    return given


@cache
def _rules(root: Path) -> tuple[Policy, Roster]:
    """A site's policy and people, read once however many ledgers it gets."""
    site = load_site(root)
    return load_policy(site), load_roster(site)
