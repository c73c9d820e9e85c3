"""Access of a run to its requests and actions in the ledger."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.errors import PolicyViolation
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.approval.build_segment import (
    Segment,
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.run_requests import (
    end_request,
    file_segment,
    set_due,
    skip_action,
    was_not_sent,
)
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.records import (
    ActionRecord,
    RequestRecord,
    load_exactly,
    load_run,
)
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.ledger.store.wakeup import notify
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.request import Action, Proposer
from handwheel.tools.requests.timestamps import Instant

AGENT_NAME = "control-agent"

SurveyPlant = Callable[[Sequence[Tag], Sequence[Tag]], Awaitable[Survey]]
"""Reads the plant once over read sessions; see `connectors.client.site_reader.survey`."""

IN_PROGRESS = frozenset({ActionState.DUE, ActionState.CLAIMED, ActionState.SENDING})
"""States in which the gate processes an action or may begin to."""
SETTLED = frozenset(ActionState) - {ActionState.PLANNED} - IN_PROGRESS
"""States in which an action does not change by itself."""
_MAY_HAVE_BEEN_SENT = frozenset(
    {
        ActionState.SENDING,
        ActionState.VERIFIED,
        ActionState.MISMATCH,
        ActionState.UNKNOWN,
        ActionState.RESOLVED_APPLIED,
    }
)


@dataclass(frozen=True, slots=True)
class RunAction:
    """One action of a run's requests, with its state."""

    request_id: str
    request_state: RequestState
    action: Action
    state: ActionState
    reason: str
    was_sent: bool

    @property
    def is_applied(self) -> bool:
        """Whether the action is known to have taken effect."""
        return self.state in {ActionState.VERIFIED, ActionState.RESOLVED_APPLIED}

    @property
    def may_have_been_sent(self) -> bool:
        """Whether its frame may have reached the device. Unknown counts as true."""
        is_refused = self.state is ActionState.REFUSED and self.was_sent
        return self.state in _MAY_HAVE_BEEN_SENT or is_refused


@dataclass(frozen=True, slots=True)
class LedgerPort:
    """Ledger as a run uses it."""

    context: DecisionContext
    build_context: BuildContext
    holder: str  # holder of the runner lock
    clock: Callable[[], Instant]  # returns the wall and boot clock
    survey: SurveyPlant

    async def submit(self, segment: Segment) -> RequestRecord:
        """Submits a segment's request, or returns the one submitted before.

        Raises:
            GuardrailError: It is denied, locked out, or agents have no authority.
            InvalidArguments: A value does not fit its tag.
            NotConnected: The plant cannot be read.

        Effect: OBSERVE. Retry: twice, on the connection only. Timeout: see `site_reader`.
        """
        writes = {write.tag.name: write.tag for write in segment.writes}
        seen = await self.survey(
            tags_of_segment(self.build_context, segment), list(writes.values())
        )
        scopes = scopes_of_segment(self.context.site, segment)
        locks = lockout_generations(self.context.database, scopes)
        now = self.clock()
        proposer = Proposer(kind="agent", name=AGENT_NAME)
        request, denial = make_segment(self.build_context, segment, seen, proposer, locks, now)
        record = file_segment(self.context, request, denial, self.holder, now)
        if record.state is RequestState.DENIED:
            raise PolicyViolation(record.reason)
        return record

    def request(self, request_id: str) -> RequestRecord:
        """Returns a request in its present state."""
        return load_exactly(self.context.database, request_id)

    def requests_of(self, run_id: str) -> list[RequestRecord]:
        """Returns every request of a run in order, also those without an event."""
        return load_run(self.context.database, run_id)

    def actions(self, requests: Sequence[str]) -> list[RunAction]:
        """Returns every action of some requests, in order."""
        return [
            RunAction(
                record.request.request_id, record.state, record.action(each.action_id),
                each.state, each.reason, self._was_sent(each),
            )
            for record in map(self.request, requests)
            for each in record.actions
        ]  # fmt: skip

    def _was_sent(self, record: ActionRecord) -> bool:
        """Whether a gate may have sent it. A gate records if it did not."""
        is_refused = record.state is ActionState.REFUSED
        return record.sent_at is not None and not (
            is_refused and was_not_sent(self.context.database, record.action_id)
        )

    def action(self, action_id: str) -> RunAction:
        """Returns one action in its present state."""
        found = self.actions([action_id.partition("/")[0]])
        return next(each for each in found if each.action.action_id == action_id)

    def set_due(self, action_id: str, orders: int | None = None) -> None:
        """Sets an action due, so that the gate may carry it out.

        `orders` is the newest order that the run has handled, `None` if no order may stop it.
        """
        set_due(self.context.database, action_id, self.holder, self.clock(), orders)
        notify(self.context.site.state, action_id)  # the gate would look by itself, a little later

    def skip(self, action_id: str, reason: str) -> None:
        """Skips an action whose `if` is false."""
        skip_action(self.context.database, action_id, reason, self.holder, self.clock())

    def end(self, request_id: str, reason: str) -> None:
        """Ends a request. Its unsent actions are never sent."""
        end_request(self.context.database, request_id, reason, self.holder, self.clock())
