"""Decisions of the demo's operator on the requests of the agents."""

import asyncio
from collections.abc import Callable, Mapping
from time import monotonic
from typing import TypeVar

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.approval.cards.card_model import Card
from handwheel.tools.guardrails.approval.session import (
    ApprovalSession,
    check_approvable,
    current_card,
)
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.timestamps import instant_now

from ...people.signing import Signer, open_context
from ...requests.approve import ask, show_card, sign_approval
from ...shell.terminal.cancellable_prompt import ask_in_thread
from ..local_system.people import APPROVER

_SETTLE_S = 30.0  # a busy machine reads late, and old readings cannot be approved
_POLL_S = 0.1

_T = TypeVar("_T")


class DemoApprover:
    """Decides on requests as the demo's operator. Each method opens the ledger itself."""

    def __init__(self, site: Site, people: Mapping[str, Signer]) -> None:
        self._site = site
        self._viewer = people[APPROVER]

    def _with(self, request_id: str, work: Callable[[DecisionContext, RequestRecord], _T]) -> _T:
        with open_context(self._site) as context:
            return work(context, load_request(context.database, request_id))

    async def show(self, request_id: str) -> None:
        """Prints the card as soon as it can be approved, else after a while.

        Raises:
            PermitRefused: It cannot be approved now, for the reasons that it shows.
        """
        card = await self.settle(request_id)
        show_card(card)
        check_approvable(card)

    async def answer(self, request_id: str) -> RequestState | None:
        """Asks the viewer, who may take as long as the request waits.

        Returns:
            The new state of the request; `None` if the viewer has left it open.

        Raises:
            GuardrailError: It cannot be approved now.
        """
        await self.settle(request_id)
        print(f"You are the operator {APPROVER}. Read the card, then decide.\n", flush=True)
        return await ask_in_thread(lambda: self._ask(request_id))

    async def approve_unattended(self, request_id: str, after_s: float) -> RequestState:
        """Shows the card and signs an unattended approval, as `requests approve --digest` does.

        Raises:
            GuardrailError: It cannot be approved now.
        """
        await self.show(request_id)
        print(f"\nno operator is asked: a script signs as {APPROVER}", flush=True)
        await asyncio.sleep(after_s)
        return await asyncio.to_thread(self._approve_unattended, request_id)

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

    def _ask(self, request_id: str) -> RequestState | None:
        """Asks for a decision as `requests approve` does. Blocks."""
        return self._with(
            request_id, lambda context, record: ask(context, record, lambda: self._viewer)
        )

    def _approve_unattended(self, request_id: str) -> RequestState:
        return self._with(
            request_id,
            lambda context, record: sign_approval(
                ApprovalSession.settled(context, record), self._viewer
            ),
        )
