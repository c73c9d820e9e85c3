"""A run of a playbook on the real plant: it surveys, files, and says when."""

from time import monotonic
from typing import Any

from handwheel.connectors.client.site_reader import read_once, survey
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.approval.build_segment import (
    Segment,
    make_segment,
    scopes_of_segment,
    tags_of_segment,
)
from handwheel.tools.guardrails.approval.run_requests import file_segment, set_due
from handwheel.tools.guardrails.ledger.latched_lockouts import lockout_generations
from handwheel.tools.guardrails.ledger.records import RequestRecord, load_request
from handwheel.tools.guardrails.ledger.runner_lock import take_runner_lock
from handwheel.tools.guardrails.ledger.store.states import RequestState
from handwheel.tools.guardrails.policy.cross_limits import cross_limits
from handwheel.tools.requests.timestamps import instant_now

from ...sites.audited import faults_in
from ...sites.on_disk import End
from .authority_grant import give
from .runner import AGENT, segment_of
from .served import World

_WITHIN_S = 50.0
_STEPS = 5


class PlantRun:
    """The process that works on the runs of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        with world.decision_context() as decision_context:
            give(decision_context, "PUMPS-101", instant_now())
            self.holder = take_runner_lock(decision_context.database, instant_now())

    async def file(self, **changes: Any) -> RequestRecord:
        """Makes a request of a segment of one look at the plant, and files it."""
        site = self.world.site
        segment: Segment = segment_of(site, **changes)
        with self.world.decision_context() as decision_context:
            context = BuildContext(
                site, decision_context.policy, cross_limits(site, decision_context.policy)
            )
            tags = tags_of_segment(context, segment)
            seen = await survey(site, tags, [each.tag for each in segment.writes])
            locks = lockout_generations(decision_context.database, scopes_of_segment(site, segment))
            now = instant_now()
            request, denial = make_segment(context, segment, seen, AGENT, locks, now)
            return file_segment(decision_context, request, denial, self.holder, now)

    async def approved(self, **changes: Any) -> RequestRecord:
        """Files a segment, and anna approves it, past the terminal: she sees that it is right."""
        record = await self.file(**changes)
        assert record.state is RequestState.PENDING, record.reason
        card = self.world.card(record)
        assert self.world.decide(self.world.sign(record.request, card, "anna"), card) is (
            RequestState.APPROVED
        )
        return record

    def due(self, record: RequestRecord, name: str) -> None:
        with self.world.ledger() as database:
            set_due(database, f"{record.request.request_id}/{name}", self.holder, instant_now())

    async def carry_out(self, record: RequestRecord, name: str) -> End:
        """Sets an action due and waits until it has come to rest."""
        self.due(record, name)
        return await self.end(record, name)

    async def end(self, record: RequestRecord, name: str) -> End:
        names = [each.action_id.partition("/")[2] for each in record.request.actions]
        return await self.world.end(record, names.index(name) + 1)

    def states(self, record: RequestRecord) -> str:
        with self.world.ledger() as database:
            found = load_request(database, record.request.request_id)
        return " ".join([found.state, *(each.state for each in found.actions)])

    async def until(self, tag: str, value: object) -> None:
        """Lets the plant go on until it shows something, faster than it would by itself."""
        site, until_s = self.world.site, monotonic() + _WITHIN_S
        while (await read_once(site, site.find_tags([tag])))[tag].value != value:
            assert monotonic() < until_s, f"{tag} never becomes {value}"
            await self.world.server.step(_STEPS)

    def audited(self) -> tuple[str, ...]:
        with self.world.decision_context() as decision_context:
            return faults_in(decision_context)
