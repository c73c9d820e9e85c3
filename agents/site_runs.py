"""Runs of a site, each with its driver, and what another process left open."""

from collections.abc import Callable, Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError, HandwheelError
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import MOST_NESTED
from handwheel.playbooks.engine.effects import StartPlaybook
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.playbooks.engine.requests.deadline import begin_by
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.driver import (
    PROCESS_ENDED,
    JudgeRun,
    Ports,
    RunDriver,
    hold_run,
    stop_waiting_run,
)
from handwheel.playbooks.execution.event_log import RunLog, load_run
from handwheel.playbooks.execution.opening import RunStart, open_run
from handwheel.tools.errors import LedgerError, PermitRefused
from handwheel.tools.guardrails.ledger.runs import RunEntry, load_runs
from handwheel.tools.guardrails.ledger.store.database import Ledger, LostRace
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import stamp

from .agent_context import AgentContext
from .cases.admission import full_of_runs
from .cases.reask import GIVES_WAY
from .cases.site_cases import SiteCases
from .cases.start_orders import StartOrders
from .deviations.case import Case
from .planning.candidates import Candidate
from .supervised_run import Report, SupervisedRun


class SiteRuns:
    """Open runs of a site.

    Args:
        hashes: Hashes of the site's files and of the graph, which each run records.
    """

    def __init__(
        self, context: AgentContext, judge: JudgeRun, hashes: Mapping[str, str], report: Report
    ) -> None:
        self.active: dict[str, SupervisedRun] = {}
        self.is_incomplete = False  # whether the ledger may have open runs that are not active
        self.hashes = hashes
        self._context, self._report = context, report
        self._ports = Ports(
            context.ledger, context.plant, context.workorders, context.clock, judge, self
        )

    def log(self, run_id: str) -> RunLog:
        """Returns the events of a run."""
        return RunLog(self._context.ledger.writer, run_id)

    def take_up(self, plan: BoundPlaybook, log: RunLog) -> RunDriver:
        """Makes the driver of a run that is open in the ledger."""
        driver = RunDriver(plan, log, self._ports)
        self.active[log.run_id] = SupervisedRun(driver, self._context.ledger, self._report)
        return driver

    def run_of(self, run_id: str) -> Run:
        """Returns a run as it stands now. Raises `LedgerError` if it cannot be read."""
        if run_id in self.active:
            return self.active[run_id].driver.run
        return load_run(self._context.ledger.context.database, run_id)

    def start(self, outer: RunLog, starting: StartPlaybook, plant: PlantSnapshot) -> None:
        """Opens the run of a step, and records it in the outer run. See `OtherRuns`."""
        step, work = starting.step, starting.work
        plan = self._context.rebind(work.playbook, work.roles, {})
        ancestors = (outer.run_id, *outer.run.ancestors)
        if len(ancestors) >= MOST_NESTED:
            raise PermitRefused(f"at most {MOST_NESTED} runs are within one another")
        begins_by = begin_by(plan, stamp(self._context.clock().wall))
        shown = f"step {step.id} of {outer.run_id}"
        start = RunStart(step.place, shown, self.hashes, begins_by, ancestors)
        log = self.log(new_id("U"))
        body = {"step": step.id, "run_id": log.run_id, "playbook": plan.id, "at_s": plant.now_s}
        try:
            with outer.transaction(), log.transaction():
                self.open(log, plan, plant, start)
                outer.record(EventKind.RAN, **body)
        except LedgerError:
            self.is_incomplete = True  # what was not anchored stands in the ledger
            raise
        self.take_up(plan, log)

    def open(self, log: RunLog, plan: BoundPlaybook, plant: PlantSnapshot, start: RunStart) -> None:
        """Opens a run.

        Raises `PermitRefused` if other runs do not allow it, within a transaction also at its end.
        """
        place = self._context.ledger.context
        if runs := full_of_runs(place.database, plan):
            raise PermitRefused(f"{', '.join(runs)} is open, and {plan.id} may have no more runs")
        open_run(log, plan, place.site, plant, start)

    def give_way(self, candidates: Iterable[Candidate], busy: Collection[str]) -> set[str]:
        """Stops runs that wait for a decision and prevent a candidate of a higher priority.

        A run that has written something never gives way, nor does one that is `busy`. Either all
        runs that prevent a candidate give way, or none. Returns those that were stopped.
        """
        for each in candidates:
            active = [self.active[name] for name in each.preempts if name in self.active]
            plans = [one.driver.plan for one in active]
            own = each.plan.concurrency.priority
            if (
                not active or len(active) < len(each.preempts) or set(each.preempts) & set(busy)
                or any(plan.concurrency.priority <= own for plan in plans)
                or not all(one.driver.is_waiting_unwritten for one in active)
            ):  # fmt: skip
                continue
            for one in active:
                lower = one.driver.plan.concurrency.priority
                reason = f"{GIVES_WAY}{each.name}, of priority {own} before {lower}"
                stop_waiting_run(one.driver.log, self._context.ledger, reason)
            return set(each.preempts)
        return set()

    def adopt(self, entry: RunEntry) -> None:
        """Takes up a run that another process left open, and holds it.

        Raises:
            ConfigError: Its playbook cannot be used. The run is held.
            LedgerError: The ledger does not allow it.
        """
        log = self.log(entry.run_id)
        opening = log.run.opening
        try:
            plan = self._context.rebind(
                entry.playbook, opening.get("roles", {}), opening.get("given", {})
            )
        except ConfigError as error:
            hold_run(log, self._context.ledger, f"its playbook cannot be used: {error}")
            raise
        hold_run(log, self._context.ledger, PROCESS_ENDED)  # before the run is one of these
        driver = self.take_up(plan, log)
        driver.orders.no_resume = self._check_unchanged(opening, plan)

    def _check_unchanged(self, opening: Mapping[str, Any], plan: BoundPlaybook) -> Denial | None:
        """Returns a denial if a file or the graph has changed since the run began."""
        before = {**dict(opening.get("hashes", {})), "playbook": opening.get("digest")}
        now = {**self.hashes, "playbook": plan.digest}
        changed = sorted(name for name in now if before.get(name) != now[name])
        if not changed:
            return None
        reason = f"changed since it began: {', '.join(changed)}; abort it or stop it"
        return Denial("changed", reason)

    def due(self, changed: AbstractSet[str]) -> list[str]:
        """Returns the runs for which something has changed, or whose time has come."""
        now = self._context.clock().wall
        return [
            run_id
            for run_id, active in self.active.items()
            if run_id in changed
            or not changed.isdisjoint(active.driver.run.requests)
            or not changed.isdisjoint(active.driver.related)
            or (active.driver.wakes_at is not None and active.driver.wakes_at <= now)
        ]


