"""Cases of a site, each open until its deviation is over or a run has answered it."""

from collections.abc import Mapping, Sequence
from typing import Any

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.engine.diagnosis import diagnose
from handwheel.playbooks.engine.inputs import PlantSnapshot
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import RunState
from handwheel.playbooks.execution.agent_names import SUPERVISOR, owner_of
from handwheel.tools.errors import LedgerError
from handwheel.tools.requests.ids import new_id

from ..agent_context import CaseContext
from ..deviations.case import LETTER, Case, CaseEvent, CaseLog, case_ids, load_case
from ..deviations.deviation import STEADY_S
from ..deviations.triggers import TriggerWatch
from ..planning.candidates import Candidate
from ..planning.situation import Judged
from ..supervised_run import Report
from .case_candidates import CaseCandidates
from .case_deviations import CaseDeviations
from .case_memory import CaseMemory
from .reask import after_pause, due_escalations, is_failure, once_steady, send, waits_for_people
from .schedules import Schedules, Watches

JUDGED_EVERY_S = 10.0
"""How long a case is not judged again at most while nothing changes, process time."""
_REMOVED = "nobody follows the deviation, since its playbooks are not in use any more"


class SiteCases:
    """Open cases of a site, with the triggers that open them."""

    def __init__(self, context: CaseContext, report: Report) -> None:
        self.cases: dict[str, Case] = {}
        self._context, self._report = context, report
        self.watches = Watches(context)
        self._watches = self.watches.by_name
        self._log = CaseLog(context.ledger.writer)
        self._memories: dict[str, CaseMemory] = {}
        self._schedules = Schedules(self._log, self._watches)
        own = context.diagnosis
        self._deviations = CaseDeviations(context, own) if own else None  # none without modes
        self.candidates = CaseCandidates(context, self.watches, self._deviations)
        self._queues = self.candidates.admission.queues

    def load(self) -> None:
        """Loads the cases that were open when the last process ended."""
        database = self._context.ledger.context.database
        for case_id in case_ids(database):
            try:
                self.cases[case_id] = case = load_case(database, case_id)
                for name in case.done & self._watches.keys():
                    self._watches[name].is_armed = False
            except LedgerError as error:  # a damaged case delays no other
                self._report(case_id, str(error))
        self._schedules.load(self.cases.values(), self._context.clock())
        if self._deviations is not None:
            self._deviations.resume(self.cases.values())

    def observe(self, owners: Mapping[str, str]) -> list[str]:
        """Evaluates the triggers on a scan, and diagnoses it. Returns the cases that are over.

        Args:
            owners: Open runs by the equipment that they own.
        """
        plant, now = self._context.plant, self._context.clock()
        scheduled = list(self._schedules.look(now))
        found_in = {n: case.case_id for case in self.cases.values() for n in case.playbooks}
        for watch in [each for each in self._watches.values() if not each.is_quiet(plant)]:
            watch.evaluate(plant, is_owned=not owners.keys().isdisjoint(watch.owned))
            self._report(watch.name, watch.problem)
            if watch.is_armed and (watch.due or watch.problem):
                self._open(watch, self.cases.get(found_in.get(watch.name, "")))
        self._take_deviations()
        for name in scheduled:  # after its case was opened, so that none is lost
            self._schedules.note_due(name)
        gone = [each for each in self.cases.values() if not each.run_id and self._is_gone(each)]
        for each in gone:
            is_followed = self.candidates.known(each) or each.deviations
            self._close(each, "the deviation is over" if is_followed else _REMOVED)
        return [each.case_id for each in gone]

    def _open(self, watch: TriggerWatch, known: Case | None) -> None:
        """Opens a case, or adds the playbook to one over the same equipment or fault.

        One that has completed for its case is added again, since its deviation is a new one.

        Args:
            known: The case that the playbook belongs to already.
        """
        if known is not None and watch.name not in known.done:
            return
        body = self._opening(watch)
        is_own = watch.plan.concurrency.policy != "reject"  # it is judged beside a run
        for case in [known] if known else self.cases.values():
            if is_own and case.run_id:
                continue
            if self.candidates.is_about(watch, case):
                self._record(case, CaseEvent.JOINED, body)
                return
        self._record(Case(new_id(LETTER)), CaseEvent.OPENED, body)

    def _take_deviations(self) -> None:
        """Adds alarms and confirmed faults to the cases that they belong to, or opens some."""
        if (own := self._deviations) is None:
            return
        new = own.observe(self._context.plant, self.cases.values())
        self._report("diagnosis", "; ".join(f"{n}: {why}" for n, why in own.faults.items()))
        for each in new:
            triggered, cases = self.candidates.triggered, self.cases.values()
            home = (one for one in cases if own.joins(each, one, triggered(one)))
            body = {"condition": each.text, "playbook": "", "place": "", "deviation": each.id}
            if case := next(home, None):
                self._record(case, CaseEvent.JOINED, body)
            elif own.opens(each) and not self.candidates.has_answered(each):
                self._record(Case(new_id(LETTER)), CaseEvent.OPENED, body)

    def _opening(self, watch: TriggerWatch) -> Mapping[str, object]:
        return {
            "condition": watch.condition(self._context.plant), "playbook": watch.name,
            "place": watch.due.place if watch.due else "",
        }  # fmt: skip

    def _is_gone(self, case: Case) -> bool:
        """Whether the deviation is over for a while, since a value may cross its limit often."""
        known, plant, memory = self.candidates.known(case), self._context.plant, self._of(case)
        if not known and not case.deviations:
            return True
        stands = self._deviations is not None and bool(self._deviations.of(case))
        if stands or not all(each.is_gone(plant) and not each.problem for each in known):
            memory.gone_since_s = None
            return False
        since_s = memory.gone_since_s = memory.gone_since_s or plant.now_s
        return plant.now_s - since_s >= STEADY_S

    def _record(self, case: Case, kind: CaseEvent, body: Mapping[str, object]) -> Case:
        case = self._log.record(case, kind, body)
        self.cases[case.case_id] = case
        return case

    def _close(self, case: Case, reason: str) -> None:
        self._record(case, CaseEvent.CLOSED, {"reason": reason})
        del self.cases[case.case_id]
        self._queues.leave(case.case_id)
        self._memories.pop(case.case_id, None)
        self._context.plant.await_change(case.case_id, None)

    def due(self, changed: set[str]) -> list[str]:
        """Returns the cases without a run of which an input has changed."""
        return [
            case.case_id
            for case in self.cases.values()
            if not case.run_id
            and (case.case_id in changed or self.candidates.names(case) != self._of(case).wanted)
        ]

    def _of(self, case: Case) -> CaseMemory:
        return self._memories.setdefault(case.case_id, CaseMemory())

    def judge(self, case: Case, owners: Mapping[str, str]) -> tuple[PlantSnapshot, list[Candidate]]:
        """Judges every candidate of a case on one snapshot, in the order of the site."""
        plant = self._context.plant.snapshot()
        plant.is_past(plant.now_s + JUDGED_EVERY_S)
        self._of(case).wanted = self.candidates.names(case)
        self._queues.leave(case.case_id)
        found = self.candidates.judge(case, plant, owners)
        self._context.plant.await_change(case.case_id, plant)
        memory, wall, now_s = self._of(case), self._context.clock().wall, plant.now_s
        found = after_pause(case, found, wall, now_s, memory.differs_since_s)
        if self._deviations is not None:
            found = once_steady(found, memory.wanted or (), now_s, memory.free_since_s)
        return plant, memory.without_forbidden(found, now_s)

    def note_forbidden(self, case: Case, candidates: Sequence[Candidate]) -> None:
        """Notes what the twin forbids, so that it is not asked again at once."""
        self._of(case).note_forbidden(candidates, self._context.plant.now_s)

    def is_new(self, case: Case, candidates: list[Candidate]) -> bool:
        """Whether the judgement of a case is another than the one that was recorded."""
        if not candidates and not case.deviations:
            return False
        key = self.candidates.key(case, candidates)
        return self._of(case).is_new(key, self._context.clock().boot_ms)

    def is_recorded(self, case: Case, candidates: list[Candidate]) -> bool:
        """Whether the judgement of a case is the same as the one that was recorded last."""
        return self._of(case).key == self.candidates.key(case, candidates)

    def record_judgement(
        self, case: Case, judged: Judged, run_id: str = "",
        asks: Mapping[str, object] | None = None,
    ) -> None:  # fmt: skip
        """Records the judgement of a case, of which `note_judgement` is told once it is recorded.

        Args:
            run_id: The run that answers it now; empty for none.
            asks: What a shadow would ask for.
        """
        chosen, candidates = judged.chosen, list(judged.candidates)
        body: dict[str, object] = {
            "choice": chosen.name if chosen else "", "reason": judged.judgement.reason,
            "candidates": [each.fields() for each in candidates],
            "agent": owner_of(chosen.plan) if chosen else SUPERVISOR,
        }  # fmt: skip
        if chosen is not None and chosen.name not in case.playbooks:
            # Its own trigger, which may follow, belongs to this case.
            why = chosen.condition or "suggested by evidence"
            joined = {"condition": why, "playbook": chosen.name, "place": ""}
            case = self._record(case, CaseEvent.JOINED, joined)
        body |= ({"run_id": run_id} if run_id else {}) | ({"asks": dict(asks)} if asks else {})
        body |= judged.kept
        self._record(case, CaseEvent.JUDGED, body)

    def note_judgement(self, case_id: str, judged: Judged) -> None:
        """Notes that the judgement of a case is recorded, so that the same is not judged again."""
        case = self.cases[case_id]
        if case.run_id:
            self._queues.leave(case_id)
            self._context.plant.await_change(case_id, None)
        key = self.candidates.key(case, list(judged.candidates))
        self._of(case).note(key, self._context.clock().boot_ms)

    def restore(self, case: Case) -> None:
        """Takes a case back as it was, to judge it anew, since nothing was recorded."""
        self.cases[case.case_id] = case
        self._memories.pop(case.case_id, None)

    def about(self, name: str) -> str:
        """Returns the open case that a playbook belongs to, empty for none."""
        found = (each for each in self.cases.values() if name in each.playbooks)
        return next((each.case_id for each in found if name not in each.done), "")

    def open_ordered(self, case_id: str, watch: TriggerWatch) -> None:
        """Opens the case of an order."""
        self._record(Case(case_id), CaseEvent.OPENED, self._opening(watch))

    def refuse(self, case_id: str, reason: str) -> None:
        """Closes the case of an order that is refused."""
        self._log.record(Case(case_id), CaseEvent.CLOSED, {"reason": reason})

    def note_run(self, run_id: str, run: Run, plan: BoundPlaybook | None) -> str:
        """Gives a case back whose run is over, aborted, or was not approved in time.

        Returns the id of the case if it was given back or answered.
        """
        case = next((each for each in self.cases.values() if run_id in each.runs), None)
        if case is None or not (run.is_closed or waits_for_people(run)):
            return ""
        if case.returned.get("run_id") == run_id and case.returned["state"] == run.state.value:
            return ""  # given back already
        name = str(case.judgement["choice"] if case.run_id else case.returned["playbook"])
        plant, found = self._context.plant.snapshot(), list[Candidate]()
        if plan is not None:
            own = Candidate(plan, diagnose(plan, plant))
            found = [own, *self.candidates.judge(case, plant, {})]
        body = {
            "run_id": run_id, "playbook": name, "state": run.state.value,
            "reason": run.reason or str(run.state), "is_unread": run.is_unread,
            "is_failure": is_failure(run),
            "signature": sorted({line for each in found for line in each.signature}),
        }  # fmt: skip
        is_answered = run.state is RunState.COMPLETE
        try:
            with self._log.transaction():
                after = self._record(case, CaseEvent.RETURNED, body)
                self._schedules.note_end(name, run)
                if is_answered and not self.candidates.is_unanswered(after, name):
                    if self._deviations is not None:
                        self._deviations.note_answered(after)
                    self._close(after, f"answered by {run_id}")
        except BaseException:
            self.cases[case.case_id] = case  # nothing was recorded
            raise
        self._schedules.end(name, run)
        self._memories.pop(case.case_id, None)
        if is_answered and name in self._watches:
            self._watches[name].is_armed = False
        return case.case_id

    def outcome(self, case_id: str) -> dict[str, Any]:
        """Returns what came of a case, as the ledger has it."""
        is_over = case_id not in self.cases
        case = load_case(self._log.database, case_id) if is_over else self.cases[case_id]
        return {"is_over": is_over, **case.outcome}

    def escalate(self, case_id: str) -> None:
        """Tells people that nobody answers an open case, as its playbooks say."""
        if (case := self.cases.get(case_id)) is None:
            return
        plans = [each.plan for each in self.candidates.wanted(case)]
        now = self._context.clock().wall
        for due in due_escalations(case, plans, now):
            for problem in send(self._context.workorders, case, due, now):
                self._report(case.case_id, problem)
            body = {"key": due.key, "to": list(due.to), "text": due.text}
            case = self._record(case, CaseEvent.ESCALATED, body)
