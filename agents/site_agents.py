"""Agents of a site, which judge its cases and drive every run."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from math import inf
from time import monotonic

from handwheel.connectors.model.process_clock import Readings
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import Diagnosis, Judgement, judged_body
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.playbooks.engine.states import EventKind
from handwheel.playbooks.execution.opening import RunStart
from handwheel.tools.errors import LedgerError, PermitRefused
from handwheel.tools.guardrails.ledger.runs import asset_owners
from handwheel.tools.guardrails.ledger.store.database import Ledger, LostRace
from handwheel.tools.problem_log import ProblemLog
from handwheel.tools.requests.ids import new_id
from handwheel.tools.requests.timestamps import stamp

from .advice.site_advice import ADVICE, SiteAdvice
from .agent_context import AgentContext
from .cases.closed_orders import ClosedOrders
from .cases.field_answers import OpenAnswers
from .cases.intentions import Intentions
from .cases.site_cases import SiteCases
from .cases.start_orders import StartOrders
from .checkpoints import Checkpoints
from .composing.composer import Composer
from .deviations.case import LETTER, Case
from .graph import Deliberations, Outcome, graph_hash
from .planning.candidates import Candidate, judge_candidate
from .planning.situation import Judged, Situation
from .site_runs import LeftOpen, SiteRuns
from .supervised_run import Tasks, one_line
from .turns import Turns

_DAY_S = 86400.0


class SiteAgents:
    """Agents of one site. The runner lock lets one process at a time do this work."""

    def __init__(self, context: AgentContext) -> None:
        self._report = ProblemLog(__name__)
        composer = Composer(context)
        context = replace(context, rebind=composer.rebind)
        self.cases = SiteCases(context, self._report)
        self.cases.candidates.compose = composer.compose
        own = context.diagnosis  # none without failure modes
        saver, planners, self._ahead = context.checkpointer, context.planners, context.look_ahead
        self.deliberations = Deliberations(self._outcome, saver, own, planners, self._ahead)
        self._context = context
        self._tasks = Tasks()
        hashes = {**context.hashes, "graph": graph_hash()}
        self._runs = SiteRuns(context, self._judge_run, hashes, self._report)
        self._start_orders = StartOrders(context, self.cases)
        self.intentions = Intentions(context, self._report)
        self._left_open = LeftOpen(
            self._database, self._runs, self.cases, self._start_orders, self._start_run,
            self._report,
        )  # fmt: skip
        context.ledger.writer.on_settled.append(self._look_again)
        self._turns = Turns(context, self.cases, self._runs)
        port, now = context.ledger, context.clock
        self._answers = OpenAnswers(port, own, now, self._report) if own else None
        self._advice = SiteAdvice(context, self.cases, self._report)
        self._closed_orders = ClosedOrders(context, self.cases.candidates, self._report)
        self._removed_ms = -inf  # when old checkpoints were removed
        self._changed = set[str]()  # runs, requests and cases that something has changed for
        self._rows = set[str]()  # subjects of the journal's rows that nothing was done about yet
        # Open runs by the equipment that they own, `None` until the ledger was read.
        self._owners: Mapping[str, str] | None = None

    async def work(
        self, latest: Callable[[], Readings], scan: Callable[[], Awaitable[object]]
    ) -> None:
        """Works on every scan of the plant until it is cancelled.

        Args:
            latest: Returns the latest readings.
            scan: Waits for the next scan.

        Raises `LostRace` if another process has the runner lock.
        """
        try:
            self.take_over()
            while True:
                await scan()
                self.scan(latest(), monotonic())
        finally:
            await self.end()

    def take_over(self) -> None:
        """Holds the runs and loads the cases that another process left open."""
        self._guard(self._left_open.hold)

    def scan(self, readings: Readings, monotonic_s: float) -> None:
        """Takes one scan of the plant, and starts what is to be done after it.

        Raises `LostRace` if another process has the runner lock.
        """
        self._tasks.raise_errors()
        self._changed |= self._context.plant.observe(readings, monotonic_s)
        if self._ahead is not None:
            self._ahead.observe()
        self._guard(self._work_once)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is done until the next scan. An error of a task is raised."""
        self._tasks.raise_errors()
        return not self._tasks.names and not (self._ahead and self._ahead.is_busy)

    @property
    def is_advising(self) -> bool:
        """Whether set points are being searched, which takes many predictions."""
        return ADVICE in self._tasks.names

    async def end(self) -> None:
        """Ends what is being done. Runs stay as they are."""
        await self._tasks.end()
        if self._ahead is not None:
            await self._ahead.end()

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
            self._report.end("the ledger", "the gate answers again")
        except LostRace:
            raise
        except LedgerError as error:
            self._report("the ledger", str(error))

    def _look_again(self) -> None:
        """Reads runs and cases again after a change that nobody here has taken in."""
        for run_id, active in self._runs.active.items():
            try:
                active.driver.log.reload()
            except LedgerError as error:  # a damaged run delays no other
                self._report(run_id, str(error))
        self._left_open.look_again()

    def _work_once(self) -> None:
        self._context.ledger.writer.settle()
        self._left_open.hold()
        self._context.ledger.writer.keep()
        self._rows |= self._context.ledger.changed()
        before, owners = self._owners or {}, self._owners
        if self._rows or owners is None:
            self._owners = owners = asset_owners(self._database)
        rows, changed = self._rows, self._changed | self._rows
        if owners != before:
            changed |= self.cases.cases.keys()
        for run_id in self._runs.due(changed):
            if run_id not in self._tasks.names:
                self._start_run(run_id)
        self._start_orders.take(rows)
        self.intentions.take(self._tasks)
        if self._answers is not None:
            self._answers.take(self.cases.cases, rows)
        self._closed_orders.observe()
        closed = self.cases.observe(owners)
        if closed:
            self._tasks.start(f"following {closed[0]}", self._follow_all(closed))
        self._advice.observe(owners, self._tasks)
        self._remove_old()
        if rows - self._runs.active.keys() - self.cases.cases.keys():
            changed |= self.cases.cases.keys()  # an authority, a lockout or a gate may have changed
        for case_id in self._turns.in_order(self.cases.due(changed)):
            if case_id not in self._tasks.names:
                self._tasks.start(case_id, self._judge_case(case_id))
        self._rows, self._changed = set[str](), set[str]()  # else they are tried again

    def _remove_old(self) -> None:
        """Removes old checkpoints at the start and once a day, beside the work on the plant."""
        saver, now = self._context.checkpointer, self._context.clock()
        is_due = now.boot_ms - self._removed_ms >= _DAY_S * 1000.0
        if is_due and isinstance(saver, Checkpoints):
            self._removed_ms = now.boot_ms
            still_open = {*self.cases.cases, *self._runs.active}
            self._tasks.start("old checkpoints", saver.remove_old(now.wall, still_open))

    @property
    def _database(self) -> Ledger:
        return self._context.ledger.context.database

    # --- cases --------------------------------------------------------------------------------

    async def _judge_case(self, case_id: str) -> None:
        """Judges a case, and opens the run of the candidate that is chosen."""
        try:
            case, owners = self.cases.cases.get(case_id), self._owners or {}
            if case is None:
                return  # a run that ended has closed it before this task began
            plant, candidates = self.cases.judge(case, owners)
            candidates = self._turns.take(case, candidates)
            is_free = any(not each.code for each in candidates)
            self._changed |= self._runs.give_way(() if is_free else candidates, self._tasks.names)
            is_new = self.cases.is_new(case, candidates)
            if is_new or (is_free and not self.cases.is_recorded(case, candidates)):
                situation = self.cases.candidates.situation(case, candidates, plant, owners)
                judged = await self.deliberations.judge(case_id, situation)
                if self.cases.cases.get(case_id) is not case:
                    self._changed.add(case_id)
                    return  # it is over, or another playbook has joined it
                self.cases.note_forbidden(case, judged.candidates)
                if judged.chosen is not None and not self._turns.is_up(case, judged.chosen):
                    self._changed.add(case_id)  # another case was faster
                elif judged.chosen is not None:
                    faults = situation.answered(judged.chosen.name)
                    self._begin(case, judged, judged.chosen, plant, faults)
                elif is_new:
                    self.cases.record_judgement(case, judged)
                    self.cases.note_judgement(case_id, judged)
                    self.deliberations.note_recorded(case_id)
            self.cases.escalate(case_id)
            self._report(case_id, "")
        except LostRace:
            raise
        except Exception as error:  # noqa: BLE001 (the supervisor of cases; it is judged again)
            self._changed.add(case_id)
            self._report(case_id, one_line(error))
        finally:
            self._turns.settle(case_id)

    def _begin(
        self, case: Case, judged: Judged, chosen: Candidate, plant: PlantSnapshot,
        faults: tuple[str, ...],
    ) -> None:  # fmt: skip
        """Opens a run with its judgement, and notes with the case that it answers it."""
        log, condition = self._runs.log(new_id("U")), chosen.condition_of(case)
        hashes, by = self._runs.hashes, chosen.begin_by
        start = RunStart(case.case_id, condition, hashes, by, faults=faults, choice=judged.choice)
        try:
            with log.transaction():
                self._runs.open(log, chosen.plan, plant, start)
                body = judged_body(chosen.diagnosis, judged.judgement, plant.now_s)
                log.record(EventKind.JUDGED, **body)
                self.cases.record_judgement(case, judged, log.run_id)
        except PermitRefused:
            self.cases.cases[case.case_id] = case
            return  # another run was faster
        except BaseException:
            self.cases.restore(case)  # as the ledger has it, if nothing was recorded
            self._left_open.look_again()  # else the next scan takes the run up
            raise
        self.cases.note_judgement(case.case_id, judged)
        self.deliberations.note_recorded(case.case_id)
        self._runs.take_up(chosen.plan, log).judged_on = plant
        self._start_run(log.run_id)

    async def _follow_all(self, threads: list[str]) -> None:
        for each in threads:
            try:
                await self.deliberations.follow(each)
            except Exception as error:  # noqa: BLE001 (what is lost is only for people to read)
                self._report(f"the deliberation of {each}", one_line(error))

    def _outcome(self, thread: str) -> Outcome:
        """Returns what came of a case or a run, as the ledger has it."""
        if thread.startswith(f"{LETTER}-"):
            return self.cases.outcome(thread)
        run, is_over = self._runs.run_of(thread), thread not in self._runs.active
        return {"is_over": is_over, "state": str(run.state), "reason": run.reason}

    # --- runs ---------------------------------------------------------------------------------

    async def _judge_run(
        self, run_id: str, plan: BoundPlaybook, found: Diagnosis, needs_evidence: bool
    ) -> Judgement:
        """Judges a run within another, or again one that was resumed."""
        check = self._context.check_plan
        candidate = judge_candidate(plan, found, check, needs_evidence=needs_evidence)
        at, readings = stamp(self._context.clock().wall), self._context.plant.readings
        situation = Situation(at, [candidate], readings, has_written=not needs_evidence)
        judged = await self.deliberations.judge(run_id, situation)
        self.deliberations.note_recorded(run_id)
        return judged.judgement

    def _start_run(self, run_id: str) -> None:
        self._tasks.start(run_id, self._advance(run_id))

    async def _advance(self, run_id: str) -> None:
        active = self._runs.active[run_id]
        await active.advance()
        driver = active.driver
        try:
            noted = self.cases.note_run(run_id, driver.run, driver.plan)
        except LostRace:
            raise
        except LedgerError as error:  # the case is given back with the next change of the run
            self._report(run_id, str(error))
            self._changed.add(run_id)
            return
        if driver.is_over:
            del self._runs.active[run_id]
        await self._follow_all([*([run_id] if driver.is_over else []), *([noted] if noted else [])])