class LeftOpen:
    """Runs and cases of a site that no process works on.

    Args:
        start: Starts the work on a run that was taken up.
    """

    def __init__(
        self,
        database: Ledger,
        runs: SiteRuns,
        cases: SiteCases,
        orders: StartOrders,
        start: Callable[[str], None],
        report: Report,
    ) -> None:
        self._database, self._runs, self._cases, self._orders = database, runs, cases, orders
        self._start, self._report = start, report
        self._orphans: list[RunEntry] | None = None  # None until the ledger was read
        self._ended: list[Case] = []  # cases that were not given back, though their run is over

    def look_again(self) -> None:
        """Reads the ledger again with the next call of `hold`."""
        self._orphans = None

    def hold(self) -> None:
        """Holds every run that was open at the start, until an operator resumes it.

        A run that the ledger prevents from being held is retried with the next scan.
        """
        if self._orphans is None or self._runs.is_incomplete:
            self._runs.is_incomplete = False
            found, active = load_runs(self._database, only_open=True), self._runs.active
            self._orphans = [each for each in found if each.run_id not in active]
            self._cases.load()
            self._orders.load()
            left = {"", *(each.run_id for each in found)}
            cases = self._cases.cases.values()
            self._ended = [each for each in cases if each.run_id not in left]
        self._return_ended()
        for entry in list(self._orphans):
            try:
                self._runs.adopt(entry)
                self._start(entry.run_id)
            except LostRace:
                raise
            except HandwheelError as error:  # a damaged run delays no other
                self._report(entry.run_id, f"the run is not processed: {error}")
                if isinstance(error, LedgerError):
                    continue
            self._orphans.remove(entry)

    def _return_ended(self) -> None:
        """Gives back the cases whose run was over when the last process ended."""
        for case in list(self._ended):
            try:
                self._cases.note_run(case.run_id, load_run(self._database, case.run_id), None)
            except LostRace:
                raise
            except LedgerError as error:  # it is tried again with the next scan
                self._report(case.case_id, str(error))
                continue
            self._ended.remove(case)
