"""Phase of a run, computed from its events and its requests."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from handwheel.tools.guardrails.ledger.store.states import RequestState

from ..binding.model import BoundPlaybook, Step
from .ledger_port import IN_PROGRESS, RunAction
from .segments import current_step, open_writes
from .states import STEPS_IN_PROGRESS, Run, RunState, StepState


class Phase(StrEnum):
    """Next work of a run. The values name the nodes of the agents' graph."""

    CHECK = "check"
    REQUEST = "request"
    AWAIT_DECISION = "await_decision"
    FOLLOW = "follow"
    VERIFY = "verify"
    ROLLBACK = "recover"
    SETTLE = "settle"
    AWAIT_ORDER = "rest"
    REPORT = "report"
    OVER = "over"


_PHASES: Mapping[RunState, Phase] = {
    RunState.IDLE: Phase.CHECK,
    RunState.CHECKING: Phase.CHECK,
    RunState.RESTARTING: Phase.CHECK,
    RunState.WAITING_APPROVAL: Phase.AWAIT_DECISION,
    RunState.ABORTING: Phase.ROLLBACK,
    RunState.HELD: Phase.AWAIT_ORDER,
    RunState.ABORTED: Phase.AWAIT_ORDER,
    RunState.COMPLETING: Phase.REPORT,
}


def phase_of(plan: BoundPlaybook, run: Run, actions: Sequence[RunAction]) -> Phase:
    """Returns the phase of a run, by every action of its requests."""
    if run.state is RunState.IDLE and run.seq:
        return Phase.OVER
    if run.state is RunState.RUNNING:
        return _working_phase(plan, run, actions)
    if run.state in {RunState.HOLDING, RunState.STOPPING}:
        is_mid_step = not run.is_cut_off and _is_mid_step(plan, run, actions)
        return _working_phase(plan, run, actions) if is_mid_step else Phase.SETTLE
    return _PHASES.get(run.state, Phase.OVER)


def _working_phase(plan: BoundPlaybook, run: Run, actions: Sequence[RunAction]) -> Phase:
    step = current_step(plan, run)
    if step is None:
        return Phase.FOLLOW
    if run.step(step.id) is StepState.VERIFY:
        return Phase.VERIFY
    if run.step(step.id) is StepState.FAILED:
        return Phase.FOLLOW
    return Phase.REQUEST if _needs_request(run, step, actions) else Phase.FOLLOW


def _is_mid_step(plan: BoundPlaybook, run: Run, actions: Sequence[RunAction]) -> bool:
    """Whether the current step must be completed. Nothing more of it is sent."""
    step = current_step(plan, run)
    if step is None or run.step(step.id) not in STEPS_IN_PROGRESS:
        return False
    if run.step(step.id) is not StepState.COMMAND:
        return True
    own = [each for each in actions if each.action.step == step.id]
    is_in_hand = any(each.state in IN_PROGRESS for each in own)
    return is_in_hand or not open_writes(run, step, actions)


def _needs_request(run: Run, step: Step, actions: Sequence[RunAction]) -> bool:
    """Whether the step has an open write that the latest request does not cover.

    In a run that holds or stops, an ended request still covers its writes.
    """
    wanted = {each.tag.name for each in open_writes(run, step, actions)}
    latest = run.requests[-1:]
    covered = {
        each.action.tag
        for each in actions
        if each.request_id in latest
        and each.action.kind == "command"
        and each.action.step == step.id
        and (each.request_state is RequestState.APPROVED or run.state is not RunState.RUNNING)
    }
    return bool(wanted - covered)
