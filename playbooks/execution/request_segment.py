"""Diagnosis of a run, and the request of its next segment."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.denial import Denial
from handwheel.connectors.errors import NotConnected
from handwheel.tools.conditions import ConditionError
from handwheel.tools.errors import GuardrailError, InvalidArguments
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS, RequestState
from handwheel.tools.requests.request import ActionRequest
from handwheel.tools.requests.values import already_text, is_already

from ..binding.model import BoundPlaybook, Step
from ..run.diagnosis import (
    CheckResult,
    Diagnosis,
    active_triggers,
    diagnose,
    diagnose_in_progress,
)
from ..run.event_log import RunLog
from ..run.ledger_port import LedgerPort, RunAction
from ..run.plant_view import PlantView
from ..run.segments import (
    applied_writes,
    approval_of,
    current_step,
    make_segment_of,
    open_writes,
    segment_steps,
)
from ..run.states import MOVES, EventKind, RunState, StepState


@dataclass(eq=False)
class SegmentRequester:
    """Requests the segments of one run."""

    _plan: BoundPlaybook
    _log: RunLog
    _ledger: LedgerPort
    _plant: PlantView

    @property
    def needs_evidence(self) -> bool:
        """Whether the evidence for the playbook must be met, which it need not after a write."""
        return not any(
            each.may_have_been_sent for each in self._ledger.actions(self._log.run.requests)
        )

    def diagnose(self) -> Diagnosis:
        """Evaluates evidence and permissives on the latest snapshot."""
        readings, history = self._plant.readings, self._plant.history
        if self.needs_evidence:
            return diagnose(self._plan, readings, history)
        return diagnose_in_progress(self._plan, readings, history, self._ledger.context.site.tags)

    def record_collecting(self, found: Diagnosis) -> None:
        """Records for which checks samples are collected, and how long that lasts at least."""
        blocking = found.blocked_by(needs_evidence=self.needs_evidence)
        least_s = ceil(max(each.missing_s for each in blocking))
        checks = ", ".join(each.id for each in blocking)
        reason = f"history for {checks}, at least {format_duration(least_s)} more of plant time"
        self._log.record(EventKind.COLLECTING, reason=reason)

    def record_diagnosis(self, found: Diagnosis) -> None:
        """Records a diagnosis in full."""
        self._log.record(
            EventKind.JUDGED,
            findings=[
                {"id": each.id, "side": each.side, "truth": each.truth.value, "shown": each.shown}
                for each in found.findings
            ],
            blocked_by=[each.id for each in found.blocked_by(needs_evidence=self.needs_evidence)],
            suggests=found.suggestions,
        )

    async def request(self) -> None:
        """Submits the request of the next segment. A segment without writes starts at once.

        A write whose tag reads the wanted value already is left out. If the step at hand needs no
        other write, the run goes on and asks when it comes to one that does.

        Effect: OBSERVE. Retry: see `connectors.client.site_reader`. Timeout: see there.
        """
        self._restart_step()
        actions = self._ledger.actions(self._log.run.requests)
        self._note_already_so(actions)
        run, findings = self._log.run, self.diagnose().findings
        if denial := self._check_latest_request():
            self._refuse(denial.reason)
            return
        if unmet := self._unmet_permissives(findings):
            message = "; ".join(f"{each.id}: {each.shown}" for each in unmet)
            self._refuse(message, [each.id for each in unmet])
            return
        try:
            segment = None
            if not self._is_step_already_so(actions):
                evidence = (*self._active_triggers(), *findings)
                segment = make_segment_of(
                    self._plan, run, self._log.run_id, actions, evidence, self._hold_point_text()
                )
            if segment is None:
                if run.state is not RunState.RUNNING:
                    self._log.record(EventKind.STARTED)
                return
            request = (await self._ledger.submit(segment)).request
        except (GuardrailError, InvalidArguments, NotConnected, ConditionError) as refusal:
            self._refuse(f"the request cannot be submitted: {refusal}")
            return
        _record_submitted(self._log, request)

    def _note_already_so(self, actions: Sequence[RunAction]) -> None:
        """Records which writes of the steps to come are so already, where that has changed."""
        run, readings = self._log.run, self._plant.readings
        for step in segment_steps(self._plan, run):
            if run.step(step.id) is not StepState.PENDING:
                continue
            done = applied_writes(run, step, actions)
            found = [
                each
                for each in step.writes
                if each.tag.name not in done
                and is_already(each.tag, each.value, readings.get(each.tag.name))
            ]
            names = [each.tag.name for each in found]
            if names != list(run.already.get(step.id, ())):
                reason = "; ".join(already_text(each.tag, each.value) for each in found)
                self._log.record(EventKind.ALREADY, step=step.id, tags=names, reason=reason)

    def _is_step_already_so(self, actions: Sequence[RunAction]) -> bool:
        """Whether the step at hand writes something, and all of it is so already."""
        run = self._log.run
        step = current_step(self._plan, run)
        if step is None or not run.already.get(step.id):
            return False
        return not open_writes(run, step, actions)

    def _check_latest_request(self) -> Denial | None:
        run = self._log.run
        if run.state is RunState.RUNNING and run.requests:
            latest = self._ledger.request(run.requests[-1])
            if latest.state is not RequestState.APPROVED:  # revoked, locked out, a new gate
                reason = f"{latest.request.request_id} is {': '.join(latest.status)}"
                return Denial("request_state", reason)
        return None

    def _unmet_permissives(self, findings: tuple[CheckResult, ...]) -> list[CheckResult]:
        run = self._log.run
        actions = self._ledger.actions(run.requests)
        steps = segment_steps(self._plan, run)
        if not any(open_writes(run, each, actions) for each in steps):
            return []
        return [each for each in Diagnosis(findings).blocked_by() if each.side == "permissive"]

    def _active_triggers(self) -> tuple[CheckResult, ...]:
        return active_triggers(self._plan, self._plant.readings, self._plant.history)

    def _hold_point_text(self) -> str:
        steps = segment_steps(self._plan, self._log.run)
        point = steps[0].hold_point if steps else None
        return point.prompt.render(self._plant.readings) if point else ""

    def _refuse(self, reason: str, blocked_by: Sequence[str] = ()) -> None:
        if self._log.run.state is RunState.CHECKING:
            self._log.record(
                EventKind.NOT_STARTED, reason=reason, blocked_by=list(blocked_by), suggested=""
            )
        else:
            self._log.record(EventKind.HOLDING, reason=reason, at_once=True)

    def _restart_step(self) -> None:
        """Resets the interrupted step of a resumed run. No write is repeated.

        A step whose writes all took effect is verified next; any other is pending again.
        """
        run = self._log.run
        step = current_step(self._plan, run) if run.state is RunState.RESTARTING else None
        if step is None:
            return
        state = run.step(step.id)
        if state in {StepState.PERFORM, StepState.FAILED}:
            self._move(step, StepState.PENDING)
        elif state is StepState.COMMAND:
            is_done = not open_writes(run, step, self._ledger.actions(run.requests))
            to = StepState.VERIFY if step.verify else StepState.DONE
            self._move(step, to if is_done else StepState.PENDING)

    def _move(self, step: Step, to: StepState) -> None:
        self._log.record(EventKind.STEP, step=step.id, to=to.value, reason="the run resumes")

    def is_decided(self) -> bool:
        """Whether the request that the run waits for is decided."""
        return self._ledger.request(self._log.run.requests[-1]).state not in WAITING_REQUESTS

    def read_decision(self) -> None:
        """Reads the decision on the request from the ledger. Does nothing if there is none."""
        record = self._ledger.request(self._log.run.requests[-1])
        approval = approval_of(self._plan, segment_steps(self._plan, self._log.run))
        if record.state in WAITING_REQUESTS:
            return
        if record.state is RequestState.APPROVED:
            self._log.record(EventKind.APPROVED, request_id=record.request.request_id)
        elif record.state is RequestState.REJECTED:
            for each in self._log.run.requests:
                self._ledger.end(each, f"the run was stopped: {record.reason}")
            self._log.record(EventKind.REJECTED, reason=record.reason)
        elif record.state is RequestState.EXPIRED and approval and approval.on_timeout == "stop":
            self._log.record(EventKind.STOPPING, reason=record.reason)
        else:
            self._log.record(EventKind.HOLDING, reason=f"{record.state}: {record.reason}")


def adopt_submitted(log: RunLog, ledger: LedgerPort) -> None:
    """Records a request that the run submitted before its process ended.

    Otherwise it could be approved while the run is held, and would count after a resume.
    """
    if log.run.state not in MOVES[EventKind.FILED][0]:
        return
    for each in ledger.requests_of(log.run_id):
        is_known = each.request.request_id in log.run.requests
        if not is_known and each.state is not RequestState.DENIED:
            _record_submitted(log, each.request)
            return  # at most one


def _record_submitted(log: RunLog, request: ActionRequest) -> None:
    log.record(
        EventKind.FILED,
        request_id=request.request_id,
        steps=list(dict.fromkeys(str(each.step) for each in request.commands)),
        within_s=request.within_s,
    )
