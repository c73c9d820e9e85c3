"""The people of a site at their desk: each word of theirs is signed as the terminal signs it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import Site, load_site
from handwheel.connectors.model.values import Value
from handwheel.evaluation.trial.clock import SteppedClock
from handwheel.evaluation.trial.devices import MemoryDevices
from handwheel.evaluation.trial.people import People, Writes
from handwheel.evaluation.trial.site import in_memory_site
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger
from handwheel.tools.guardrails.identity.roster import Roster, load_roster
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.records import RequestRecord
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.policy.policy import Policy, load_policy
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    ActionVerdict,
    Decision,
    RequestVerdict,
    parse_decision,
    sign,
)
from handwheel.tools.guardrails.signatures.signing import Signer
from handwheel.tools.requests.canonical import canonical
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import ActionRequest

from ...sites import people
from .words import decide

__all__ = ["Desk", "Writes", "giving"]

T = TypeVar("T")


class Desk(People):
    """The terminals of a site, whose people type their passphrases.

    Args:
        site: From `make_site`.
        database: The ledger of the gate at whose site it is; `None` to open it.

    Attributes:
        keys: Whose key a person uses who was given another one.
    """

    def __init__(
        self,
        site: Site,
        clock: SteppedClock,
        plant: MemoryDevices,
        database: Database | None = None,
    ) -> None:
        database = database or GateLedger(site.state, site.id)
        context = DecisionContext(site, database, *_rules(site.root))
        super().__init__(context, plant, clock, {})
        self.site, self.database = site, database
        self.keys: dict[str, str] = {}

    @property
    def plant(self) -> MemoryDevices:
        return self.devices

    @plant.setter
    def plant(self, plant: MemoryDevices) -> None:
        self.devices = plant

    def request(
        self, writes: Writes, person: str = "gina", terms: Terms = NO_TERMS
    ) -> tuple[ActionRequest, Denial | None]:
        """Makes a request and says why the policy denies it, without filing it."""
        return self.make_request(writes, person, "a test asks", terms)

    def propose(
        self, *writes: tuple[str, Value], person: str = "gina", terms: Terms = NO_TERMS
    ) -> ActionRequest:
        return self.file_request(writes, person, "a test asks", terms)

    def file(
        self, request: ActionRequest, person: str = "gina", denial: Denial | None = None
    ) -> None:
        """Files what a person signs, whatever it says."""
        super().file(request, person, denial)

    def signed(
        self, verdict: RequestVerdict, request: ActionRequest, person: str, **changes: Any
    ) -> Signed:
        """A person's word, with something in it that no terminal would write."""
        statement = self.statement(verdict, request, person, self.card(request))
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

    def card_of(self, record: RequestRecord) -> str:
        return self.card(record.request)

    def outcome_of(self, record: RequestRecord, action_id: str) -> str:
        return self.outcome(record.request, action_id)

    def say(
        self,
        verdict: RequestVerdict,
        request: ActionRequest,
        person: str,
    ) -> RequestState:
        """A person's word on a request, as shown on a card."""
        card = self.card(request)
        statement = self.statement(verdict, request, person, card)
        return decide(self.decision_context, self.sign(person, statement), card, self.clock.now())

    def approve(self, request: ActionRequest, *persons: str) -> None:
        for person in persons or ("anna",):
            self.say("approve", request, person)

    def resolve(self, action_id: str, verdict: ActionVerdict, person: str = "anna") -> RequestState:
        return super().resolve(action_id, verdict, person)

    def release(self, scope: str) -> None:
        """The administrator takes the file away and signs."""
        lockout_file(self.site.state, scope).unlink(missing_ok=True)
        self.release_lockout(scope, "boss")

    def revoke_key(self, person: str, by: str = "boss") -> None:
        super().revoke_key(person, by)

    def states(self, request: ActionRequest) -> list[str]:
        return [str(each.state) for each in self.record(request.request_id).actions]

    def signer(self, person: str) -> Signer:
        """A person with their key open."""
        return Signer(self.operator(person), people.key_of(self._key(person)), True)

    def _key(self, person: str) -> str:
        return self.keys.get(person, person)


def giving(what: T) -> Callable[..., T]:
    """Returns what gives this, whatever it is asked."""

    def given(*_: object, **__: object) -> T:
        return what

    return given


@cache
def _rules(root: Path) -> tuple[Policy, Roster]:
    """A site's policy and people, read once however many ledgers it gets."""
    site = load_site(root)
    return load_policy(site).moved_to(in_memory_site(site).tags), load_roster(site)
