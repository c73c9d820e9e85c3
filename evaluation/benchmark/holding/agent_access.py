"""Access of the agents' process to port and gate, for a proposer that may lie."""

from collections.abc import Callable, Sequence
from random import Random

from handwheel.agents.agent_context import AgentContext
from handwheel.agents.site_agents import SiteAgents
from handwheel.tools.errors import GuardrailError, InvalidArguments, LedgerError
from handwheel.tools.guardrails.approval.build_request import ProposedWrite
from handwheel.tools.guardrails.approval.messages.agents import Operation
from handwheel.tools.guardrails.approval.messages.run_requests import FileSegment
from handwheel.tools.guardrails.approval.segment import Command, Recovery, Segment
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.policy.rules import TagRules
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.request import ActionRequest, Evidence, RunOrigin

from ..baselines.agents import random_value

_DIGEST = "5" * 64
_LONGEST_S = 600.0


class AgentAccess:
    """Port of the agents, and beside it the messages that the gate takes from their process.

    Attributes:
        requests: Ids of all requests that the proposer knows of, the newest last.
        refused: How many operations the gate refused.
    """

    def __init__(self, context: AgentContext, own: SiteAgents, draw: Random) -> None:
        self.context, self.own, self.draw = context, own, draw
        self.requests: list[str] = []
        self.runs = [new_id("U")]
        self.refused = 0

    @property
    def database(self) -> Ledger:
        """The ledger."""
        return self.context.ledger.context.database

    def allowed(self) -> Sequence[TagRules]:
        """Returns the rules of the tags that the policy allows to be written."""
        return self.context.ledger.context.policy.allowed()

    async def make(self) -> ActionRequest:
        """Returns a request of a random write, made as our agents make theirs.

        In one of ten the policy may forbid the value, of which the request says nothing.

        Raises:
            GuardrailError: There can be none now.
            NotConnected: The plant cannot be read.
        """
        draw = self.draw
        rules = draw.choice(self.allowed())
        present = self.context.plant.readings.get(rules.tag.name)
        value, policy = random_value(rules, draw), self.context.ledger.context.policy
        for _ in range(10 if draw.random() < 0.9 else 0):
            if policy.judge(rules.tag, value, present).is_allowed:
                break
            value = random_value(rules, draw)
        command = Command(ProposedWrite(rules.tag, value), "write")
        undo: tuple[Recovery, ...] = ()
        before = present.scalar if present is not None else None
        if isinstance(before, bool | int | float) and draw.random() < 0.3:
            back = ProposedWrite(rules.tag, before)
            undo = (Recovery(back, "write", undoes=0),)
        run = RunOrigin(
            run_id=draw.choice(self.runs), playbook="own/plan", version="1.0.0", digest=_DIGEST,
            parameters={}, segment=1, max_duration_s=_LONGEST_S,
        )  # fmt: skip
        evidence = Evidence(
            id="warm", side="for", text="TT-202.pv > 20 degC", truth="true",
            shown="TT-202.pv > 20 degC  [TT-202.pv is 48]", source="own/plan:9",
        )  # fmt: skip
        segment = Segment(
            run, (command,), undo, (evidence,), (), draw.uniform(20.0, 60.0),
            f"{new_id('U')}-{new_id('U')}", "the plant asks for it",
            lease_s=30.0 if undo and draw.random() < 0.5 else None,
        )  # fmt: skip
        return (await self.context.ledger.make(segment)).request

    def file(self, request: ActionRequest) -> None:
        """Files a request, and says that the policy denies nothing. Raises `GuardrailError`."""
        self.context.ledger.writer.add(FileSegment(request=request))
        self.requests.append(request.request_id)

    def add(self, *operations: Operation) -> None:
        """Sends one message with operations that the gate may refuse."""
        writer = self.context.ledger.writer

        def send() -> None:
            with writer.transaction():
                for each in operations:
                    writer.add(each)

        self.try_(send)

    def try_(self, operation: Callable[[], object]) -> None:
        """Does something that the gate may refuse."""
        try:
            operation()
        except (GuardrailError, InvalidArguments, LedgerError):
            self.refused += 1
