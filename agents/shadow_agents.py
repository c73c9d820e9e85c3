"""Agents that only tell what they would ask for, beside the real ones or in their place.

They judge cases as the real agents do, but have no port that files a request or sets an action
due. Their cases are in a ledger of their own, which no gate opens, and they own no equipment.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.database import LostRace
from handwheel.tools.problem_log import ProblemLog

from .agent_context import CaseContext, ShadowLedger
from .cases.site_cases import SiteCases
from .graph import Deliberations
from .supervised_run import one_line


@dataclass(frozen=True, slots=True)
class ShadowContext(CaseContext):
    """Dependencies of a shadow."""

    ledger: ShadowLedger
    # Returns what the real agents would ask for now, as JSON fields. Raises `HandwheelError`.
    preview: Callable[[BoundPlaybook], Awaitable[Mapping[str, object]]]


class ShadowAgents:
    """Agents of a site that file nothing. One process at a time writes in their ledger."""

    def __init__(self, context: ShadowContext) -> None:
        self._report = ProblemLog(__name__)
        self.cases = SiteCases(context, self._report)
        self._context = context
        self._deliberations = Deliberations(
            self.cases.outcome, None, context.diagnosis, context.planners, context.look_ahead
        )
        self._again = set[str]()  # cases that are judged with the next scan

    async def work(
        self, latest: Callable[[], Readings], scan: Callable[[], Awaitable[object]]
    ) -> None:
        """Works on every scan of the plant until it is cancelled. See `SiteAgents.work`."""
        self.cases.load()
        try:
            while True:
                await scan()
                await self.scan(latest(), monotonic())
        finally:
            if self._context.look_ahead is not None:
                await self._context.look_ahead.end()

    async def scan(self, readings: Readings, monotonic_s: float) -> None:
        """Takes one scan of the plant, and judges the cases that it changes.

        Raises `LostRace` if another shadow has taken over.
        """
        changed = self._context.plant.observe(readings, monotonic_s) | self._again
        if self._context.look_ahead is not None:
            self._context.look_ahead.observe()
        self._again = set[str]()
        try:
            self._context.ledger.writer.keep()
            for each in self.cases.observe({}):
                await self._deliberations.follow(each)
            self._report("the ledger", "")
        except LostRace:
            raise
        except LedgerError as error:
            self._again |= changed
            self._report("the ledger", str(error))
            return
        for case_id in self.cases.due(changed):
            await self._judge(case_id)

    async def _judge(self, case_id: str) -> None:
        """Judges a case, and records what would be asked for if that is new."""
        try:
            case = self.cases.cases[case_id]
            plant, candidates = self.cases.judge(case, {})
            if self.cases.is_new(case, candidates):
                situation = self.cases.candidates.situation(case, candidates, plant, {})
                judged = await self._deliberations.judge(case_id, situation)
                candidates, chosen = list(judged.candidates), judged.chosen
                self.cases.note_forbidden(case, candidates)
                asks = None if chosen is None else await self._context.preview(chosen.plan)
                self.cases.record_judgement(case, judged, asks=asks)
                self.cases.note_judgement(case_id, judged)
            if all(each.code for each in candidates):
                self.cases.escalate(case_id)
            self._report(case_id, "")
        except LostRace:
            raise
        except Exception as error:  # noqa: BLE001 (the supervisor of cases; it is judged again)
            self._again.add(case_id)
            self._report(case_id, one_line(error))
