"""What a run needs next, read from its events and its requests; nothing is remembered."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from handwheel.tools.guardrails.ledger.transitions import RequestState

from .bound import BoundPlaybook, Step
from .desk import Filed
from .run import Run, RunState, StepState
from .segments import current_step, open_writes

_UNDER_WAY = frozenset({StepState.COMMAND, StepState.PERFORM, StepState.VERIFY})


class Phase(StrEnum):
    """What a run needs next; each is worked on by a node of the graph."""

    CHECK = "check"
    REQUEST = "request"
    AWAIT_DECISION = "await_decision"
    FOLLOW = "follow"
    VERIFY = "verify"
    RECOVER = "recover"
    SETTLE = "settle"
    REST = "rest"
    REPORT = "report"
    OVER = "over"


_PHASES: Mapping[RunState, Phase] = {
    RunState.IDLE: Phase.CHECK,
    RunState.CHECKING: Phase.CHECK,
    RunState.RESTARTING: Phase.CHECK,
    RunState.WAITING_APPROVAL: Phase.AWAIT_DECISION,
    RunState.ABORTING: Phase.RECOVER,
    RunState.HELD: Phase.REST,
    RunState.ABORTED: Phase.REST,
    RunState.COMPLETING: Phase.REPORT,
}


def phase_of(plan: BoundPlaybook, run: Run, filed: Sequence[Filed]) -> Phase:
    """Returns what a run needs next.

    Args:
        filed: Every action of the run's requests.
    """
    if run.state is RunState.IDLE and run.seq:
        return Phase.OVER
    if run.state is RunState.RUNNING:
        return _working_phase(plan, run, filed)
    if run.state in {RunState.HOLDING, RunState.STOPPING}:
        is_mid_step = not run.is_cut_off and _is_mid_step(plan, run)
        return _working_phase(plan, run, filed) if is_mid_step else Phase.SETTLE
    return _PHASES.get(run.state, Phase.OVER)


def _working_phase(plan: BoundPlaybook, run: Run, filed: Sequence[Filed]) -> Phase:
    step = current_step(plan, run)
    if step is None:
        return Phase.FOLLOW
    if run.step(step.id) is StepState.VERIFY:
        return Phase.VERIFY
    return Phase.REQUEST if _needs_request(run, step, filed) else Phase.FOLLOW


def _is_mid_step(plan: BoundPlaybook, run: Run) -> bool:
    step = current_step(plan, run)
    return step is not None and run.step(step.id) in _UNDER_WAY


def _needs_request(run: Run, step: Step, filed: Sequence[Filed]) -> bool:
    """Whether something of the step is to be written that the latest request does not cover.

    A request that is over covers what it named all the same: what became of it decides the run.
    """
    wanted = {each.tag.name for each in open_writes(run, step, filed)}
    latest = run.requests[-1:]
    covered = {
        each.action.tag
        for each in filed
        if each.request_id in latest
        and each.action.kind == "command"
        and each.action.step == step.id
        and (each.request_state is RequestState.APPROVED or run.state is not RunState.RUNNING)
    }
    return bool(wanted - covered)
