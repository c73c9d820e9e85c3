"""Turns of the cases of a site."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from handwheel.connectors.denial import Denial
from handwheel.playbooks.binding.model import BoundPlaybook, owned_by
from handwheel.playbooks.engine.states import RunState
from handwheel.playbooks.execution.agent_names import CONTROL, owner_of
from handwheel.playbooks.execution.driver import RunDriver
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS

from .agent_context import AgentContext
from .case_order import IntendedRun, Rank, turn_denial
from .cases.site_cases import SiteCases
from .deviations.case import Case
from .planning.candidates import Candidate, blocked_by
from .site_runs import SiteRuns

_COMING = frozenset({RunState.CHECKING, RunState.RESTARTING})


class Turns:
    """Cases that would begin a run, each with its place in the order.

    A case keeps its place until it is judged anew or over, so that none overtakes it meanwhile.
    """

    def __init__(self, context: AgentContext, cases: SiteCases, runs: SiteRuns) -> None:
        self._site, self._ledger = context.ledger.context.site, context.ledger
        self._cases, self._runs = cases, runs
        self._intended: dict[str, IntendedRun] = {}  # by case

    def in_order(self, case_ids: Collection[str]) -> list[str]:
        """Returns cases in the order in which they are judged."""
        if len(case_ids) < 2:
            return list(case_ids)
        return sorted(case_ids, key=lambda each: self._rank(self._cases.cases[each]))

    def take(self, case: Case, found: list[Candidate]) -> list[Candidate]:
        """Returns the candidates of a case, with those prevented for which it is not its turn."""
        self._intended.pop(case.case_id, None)
        if self._cases.candidates.is_ordered(case):  # a person wants it now
            return found
        judged = [each if each.code else self._judged(case, each) for each in found]
        runs = [self._intended_run(case, each) for each in found if not each.code]
        if runs:
            self._intended[case.case_id] = IntendedRun(
                min(each.rank for each in runs),
                frozenset[str]().union(*(each.equipment for each in runs)),
                any(each.asks for each in runs),
                waits=all(each.code for each in judged),
            )
        return judged

    def is_up(self, case: Case, chosen: Candidate) -> bool:
        """Whether it is still the turn of a case, once its candidate is chosen."""
        is_ordered = self._cases.candidates.is_ordered(case)
        return is_ordered or self._denial(self._intended_run(case, chosen)) is None

    def settle(self, case_id: str) -> None:
        """Forgets the place of a case that was judged, unless it waits for its turn."""
        if case_id in self._intended and not self._intended[case_id].waits:
            del self._intended[case_id]

    def _judged(self, case: Case, candidate: Candidate) -> Candidate:
        denial = self._denial(self._intended_run(case, candidate))
        if denial is None:
            return candidate
        prevented = blocked_by(candidate.plan, candidate.diagnosis, denial)
        by, condition = candidate.begin_by, candidate.condition
        return replace(prevented, begin_by=by, condition=condition, base=candidate.base)

    def _denial(self, own: IntendedRun) -> Denial | None:
        open_ = {name for name, case in self._cases.cases.items() if not case.run_id}
        self._intended = {name: each for name, each in self._intended.items() if name in open_}
        others = [each for name, each in self._intended.items() if name != own.rank.case_id]
        most = self._site.supervision.requests
        asked = (name for each in self._active for name in each.run.requests)
        waiting = [name for name in asked if self._waits(name)]
        return turn_denial(own, others, waiting, self._coming(), most)

    def _intended_run(self, case: Case, candidate: Candidate) -> IntendedRun:
        plan = candidate.plan
        rank = self._rank(case)._replace(priority=plan.concurrency.priority)
        return IntendedRun(rank, frozenset(owned_by(plan, self._site)), _asks(plan))

    def _rank(self, case: Case) -> Rank:
        trip_min, limit_min = self._cases.candidates.minutes_left(case)
        position = list(self._cases.cases).index(case.case_id)
        return Rank(trip_min, limit_min, 0, case.opened_at, position, case.case_id)

    def _waits(self, name: str) -> bool:
        """Whether a request waits for a decision. A damaged one cannot be approved."""
        try:
            (found,) = self._ledger.requests([name])
        except LedgerError:
            return False
        return found.state in WAITING_REQUESTS

    def _coming(self) -> int:
        """Returns how many runs will ask for the first time, or again after a resume."""
        coming = (each for each in self._active if each.run.state in _COMING)
        return sum(_asks(each.plan) for each in coming)

    @property
    def _active(self) -> Iterator[RunDriver]:
        return (each.driver for each in self._runs.active.values())


def _asks(plan: BoundPlaybook) -> bool:
    """Whether a playbook asks people, by itself or by another one that it runs."""
    return owner_of(plan) == CONTROL
