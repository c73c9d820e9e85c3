"""The people of a kill run at each statement: they ask, approve, and resolve by what was read."""

from collections.abc import Sequence
from typing import Any

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import Value
from handwheel.hmi.people.signing import Signer, open_context
from handwheel.hmi.requests.approve import sign_approval
from handwheel.tools.guardrails.approval.outcome_card import Outcome, found_after, make_outcome
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.approval.session import ApprovalSession, current_card
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.signatures.decisions import ActionVerdict, meaning_of_subject
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.lease_and_effects import NO_TERMS, Terms
from handwheel.tools.requests.request import Lease
from handwheel.tools.requests.timestamps import instant_now

from ..operator_actions import Desk
from ..site import APPROVER
from .waiting import patiently

Writes = Sequence[tuple[str, Value]]

_VALID_S = 60.0
_LEASE_S = 1.0


class People(Desk):
    """They never wait: a gate that was killed will show nothing.

    Attributes:
        writes: What is asked for in this round.
    """

    writes: Writes = ()

    @property
    def site(self) -> Site:
        return self._site

    def signer(self, person: str) -> Signer:
        """Returns a person with an open key."""
        return self._signers[person]

    def ask(self, count: int, *, is_leased: bool = False) -> str:
        """Files a request of so many writes; returns its id."""
        terms = Terms(Lease(for_s=_LEASE_S)) if is_leased else NO_TERMS
        return patiently(lambda: self.propose(self.writes[:count], terms))

    def is_approved(self, request_id: str) -> bool:
        """Approves a request if the gate's picture allows it by now; says whether it did."""
        if not self._is_shown():
            return False
        with open_context(self._site) as context:
            record = load_request(context.database, request_id)
            card = current_card(context, record, instant_now())
            if not card.is_approvable:
                return False
            sign_approval(ApprovalSession(context, record, card), self._signers[APPROVER])
            return True

    def _is_shown(self) -> bool:
        """Whether the gate's picture has the tags that are asked about; to draw a card is slow."""
        picture = read_snapshot(self._site.state, instant_now())
        return picture is not None and self.writes[0][0] in picture.readings

    def known_of(self, action_id: str) -> Outcome:
        """Returns what a person sees who is to say what became of a write."""
        with open_context(self._site) as context:
            now = instant_now()
            return make_outcome(
                load_request(context.database, action_id.partition("/")[0]),
                action_id,
                found=found_after(context.database, action_id),
                tags=context.site.tags,
                snapshot=read_snapshot(context.site.state, now),
                now=now,
            )

    def resolve_by(self, known: Outcome) -> ActionVerdict:
        """Says what became of a write, by what the tag reads; returns what was said."""
        is_applied = known.reading.quality == "good" and known.reading.shown == known.after
        verdict: ActionVerdict = "resolve-applied" if is_applied else "resolve-not-applied"
        said = Statement(
            verdict, meaning_of_subject(verdict, known.action_id), "operator", _VALID_S,
            known.request_digest, known.action_id, known.digest,
        )  # fmt: skip
        with open_context(self._site) as context:
            self._decide(context, said, known.text)
        return verdict

    def rows(self) -> list[dict[str, Any]]:
        """Returns the journal."""
        with open_context(self._site) as context:
            return [dict(row.fields) for row in context.database.journal()]
