"""Admission of a candidate by its deadline, the runs that are open, and its evidence."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from handwheel.connectors.denial import Denial
from handwheel.connectors.hints import next_step
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import Diagnosis, diagnose
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.playbooks.engine.requests.deadline import begin_by, too_late
from handwheel.tools.guardrails.ledger.runs import load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.requests.timestamps import stamp

from ..agent_context import CaseContext
from ..deviations.case import Case
from ..deviations.triggers import TriggerWatch
from ..planning.candidates import Candidate, blocked_by, blocked_by_run, judge_candidate


class Queues:
    """Places of candidates that could start if their equipment were free.

    A place follows from the time of the trigger, which the journal has, so it outlives a restart.
    """

    def __init__(self) -> None:
        # Stamp of the trigger and watch, by case and name.
        self._waiting: dict[tuple[str, str], tuple[str, TriggerWatch]] = {}

    def add(self, case: Case, watch: TriggerWatch) -> None:
        """Notes a candidate that waits."""
        since = case.triggered.get(watch.name, case.opened_at)
        self._waiting[case.case_id, watch.name] = since, watch

    def leave(self, case_id: str) -> None:
        """Forgets the candidates of a case, which is judged anew, answered or closed."""
        for each in [each for each in self._waiting if each[0] == case_id]:
            del self._waiting[each]

    def ahead(self, case: Case, watch: TriggerWatch) -> list[str]:
        """Returns the cases that wait longer for some of the same equipment, in their order."""
        own = case.triggered.get(watch.name, case.opened_at), case.case_id, watch.name
        found = [
            (since, case_id, name)
            for (case_id, name), (since, other) in self._waiting.items()
            if not other.owned.isdisjoint(watch.owned)
        ]
        return [each[1] for each in sorted(found) if each < own]


class Admission:
    """Judges candidates of cases."""

    def __init__(self, context: CaseContext) -> None:
        self.queues, self._context = Queues(), context

    def judge(
        self, case: Case, watch: TriggerWatch, plant: PlantSnapshot, owners: Mapping[str, str]
    ) -> Candidate:
        """Judges a playbook for a case.

        Args:
            owners: Open runs by the equipment that they own.
        """
        now = stamp(self._context.clock().wall)
        by = begin_by(watch.plan, case.triggered.get(watch.name, now))
        plan, found = watch.plan, diagnose(watch.plan, plant)
        if by and by <= now:
            judged = blocked_by(plan, found, Denial("deadline", too_late(by)))
        elif watch.problem and watch.due is None:
            judged = blocked_by(plan, found, Denial("trigger", watch.problem))
        else:
            judged = self._beside_runs(case, watch, found, owners)
        condition = watch.condition(self._context.plant) if watch.due else ""
        return replace(judged, begin_by=by, condition=condition)

    def _beside_runs(
        self, case: Case, watch: TriggerWatch, found: Diagnosis, owners: Mapping[str, str]
    ) -> Candidate:
        plan, names = watch.plan, sorted(watch.owned & owners.keys())
        runs = list(dict.fromkeys(owners[each] for each in names))
        full = full_of_runs(self._context.ledger.context.database, plan)
        policy = plan.concurrency.policy
        if policy == "reject" and runs:
            return blocked_by_run(plan, found, runs[0])
        judged = judge_candidate(plan, found, self._context.check_plan)
        if judged.code:
            return judged  # it holds no place in a queue, and nothing gives way to it
        if policy == "queue":
            return self._queued(case, watch, judged, [*runs, *full])
        if runs:
            return replace(blocked_by_run(plan, found, runs[0]), preempts=tuple(runs))
        return judged if not full else blocked_by(plan, found, _most(plan, full))

    def _queued(
        self, case: Case, watch: TriggerWatch, judged: Candidate, runs: Collection[str]
    ) -> Candidate:
        self.queues.add(case, watch)  # it keeps its place until its run is open
        ahead = self.queues.ahead(case, watch)
        if not runs and not ahead:
            return judged
        reason = f"it is number {len(ahead) + 1} in the queue for {', '.join(watch.plan.assets)}"
        reason += f"; before it {', '.join(dict.fromkeys([*runs, *ahead]))}"
        return blocked_by(watch.plan, judged.diagnosis, Denial("queue", reason))


def full_of_runs(database: Ledger, plan: BoundPlaybook) -> list[str]:
    """Returns the open runs of a playbook if they are as many as it may have, else none."""
    most = plan.concurrency.max_runs
    if most is None:
        return []
    found = load_runs(database, only_open=True)
    runs = [each.run_id for each in found if each.playbook == plan.id]
    return runs if len(runs) >= most else []


def _most(plan: BoundPlaybook, runs: Collection[str]) -> Denial:
    first = next(iter(runs))
    reason = f"{plan.concurrency.max_runs} of its runs may be open at once, and that many are: "
    return Denial("max", f"{reason}{', '.join(runs)}; {next_step('runs', 'show', first)}")
