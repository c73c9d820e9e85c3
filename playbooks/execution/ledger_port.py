"""Access of runs to their requests and actions in the ledger."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.approval.build_segment import (
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.messages.run_requests import FileSegment
from handwheel.tools.guardrails.approval.ramps import spacing_s
from handwheel.tools.guardrails.approval.segment import Segment
from handwheel.tools.guardrails.ledger.intents import was_not_sent
from handwheel.tools.guardrails.ledger.journal_rows import subjects_after
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_exactly
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import ActionRecord, ActionState
from handwheel.tools.guardrails.signatures.context import DecisionContext
from handwheel.tools.requests.proposer import agent_proposer
from handwheel.tools.requests.request import Action

from ..binding.bind import NOTHING
from ..engine.inputs import FiledAction, FiledRequest
from .agent_names import CONTROL
from .ledger_writer import LedgerWriter

SurveyPlant = Callable[[Sequence[Tag], Sequence[Tag]], Awaitable[Survey]]
"""Reads the plant once over read sessions; see `connectors.client.site_reader.survey`."""


def filed_request(
    database: Ledger, record: RequestRecord, spacing_s: Callable[[Action], float]
) -> FiledRequest:
    """Returns a request in its present state.

    Args:
        spacing_s: Returns the shortest time before a write of a ramp, wall-clock.
    """
    request = record.request
    actions = tuple(
        FiledAction(
            request.request_id, record.state, record.action(each.action_id), each.state,
            each.reason, _was_sent(database, each), spacing_s(record.action(each.action_id)),
        )
        for each in record.actions
    )  # fmt: skip
    return FiledRequest(
        request.request_id, record.state, record.reason, ": ".join(record.status),
        request.roles, actions,
    )  # fmt: skip


def _was_sent(database: Ledger, record: ActionRecord) -> bool:
    """Whether a gate may have sent it. A gate records if it did not."""
    is_refused = record.state is ActionState.REFUSED
    return record.sent_at is not None and not (
        is_refused and was_not_sent(database, record.action_id)
    )


@dataclass(slots=True)
class LedgerPort:
    """Ledger as runs use it. It reads a request again only after a row about it."""

    writer: LedgerWriter
    build_context: BuildContext
    survey: SurveyPlant
    _requests: dict[str, FiledRequest] = field(default_factory=dict[str, FiledRequest])
    _touched: set[str] = field(default_factory=set[str])
    _seq: int = -1  # the newest row of the journal that was taken into account
    _version: int | None = None  # of the ledger at that row
    _people: DecisionContext | None = None  # the context as it was renewed last

    @property
    def context(self) -> DecisionContext:
        """The ledger with the site, its policy and its people."""
        return self.writer.context

    def renewed(self) -> DecisionContext:
        """Returns the context with the people who are enrolled now, see `DecisionContext.renewed`.

        A trust root that was found since the start stays, as one that was there at the start does.
        """
        self._people = (self._people or self.context).renewed()
        return self._people

    def changed(self) -> set[str]:
        """Returns the runs, requests and other subjects of the rows since the last call."""
        self._refresh()
        touched, self._touched = self._touched, set()
        return touched

    def _refresh(self) -> None:
        database = self.context.database
        if (version := database.version()) == self._version:
            return
        if self._seq < 0:
            head = database.head()
            self._seq = head.seq if head else 0
        for seq, subject in subjects_after(database, self._seq):
            self._seq = seq
            name = subject.partition("/")[0]  # an action's row is about its request
            self._requests.pop(name, None)
            self._touched.add(name)
        self._version = version

    def requests(self, names: Sequence[str]) -> list[FiledRequest]:
        """Returns requests in their present state, in order."""
        self._refresh()
        for each in names:
            if each not in self._requests:
                record = load_exactly(self.context.database, each)
                self._requests[each] = filed_request(self.context.database, record, self._spacing_s)
        return [self._requests[each] for each in names]

    def _spacing_s(self, action: Action) -> float:
        tag = self.context.site.tags.get(action.tag)
        return spacing_s(self.build_context.policy, tag, action.value) if tag else 0.0

    async def make(self, segment: Segment, choice: Mapping[str, str] = NOTHING) -> FileSegment:
        """Builds a segment's request on fresh readings, and returns what files it.

        Args:
            choice: Of the model that has chosen its playbook, see `ModelChoice`; empty for rules.
                The model's words come last in the reason.

        Raises:
            ConditionError: A requirement is not valid.
            InvalidArguments: A value does not fit its tag.
            NotConnected: The plant cannot be read.

        Effect: OBSERVE. Retry: twice, on the connection only. Timeout: see `site_reader`.
        """
        context = self.build_context
        writes = {write.tag.name: write.tag for write in segment.writes}
        seen = await self.survey(tags_of_segment(context, segment), list(writes.values()))
        scopes = scopes_of_segment(self.context.site, segment)
        locks = lockout_generations(self.context.database, scopes)
        now = self.writer.clock()
        proposer = agent_proposer(CONTROL, choice.get("model"), choice.get("prompt_hash"))
        if choice:
            segment = replace(segment, reason=f"{segment.reason}. {choice['words']}")
        request, denial = make_segment(context, segment, seen, proposer, locks, now)
        return FileSegment(request=request, denial=str(denial or ""))
