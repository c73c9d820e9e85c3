"""The agents of a site: they watch the triggers, and take every run through the graph."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from handwheel.connectors.errors import ConfigError, HandwheelError
from handwheel.playbooks.binding.model import BoundPlaybook, Trigger, owned_by
from handwheel.playbooks.execution.hold import DIED, hold
from handwheel.playbooks.execution.runner import Opening, Runner
from handwheel.playbooks.run.event_log import RunLog
from handwheel.playbooks.run.plant_view import Readings
from handwheel.playbooks.run.states import AT_REST, RunState
from handwheel.playbooks.run.work_orders import Maintenance
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.runner_lease import renew_lease
from handwheel.tools.guardrails.ledger.runs import (
    RunEntry,
    asset_owners,
    load_runs,
    new_run_id,
)
from handwheel.tools.guardrails.ledger.store.database import Database, LostRace

from .agent_context import CaseFile, Means
from .driver import Driver
from .graph import build_graph, graph_hash
from .triggers import TriggerWatch

_KEEP_S = 1.0

_logger = logging.getLogger(__name__)


class Crew:
    """Everything that the agents of one site do; one process at a time, by a lease.

    Args:
        means: What it works with.
    """

    def __init__(self, means: Means) -> None:
        self._means = means
        self._cases: dict[str, CaseFile] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._watches = [TriggerWatch(plan) for plan in means.plans]
        self._graph = build_graph(self._cases.__getitem__, means.checkpointer)
        self._hashes = {**means.hashes, "graph": graph_hash()}
        self._left_behind: list[RunEntry] | None = None  # not known until the ledger was read
        self._told: dict[str, str] = {}
        self._kept_ms = means.clock().boot_ms

    async def work(self, latest: Callable[[], Readings], scan_s: float) -> None:
        """Watches and works until it is cancelled.

        Args:
            latest: Returns the latest reading of each tag.
            scan_s: How often to look, seconds.

        Raises:
            LostRace: Another process works on the site's runs by now.
        """
        try:
            self._bear(self._take_up_what_is_open)
            while True:
                await asyncio.sleep(scan_s)
                await self._means.plant.observe(latest(), monotonic())
                self._raise_faults()
                self._bear(self._look_around)
        finally:
            await self._end_tasks()

    def _bear(self, work: Callable[[], None]) -> None:
        """Works as far as the ledger lets it, and tells why it went no further."""
        try:
            work()
            self._tell("the ledger", "")
        except LostRace:
            raise
        except LedgerError as error:
            self._tell("the ledger", str(error))

    def _look_around(self) -> None:
        self._take_up_what_is_open()
        self._keep_house()
        self._look_at_triggers()

    def _keep_house(self) -> None:
        """Keeps the lease, and ends what has waited too long: there may be no gate to do so."""
        now = self._means.clock()
        if now.boot_ms - self._kept_ms >= _KEEP_S * 1000.0:
            renew_lease(self._database, self._means.desk.holder, now)
            sweep(self._database, now)
            self._kept_ms = now.boot_ms

    @property
    def _database(self) -> Database:
        return self._means.desk.bench.database

    async def _end_tasks(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def _raise_faults(self) -> None:
        for run_id, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[run_id]
                task.result()

    # --- what another process has left behind -------------------------------------------------

    def _take_up_what_is_open(self) -> None:
        """Holds every run that was open at the start: nothing goes on in silence after a death.

        What the ledger keeps it from is tried again with the next look.
        """
        if self._left_behind is None:
            self._left_behind = load_runs(self._database, only_open=True)
        for entry in list(self._left_behind):
            try:
                self._take_up(entry)
            except LostRace:
                raise
            except HandwheelError as error:  # one that is damaged holds up no other
                self._tell(entry.run_id, f"nobody works on it: {error}")
                if isinstance(error, LedgerError):
                    continue
            self._left_behind.remove(entry)

    def _take_up(self, entry: RunEntry) -> None:
        log = self._log(entry.run_id)
        opening = log.run.opening
        try:
            plan = self._means.rebind(entry.playbook, opening.get("roles", {}))
        except ConfigError as error:
            hold(log, self._means.desk, f"its playbook cannot be used any more: {error}")
            raise
        case = self._open_case(plan, log)
        for watch in self._watches:  # it has fired already
            if (watch.plan.id, watch.plan.roles) == (plan.id, plan.roles):
                watch.is_armed = False
        hold(log, self._means.desk, DIED)
        if reason := self._changed(opening, plan):
            case.runner.forbid(reason)
        self._start(entry.run_id)

    def _changed(self, opening: Mapping[str, Any], plan: BoundPlaybook) -> str:
        """Returns what is not as it was when a run began; empty if all is."""
        before = {**dict(opening.get("hashes", {})), "playbook": opening.get("digest")}
        now = {**self._hashes, "playbook": plan.digest}
        changed = sorted(name for name in now if before.get(name) != now[name])
        if not changed:
            return ""
        return f"it began under another {', '.join(changed)}; abort it, or stop it"

    # --- triggers -----------------------------------------------------------------------------

    def _look_at_triggers(self) -> None:
        owners = asset_owners(self._database)
        for watch in self._watches:
            assets = owned_by(watch.plan, self._means.desk.bench.site)
            owner = next((owners[each] for each in sorted(owners.keys() & set(assets))), "")
            trigger = watch.look(self._means.plant, is_owned=bool(owner))
            self._tell(f"the triggers of {_name(watch.plan)}", watch.trouble)
            if owner:
                if watch.rises and self._rests(owner):
                    self._tell(_name(watch.plan), _owned(owner))
            elif trigger is None:
                self._tell(_name(watch.plan), "")  # else the next time would go untold
            elif self._may_begin(watch.plan):
                self._begin(watch, trigger.place, self._shown(trigger))

    def _rests(self, run_id: str) -> bool:
        """Whether a run that owns equipment waits for a person."""
        case = self._cases.get(run_id)
        return case is None or case.runner.run.state in AT_REST

    def _may_begin(self, plan: BoundPlaybook) -> bool:
        """Whether a run may begin; one that writes needs a gate that is there."""
        reason = self._means.check(plan) if plan.approval is not None else ""
        self._tell(_name(plan), f"is due, and does not begin: {reason}" if reason else "")
        return not reason

    def _shown(self, trigger: Trigger) -> str:
        return trigger.condition.shown(self._means.plant.readings, self._means.plant.history)

    def _begin(self, watch: TriggerWatch, place: str, shown: str) -> None:
        """Begins a run; its trigger has fired only once the run is in the ledger."""
        log = self._log(new_run_id())
        case = self._open_case(watch.plan, log)
        try:
            owner = case.runner.open(Opening(place, shown, self._hashes))
        except HandwheelError:
            del self._cases[log.run_id]
            raise
        if owner:
            del self._cases[log.run_id]
            self._tell(_name(watch.plan), _owned(owner))
            return
        watch.is_armed = False
        self._start(log.run_id)

    def _begin_suggested(self, case: CaseFile) -> None:
        """Begins the playbook that the evidence speaks for instead, unless it has run already."""
        if case.runner.run.state is not RunState.NOT_STARTED:
            return
        for watch in self._watches:
            if watch.plan.id == case.runner.run.suggested and watch.is_armed:
                place, reason = f"suggested by {case.runner.run_id}", case.runner.run.reason
                try:
                    if self._may_begin(watch.plan):
                        self._begin(watch, place, reason)
                        return
                except LedgerError as error:
                    self._tell(_name(watch.plan), str(error))
                    return

    # --- runs ---------------------------------------------------------------------------------

    def _log(self, run_id: str) -> RunLog:
        return RunLog(self._database, run_id, self._means.desk.holder, self._means.clock)

    def _open_case(self, plan: BoundPlaybook, log: RunLog) -> CaseFile:
        means = self._means
        maintenance = Maintenance(plan, log, means.plant, means.workorders, means.clock)
        runner = Runner(plan, log, means.desk, means.plant, maintenance, means.clock)
        case = CaseFile(runner, means.check)
        self._cases[log.run_id] = case
        return case

    def _start(self, run_id: str) -> None:
        self._tasks[run_id] = asyncio.create_task(self._drive(run_id), name=f"run {run_id}")

    async def _drive(self, run_id: str) -> None:
        case = self._cases[run_id]
        await Driver(self._means, self._graph, case, self._tell).drive()
        del self._cases[run_id]
        self._begin_suggested(case)

    def _tell(self, about: str, trouble: str) -> None:
        """Tells a trouble once, not with every look."""
        if self._told.get(about) != trouble:
            self._told[about] = trouble
            if trouble:
                _logger.warning("%s: %s", about, trouble)


def _owned(owner: str) -> str:
    return f"is due, and does not begin: {owner} owns its equipment: handwheel runs show {owner}"


def _name(plan: BoundPlaybook) -> str:
    """Returns what tells a plan from another of the same playbook."""
    return f"{plan.id} ({', '.join(plan.roles.values())})" if plan.roles else plan.id
