"""The people of a stepped room, with keys in memory instead of terminals."""

from collections.abc import Mapping, Sequence

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.values import Value
from handwheel.tools.guardrails.approval.build_request import (
    BuildContext,
    ProposedWrite,
    make_request,
    scopes,
    tags_to_survey,
)
from handwheel.tools.guardrails.approval.cards.outcome_card import found_after, make_outcome
from handwheel.tools.guardrails.approval.decide import Decide
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.propose import Propose
from handwheel.tools.guardrails.approval.session import check_approvable, current_card, role_for
from handwheel.tools.guardrails.identity.keys import PrivateKey
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import (
    ActionVerdict,
    RequestVerdict,
    meaning_of,
    meaning_of_subject,
)
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.canonical import digest
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.proposer import Proposer
from handwheel.tools.requests.request import ActionRequest

from .clock import SteppedClock
from .devices import MemoryDevices
from .orders import Orders

Writes = Sequence[tuple[str, Value]]
"""Tags to be written, each with its value."""


class People(Orders):
    """The people of a site at their terminals, with their own view of the ledger.

    Args:
        context: As for `KeyHolders`, and the keys too.
    """

    def __init__(
        self,
        context: DecisionContext,
        devices: MemoryDevices,
        clock: SteppedClock,
        keys: Mapping[str, PrivateKey],
    ) -> None:
        super().__init__(context, clock, keys)
        self.devices = devices
        self._build_context: BuildContext | None = None

    @property
    def context(self) -> BuildContext:
        """Site and policy from which requests are made."""
        site, policy = self.decision_context.site, self.decision_context.policy
        if self._build_context is None or self._build_context.policy is not policy:
            self._build_context = BuildContext(site, policy, cross_limits(site, policy))
        return self._build_context

    def make_request(
        self, writes: Writes, person: str, reason: str, terms: Terms = NO_TERMS
    ) -> tuple[ActionRequest, Denial | None]:
        """Makes a person's request of writes on fresh readings, and files nothing.

        Returns:
            The request, and why the policy denies it.

        Raises:
            ConfigError: The site does not have a tag.
            GuardrailError: A write is not possible here, or a tag has no good reading.
            NotConnected: A device cannot be reached.
        """
        context, database = self.context, self.decision_context.database
        tags = context.site.find_tags(name for name, _ in writes)
        values = (value for _, value in writes)
        proposed = [ProposedWrite(*each) for each in zip(tags, values, strict=True)]
        seen = self.devices.survey(tags_to_survey(context, proposed, terms), tags)
        locks = lockout_generations(database, scopes(context.site, proposed))
        proposer = Proposer(kind="person", name=person, key_id=self.key_id(person))
        now = self.clock.now()
        return make_request(context, proposed, seen, proposer, reason, locks, now, terms)

    def file_request(
        self, writes: Writes, person: str, reason: str, terms: Terms = NO_TERMS
    ) -> ActionRequest:
        """Makes a person's request and files it, signed. Raises as `make_request` and `propose`."""
        request, denial = self.make_request(writes, person, reason, terms)
        self.file(request, person, denial)
        return request

    def file(self, request: ActionRequest, person: str, denial: Denial | None = None) -> None:
        """Files a request, signed by a person. Raises `GuardrailError` as `propose`."""
        signed = self.sign(person, self.statement("propose", request, person))
        message = Propose(
            site=self._site_id,
            request=request,
            signed=signed,
            denial=denial.reason if denial else None,
        )
        self._submit_message(message)

    def decide(
        self, verdict: RequestVerdict, request_id: str, person: str, comment: str | None = None
    ) -> RequestState:
        """Records a person's decision on a request. An approval is given on the request's card.

        Returns:
            The new state of the request.

        Raises:
            GuardrailError: The card shows a problem, the decision does not count, or no gate is
                running whose readings a card could show.
            LedgerError: Nothing was recorded.
        """
        record = self.record(request_id)
        card = self.card_of(record) if verdict == "approve" else None
        statement = self.statement(verdict, record.request, person, card, comment)
        return self._say(request_id, self.sign(person, statement), card)

    def approve(self, request: ActionRequest, *persons: str) -> None:
        """Has some people approve a request on its card, one after the other. See `decide`."""
        for each in persons:
            self.decide("approve", request.request_id, each)

    def resolve(self, action_id: str, verdict: ActionVerdict, person: str) -> RequestState:
        """Records a person's finding about an action whose outcome is unknown. See `decide`."""
        record = self.record(action_id)
        request, card = record.request, self.outcome_of(record, action_id)
        statement = Statement(
            verdict, meaning_of_subject(verdict, action_id), self._role(person, request),
            request.within_s, digest=request.digest, subject=action_id, card=digest("card", card),
        )  # fmt: skip
        return self._say(action_id, self.sign(person, statement), card)

    def _say(self, name: str, signed: Signed, card: str | None) -> RequestState:
        """Submits a decision on a request, and returns the request's new state."""
        self._submit_message(Decide(site=self._site_id, signed=signed, card=card))
        return self.record(name).state

    def card_of(self, record: RequestRecord) -> str:
        """Returns the text of a request's card. Raises `PermitRefused` with its problems."""
        card = current_card(self.decision_context, record, self.clock.now())
        check_approvable(card)
        return card.text

    def outcome_of(self, record: RequestRecord, action_id: str) -> str:
        """Returns the text of the card of an action's outcome."""
        context, now = self.decision_context, self.clock.now()
        return make_outcome(
            record,
            action_id,
            found=found_after(context.database, action_id),
            tags=context.site.tags,
            snapshot=read_snapshot(context.database),
            now=now,
        ).text

    def record(self, name: str) -> RequestRecord:
        """Returns the record of a request by its id or the id of an action of it."""
        return load_request(self.decision_context.database, name)

    def statement(
        self,
        verdict: RequestVerdict,
        request: ActionRequest,
        person: str,
        card: str | None = None,
        comment: str | None = None,
    ) -> Statement:
        """Returns what a person says about a request, shown on a card of this text."""
        return Statement(
            verdict,
            meaning_of(verdict, request),
            self._role(person, request),
            request.within_s,
            digest=request.digest,
            card=None if card is None else digest("card", card),
            comment=comment,
        )

    def _role(self, person: str, request: ActionRequest) -> str:
        return role_for(
            self.decision_context, self.operator(person), request.roles, request.written
        )
