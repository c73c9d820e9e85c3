"""Agents of a site, which watch the triggers and drive every run through the graph."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import ConfigError, HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.binding.model import BoundPlaybook, owned_by
from handwheel.playbooks.engine.diagnosis import Diagnosis, Judgement, diagnose
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import INACTIVE, RunState
from handwheel.playbooks.execution.driver import PROCESS_ENDED, Ports, RunDriver, hold_run
from handwheel.playbooks.execution.event_log import RunLog
from handwheel.playbooks.execution.opening import RunStart, open_run
from handwheel.playbooks.execution.work_orders import Maintenance
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.runner_lock import renew_runner_lock
from handwheel.tools.guardrails.ledger.runs import RunEntry, asset_owners, load_runs
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace
from handwheel.tools.requests.ids import new_id

from .abstention import Abstentions, Blocked, plan_name
from .agent_context import AgentContext
from .graph import Deliberations, graph_hash
from .planner import blocking
from .supervised_run import SupervisedRun
from .triggers import TriggerWatch

_KEEP_S = 1.0

_logger = logging.getLogger(__name__)


class SiteAgents:
    """Agents of one site. The runner lock lets one process at a time do this work."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        self._active: dict[str, SupervisedRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._watches = [TriggerWatch(plan) for plan in context.plans]
        self.deliberations = Deliberations(self._find, context.checkpointer)
        self._ports = Ports(context.ledger, context.plant, context.clock, self._judge)
        self._hashes = {**context.hashes, "graph": graph_hash()}
        self._orphans: list[RunEntry] | None = None  # None until the ledger was read
        self._reported: dict[str, str] = {}
        self._kept_ms = context.clock().boot_ms
        self._changed = set[str]()  # runs and requests that something has changed for
        state = context.ledger.context.site.state
        self._abstentions = Abstentions(state, context.clock, self._report)

    async def work(self, latest: Callable[[], Readings], scan_s: float) -> None:
        """Watches the latest readings every `scan_s` seconds and works until it is cancelled.

        Raises `LostRace` if another process has the runner lock.
        """
        try:
            self._guard(self._hold_open_runs)
            while True:
                await asyncio.sleep(scan_s)
                self.scan(latest(), monotonic())
        finally:
            await self._end_tasks()

    def scan(self, readings: Readings, monotonic_s: float) -> None:
        """Takes one scan of the plant, and starts what is to be done after it.

        Raises `LostRace` if another process has the runner lock.
        """
        self._raise_task_errors()
        self._changed |= self._context.plant.observe(readings, monotonic_s)
        self._guard(self._work_once)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
            self._report("the ledger", "")
        except LostRace:
            raise
        except LedgerError as error:
            self._report("the ledger", str(error))

    def _work_once(self) -> None:
        self._hold_open_runs()
        self._keep_lock()
        self._advance_runs()
        self._evaluate_triggers()

    def _keep_lock(self) -> None:
        """Renews the runner lock and expires old requests, since no gate may be running."""
        now = self._context.clock()
        if now.boot_ms - self._kept_ms >= _KEEP_S * 1000.0:
            renew_runner_lock(self._database, self._context.ledger.holder, now)
            sweep(self._database, now)
            self._kept_ms = now.boot_ms

    @property
    def _database(self) -> Database:
        return self._context.ledger.context.database

    async def _end_tasks(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _raise_task_errors(self) -> None:
        for run_id, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[run_id]
                task.result()

    def _advance_runs(self) -> None:
        """Advances each run that waits and for which something has changed."""
        self._changed |= self._context.ledger.changed()
        now, changed = self._context.clock().wall, self._changed
        for run_id, active in self._active.items():
            driver = active.driver
            is_due = driver.wakes_at is not None and driver.wakes_at <= now
            is_changed = run_id in changed or not changed.isdisjoint(driver.run.requests)
            if run_id not in self._tasks and (is_due or is_changed):
                self._start(run_id)
        self._changed = set[str]()

    def _find(self, run_id: str) -> Run | None:
        active = self._active.get(run_id)
        return active.driver.run if active else None

    async def _judge(
        self, run_id: str, plan: BoundPlaybook, diagnosis: Diagnosis, needs_evidence: bool
    ) -> Judgement:
        denial = self._context.check_plan(plan)
        return await self.deliberations.judge(
            run_id, diagnosis, denial, needs_evidence=needs_evidence
        )

    # --- runs that another process left open --------------------------------------------------

    def _hold_open_runs(self) -> None:
        """Holds every run that was open at the start, until an operator resumes it.

        A run that the ledger prevents from being held is retried with the next scan.
        """
        if self._orphans is None:
            self._orphans = load_runs(self._database, only_open=True)
        for entry in list(self._orphans):
            try:
                self._adopt(entry)
            except LostRace:
                raise
            except HandwheelError as error:  # a damaged run delays no other
                self._report(entry.run_id, f"the run is not processed: {error}")
                if isinstance(error, LedgerError):
                    continue
            self._orphans.remove(entry)

    def _adopt(self, entry: RunEntry) -> None:
        log = self._log(entry.run_id)
        opening = log.run.opening
        try:
            plan = self._context.rebind(entry.playbook, opening.get("roles", {}))
        except ConfigError as error:
            hold_run(log, self._context.ledger, f"its playbook cannot be used: {error}")
            raise
        active = self._open_run(plan, log)
        for watch in self._watches:  # its trigger has fired already
            if (watch.plan.id, watch.plan.roles) == (plan.id, plan.roles):
                watch.is_armed = False
        active.driver.hold(PROCESS_ENDED)
        if denial := self._check_unchanged(opening, plan):
            active.driver.forbid_resume(denial)
        self._start(entry.run_id)

    def _check_unchanged(self, opening: Mapping[str, Any], plan: BoundPlaybook) -> Denial | None:
        """Returns a denial if a file or the graph has changed since the run began."""
        before = {**dict(opening.get("hashes", {})), "playbook": opening.get("digest")}
        now = {**self._hashes, "playbook": plan.digest}
        changed = sorted(name for name in now if before.get(name) != now[name])
        if not changed:
            return None
        reason = f"changed since it began: {', '.join(changed)}; abort it or stop it"
        return Denial("changed", reason)

    # --- triggers -----------------------------------------------------------------------------

    def _evaluate_triggers(self) -> None:
        owners = asset_owners(self._database)
        for watch in self._watches:
            assets = owned_by(watch.plan, self._context.ledger.context.site)
            owner = next((owners[each] for each in sorted(owners.keys() & set(assets))), "")
            trigger = watch.evaluate(self._context.plant, is_owned=bool(owner))
            self._report(f"the triggers of {plan_name(watch.plan)}", watch.problem)
            blocked = self._blocked(watch, owner)
            condition = self._condition(watch) if blocked is not None else ""
            self._abstentions.note(watch.plan, condition, blocked)
            if trigger is not None and not owner and blocked is None:
                self._begin(watch, trigger.place, self._condition(watch))
            is_free = watch.is_wanted and not owner and blocked is None
            if watch.may_try_again(self._context.plant.now_s, is_free=is_free):
                self._begin(watch, *watch.begun)
        self._abstentions.publish()

    def _condition(self, watch: TriggerWatch) -> str:
        """Returns the condition of the trigger that is due, with its values."""
        plant = self._context.plant
        if watch.due is None:
            return watch.begun[1]
        return watch.due.condition.shown(plant.readings, plant.history)

    def _blocked(self, watch: TriggerWatch, owner: str) -> Blocked | None:
        """Returns why a playbook that is due does not start."""
        if not watch.is_wanted:
            return Blocked("trigger", watch.problem, is_told=True) if watch.problem else None
        if owner:
            return self._blocked_by_run(watch, owner)
        if watch.is_armed:
            return self._blocked_by_check(watch.plan)
        if watch.not_started is None:
            return None  # its run was carried out, or a person has ended it
        return self._blocked_now(watch)

    def _blocked_now(self, watch: TriggerWatch) -> Blocked | None:
        """Returns what prevents a run that did not start from being tried again."""
        plant, before = self._context.plant, watch.not_started
        found = blocking(diagnose(watch.plan, plant.snapshot()))
        found = found or self._blocked_by_check(watch.plan)
        if found is None and before is not None and plant.now_s < before.until_s:
            return Blocked("refused", before.reason)
        return found

    def _blocked_by_check(self, plan: BoundPlaybook) -> Blocked | None:
        """Returns why a run that writes may not start. It needs a running gate."""
        denial = self._context.check_plan(plan)
        return Blocked(denial.code, denial.reason) if denial else None

    def _blocked_by_run(self, watch: TriggerWatch, owner: str) -> Blocked | None:
        """Returns that another run, or an earlier one of the playbook, owns the equipment."""
        active = self._active.get(owner)
        if active is None:
            return Blocked("owner", _owned_text(owner))
        plan, state = active.driver.plan, active.driver.run.state
        is_own = (plan.id, plan.roles) == (watch.plan.id, watch.plan.roles)
        is_again = state in INACTIVE and watch.rose_while_owned
        return Blocked("owner", _owned_text(owner)) if is_again or not is_own else None

    def _begin(self, watch: TriggerWatch, place: str, shown: str) -> None:
        """Begins a run, and disarms its trigger once the run is in the ledger."""
        context, log = self._context, self._log(new_id("U"))
        start = RunStart(place, shown, self._hashes)
        site, plant = context.ledger.context.site, context.plant
        if open_run(log, watch.plan, site, plant.readings, plant.now_s, start):
            return  # another run was faster
        self._open_run(watch.plan, log)
        watch.is_armed, watch.not_started, watch.begun = False, None, (place, shown)
        self._start(log.run_id)

    def _note_end(self, driver: RunDriver) -> None:
        """Notes that a run did not start, and begins what its evidence suggests instead."""
        run, plan = driver.run, driver.plan
        for watch in self._watches:
            if (watch.plan.id, watch.plan.roles) != (plan.id, plan.roles):
                continue
            if run.state is not RunState.NOT_STARTED:
                watch.suggested_by = None
                continue
            found = self._blocked_now(watch)
            now_s = self._context.plant.now_s
            watch.note_not_started(run.reason, now_s, is_observed=found is not None)
            blocked = found or Blocked("refused", run.reason)
            blocked = replace(blocked, is_told=True)  # by the run's own event
            self._abstentions.note(plan, self._condition(watch), blocked)
            self._begin_suggested(driver, watch)

    def _begin_suggested(self, driver: RunDriver, by: TriggerWatch) -> None:
        """Begins the playbook that the evidence suggests, unless it has run already."""
        for watch in self._watches:
            if watch.plan.id != driver.run.suggested or not watch.is_armed:
                continue
            if self._blocked_by_check(watch.plan) is None:
                watch.suggested_by = by
                self._begin(watch, f"suggested by {driver.run_id}", driver.run.reason)
                return

    # --- runs ---------------------------------------------------------------------------------

    def _log(self, run_id: str) -> RunLog:
        return RunLog(self._database, run_id, self._context.ledger.holder, self._context.clock)

    def _open_run(self, plan: BoundPlaybook, log: RunLog) -> SupervisedRun:
        context, site = self._context, self._context.ledger.context.site
        maintenance = Maintenance(
            plan, log, context.plant, context.workorders, site.id, context.clock
        )
        driver = RunDriver(plan, log, self._ports, maintenance)
        active = SupervisedRun(driver, context.ledger, self._report)
        self._active[log.run_id] = active
        return active

    def _start(self, run_id: str) -> None:
        self._tasks[run_id] = asyncio.create_task(self._advance(run_id), name=f"run {run_id}")

    async def _advance(self, run_id: str) -> None:
        active = self._active[run_id]
        await active.advance()
        if not active.driver.is_over:
            return
        try:
            self._note_end(active.driver)
            await self.deliberations.close(run_id)
        except LedgerError as error:
            self._report(run_id, str(error))
        del self._active[run_id]

    def _report(self, about: str, problem: str) -> None:
        """Logs a problem once, not with every scan."""
        if self._reported.get(about) != problem:
            self._reported[about] = problem
            if problem:
                _logger.warning("%s: %s", about, problem)


def _owned_text(owner: str) -> str:
    """Returns that a run owns the equipment, and the command that shows it."""
    return f"{owner} owns its equipment; {next_step('runs', 'show', owner)}"
