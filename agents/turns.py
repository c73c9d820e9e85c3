"""Order and turns of the cases of a site, and the number of requests that people face."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from handwheel.connectors.denial import Denial
from handwheel.connectors.hints import next_step
from handwheel.playbooks.binding.model import BoundPlaybook, owned_by
from handwheel.playbooks.engine.states import RunState
from handwheel.playbooks.execution.agent_names import CONTROL, owner_of
from handwheel.playbooks.execution.driver import RunDriver
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS

from .agent_context import AgentContext
from .cases.site_cases import SiteCases
from .deviations.case import Case
from .planning.candidates import Candidate, blocked_by
from .site_runs import SiteRuns

TURN = "turn"
"""Code of a candidate that waits for its turn."""
_COMING = frozenset({RunState.CHECKING, RunState.RESTARTING})


class Rank(NamedTuple):
    """Place of a case in the order, the smallest one first."""

    trip_min: float  # until something trips; infinite if nothing moves towards it
    limit_min: float  # until something reaches its next limit
    priority: int  # of its playbook, 1 is the most urgent
    opened_at: str  # stamp
    position: int  # among the open cases, as they were opened
    case_id: str


class IntendedRun(NamedTuple):
    """Run that a case would begin, since nothing else prevents it."""

    rank: Rank
    equipment: frozenset[str]  # that the run would own
    asks: bool  # whether it would ask people
    waits: bool = False  # whether it waits already, as too many requests are open


def turn_denial(
    own: IntendedRun,
    others: Iterable[IntendedRun],
    open_requests: Sequence[str],
    coming: int,
    most: int,
) -> Denial | None:
    """Returns why a case waits for its turn, `None` if it may begin its run.

    Args:
        open_requests: Requests of agents that wait for a decision, the oldest first.
        coming: Runs that are about to ask.
        most: How many requests people face at once.
    """
    before = sorted(each for each in others if each.rank < own.rank)
    for each in before:
        shared = sorted(each.equipment & own.equipment)
        if shared and not each.waits:
            return _behind(each, f"for {', '.join(shared)}")
    if not own.asks or len(open_requests) + coming + sum(each.asks for each in before) < most:
        return None
    if len(open_requests) + coming < most:
        first = next(each for each in before if each.asks)
        return _behind(first, f"of the {most} requests that may be open")
    oldest = next(iter(open_requests), "")
    decided = f", {oldest} is decided first; {next_step('requests', 'show', oldest)}"
    count = len(open_requests) + coming
    reason = f"{count} requests are" if count > 1 else "a request is"
    # One text for both, since people are told of each new one.
    return Denial(TURN, f"{reason} open or being filed{decided if oldest else ''}")


def _behind(first: IntendedRun, what: str) -> Denial:
    case_id = first.rank.case_id
    reason = f"{case_id} comes first {what}"
    return Denial(TURN, f"{reason}; {next_step('cases', 'show', case_id)}")


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
