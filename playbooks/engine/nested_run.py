"""Runs within runs, the step that awaits one, and what a run does when its outer run rests."""

from ..binding.model import BoundPlaybook
from ..binding.step_model import RunPlaybook, Step
from .effects import Effect, StartPlaybook
from .inputs import Inputs
from .run import Run
from .states import EventKind, RunState, StepState
from .transitions import current_step, event, fail, move_step, refuse

_FAILED = frozenset({RunState.NOT_STARTED, RunState.STOPPED, RunState.ABORTED, RunState.IDLE})
_GOES_ON = frozenset(
    {RunState.CHECKING, RunState.RESTARTING, RunState.WAITING_APPROVAL, RunState.RUNNING}
)
_MAY_ABORT = (_GOES_ON | {RunState.HOLDING, RunState.STOPPING, RunState.HELD}) - {RunState.CHECKING}


def related_runs(run: Run, plan: BoundPlaybook) -> list[str]:
    """Returns the run that has started a run, and the one that its present step awaits.

    While it is rolled back, every run that it has started.
    """
    step = current_step(plan, run)
    nested = [run.nested.get(step.id, "")] if step else []
    is_rolled_back = run.state is RunState.ABORTING
    return [
        each
        for each in (*run.ancestors[:1], *(run.nested.values() if is_rolled_back else nested))
        if each
    ]


def await_nested(inputs: Inputs, step: Step, work: RunPlaybook) -> list[Effect]:
    """Starts the run of a step, and follows its end. Empty while it is awaited."""
    run_id = inputs.run.nested.get(step.id)
    if run_id is None:
        return [StartPlaybook(step, work)]
    nested = inputs.related[run_id]
    if nested.state is RunState.COMPLETE:
        return [move_step(inputs, step, StepState.DONE, f"{run_id} is complete")]
    if nested.state in _FAILED:
        state = "aborted and cleared" if nested.state is RunState.IDLE else nested.state
        return fail(inputs, step, f"{run_id} is {state}: {nested.reason}")
    return []


def follow_outer(inputs: Inputs) -> list[Effect]:
    """Returns what a nested run needs since its outer run does not go on. Empty if it does.

    It is held at once. One that has written something is rolled back if the outer run is, so that
    the newest write is undone first. A run that comes to its end by itself is left to it.
    """
    run = inputs.run
    outer_id = next(iter(run.ancestors), "")
    outer = inputs.related.get(outer_id)
    if outer is None or outer.state is RunState.RUNNING:
        return []
    if is_rolled_back_first(run, outer):
        reason = f"{outer_id}, which runs it, is rolled back"
        return [event(inputs, EventKind.ABORTING, reason=reason, goal="rollback")]
    if run.state not in _GOES_ON:
        return []
    why = f": {outer.reason}" if outer.reason else ""
    return refuse(inputs, f"{outer_id}, which runs it, is {outer.state}{why}")


def is_rolled_back_first(nested: Run, outer: Run) -> bool:
    """Whether a nested run is yet to be rolled back, since its outer run is."""
    is_due = outer.state is RunState.ABORTING and outer.goal == "rollback"
    return is_due and nested.state in _MAY_ABORT and nested.armed_s is not None and not nested.goal


def complete_after(inputs: Inputs, step: Step) -> str:
    """Returns the nested run of a later step that is complete and has written, empty for none.

    Its writes stay, and they may count on what this step has written.
    """
    names = [each.id for each in inputs.plan.steps]
    for later in names[names.index(step.id) + 1 :] if step.id in names else ():
        run_id = inputs.run.nested.get(later, "")
        nested = inputs.related.get(run_id)
        if nested and nested.state is RunState.COMPLETE and nested.armed_s is not None:
            return run_id
    return ""


def blocks_rollback(inputs: Inputs) -> str | None:
    """Returns why the nested run prevents a rollback, empty if it does not, `None` for a while."""
    step = current_step(inputs.plan, inputs.run)
    run_id = inputs.run.nested.get(step.id, "") if step else ""
    nested = inputs.related.get(run_id)
    if nested is None or nested.armed_s is None:
        return ""
    if nested.state is RunState.ABORTING or is_rolled_back_first(nested, inputs.run):
        return None
    if nested.state is RunState.HELD:
        return f"{run_id} is held and not rolled back; abort it or stop it first"
    return ""
