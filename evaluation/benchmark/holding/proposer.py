"""Proposer of the suite `hold`, which lies or only asks at random, beside our agents."""

from collections import Counter
from random import Random
from typing import Any

from handwheel.agents.agent_context import AgentContext
from handwheel.agents.site_agents import SiteAgents
from handwheel.connectors.errors import NotConnected
from handwheel.connectors.model.process_clock import Readings
from handwheel.tools.errors import GuardrailError
from handwheel.tools.guardrails.approval.messages.run_requests import SetDue
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.canonical import parse_canonical
from handwheel.tools.requests.request import ActionRequest

from .agent_access import AgentAccess
from .false_messages import FALSE_OPERATIONS, FALSE_REQUESTS

_PROPOSER = "proposer"
_ASKS, _LIES, _DECEIVES, _GOES_ON = 0.2, 0.75, 0.4, 0.7  # at each scan


class Proposer:
    """Proposer in the place of the process of the agents, which asks at random and may lie.

    One that does not lie asks for values inside and outside of what the policy allows.

    Attributes:
        tried: How often each way to deceive was tried.
    """

    def __init__(self, access: AgentAccess, *, is_liar: bool) -> None:
        self.tried = Counter[str]()
        self._access, self._is_liar = access, is_liar
        self._last: dict[str, Any] | None = None  # document of the request that it made before

    async def act(self) -> None:
        """Asks, deceives if it lies, and has carried out what people have approved."""
        access, draw = self._access, self._access.draw
        if draw.random() < _ASKS:
            await self._ask()
        if self._is_liar and access.requests and draw.random() < _DECEIVES:
            name = draw.choice(list(FALSE_OPERATIONS))
            self.tried[name] += 1
            await FALSE_OPERATIONS[name](access)
        if draw.random() < _GOES_ON:
            _go_on(access)

    async def _ask(self) -> None:
        access, draw = self._access, self._access.draw
        try:
            request = await access.make()
        except (GuardrailError, NotConnected):
            access.refused += 1
            return
        if self._is_liar and self._last is not None and draw.random() < _LIES:
            name = draw.choice(list(FALSE_REQUESTS))
            self.tried[name] += 1
            document = parse_canonical(request.text)
            FALSE_REQUESTS[name](document, self._last, draw)
            try:
                request = ActionRequest.model_validate(document)
            except ValueError:  # no request can say so
                access.refused += 1
                return
        self._last = parse_canonical(request.text)
        access.try_(lambda: access.file(request))


class ProposerLoop(SiteAgents):
    """Our agents, who run what people order, with a proposer that acts after each scan.

    Attributes:
        access: What the proposer acts with.
        proposer: That proposer.
    """

    def __init__(self, context: AgentContext, draw: Random, *, is_liar: bool) -> None:
        super().__init__(context)
        self.access = AgentAccess(context, self, draw)
        self.proposer = Proposer(self.access, is_liar=is_liar)

    def scan(self, readings: Readings, monotonic_s: float) -> None:
        """Takes one scan of the plant."""
        super().scan(readings, monotonic_s)
        self._tasks.start(_PROPOSER, self.proposer.act())


def _go_on(access: AgentAccess) -> None:
    """Sets the next action of every approved request due, at times a recovery."""
    draw = access.draw
    for record in load_requests(access.database, [RequestState.APPROVED]):
        if record.request.run is None:
            continue
        kind = "recovery" if draw.random() < 0.2 else "command"
        planned = [
            each.action_id
            for each in record.actions
            if each.state is ActionState.PLANNED and record.action(each.action_id).kind == kind
        ]
        for action_id in planned[:1]:
            access.add(SetDue(action_id=action_id))
