"""Decisions of the demo's operator on the requests of the agents."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TypeVar

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.decide import decide
from handwheel.tools.guardrails.approval.session import ApprovalSession, current_card, role_for
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.guardrails.signatures.decisions import meaning_of
from handwheel.tools.guardrails.signatures.statement import Statement
from handwheel.tools.requests.timestamps import instant_now

from ...people.signing import Signer, open_context, sign_statement
from ...requests.approve import ask, sign_approval
from ...shell.terminal.prompt import PromptAnswer, confirm
from .people import APPROVER

_SETTLE_S = 10.0  # a busy machine reads late, and old readings cannot be approved
_POLL_S = 0.1
_REJECT_S = 60.0
_REJECTED = "at the card"
_QUESTION = '\nType "reject" to stop the run, or press Enter to leave the request open: '

_T = TypeVar("_T")


class DemoApprover:
    """Decides on requests as the demo's operator. Each method opens the ledger itself."""

    def __init__(self, site: Site, people: Mapping[str, Signer]) -> None:
        self._site = site
        self._viewer = people[APPROVER]

    def _with(self, request_id: str, work: Callable[[DecisionContext, RequestRecord], _T]) -> _T:
        with open_context(self._site) as context:
            return work(context, load_request(context.database, request_id))

    async def settle(self, request_id: str) -> Card:
        """Returns the card as `ApprovalSession.settled` does, but waits longer, until cancelled."""
        until_s = monotonic() + _SETTLE_S
        while True:
            card = self._with(
                request_id, lambda context, record: current_card(context, record, instant_now())
            )
            if card.is_approvable or monotonic() >= until_s:
                return card
            await asyncio.sleep(_POLL_S)

    def ask(self, request_id: str) -> RequestState | None:
        """Asks for a decision as `requests approve` does, else whether to reject. Blocks."""
        state = self._with(
            request_id, lambda context, record: ask(context, record, lambda: self._viewer)
        )
        if state is None and confirm(_QUESTION, "reject", _REJECT_S) is PromptAnswer.YES:
            return self.reject(request_id)
        return state

    def approve_unattended(self, request_id: str) -> RequestState:
        """Signs an unattended approval, as `handwheel requests approve --digest` does. Blocks."""
        return self._with(
            request_id,
            lambda context, record: sign_approval(
                ApprovalSession.settled(context, record), self._viewer
            ),
        )

    def reject(self, request_id: str) -> RequestState:
        """Signs a rejection, as `handwheel requests reject` does."""
        return self._with(request_id, self._reject)

    def _reject(self, context: DecisionContext, record: RequestRecord) -> RequestState:
        request, now = record.request, instant_now()
        statement = Statement(
            verdict="reject",
            meaning=meaning_of("reject", request),
            role=role_for(context, self._viewer.operator, request),
            valid_s=request.within_s,
            digest=request.digest,
            comment=_REJECTED,
        )
        signed = sign_statement(context.database, self._viewer, statement, now)
        return decide(context, signed, None, now)
