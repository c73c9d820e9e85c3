"""Supervision of the invariants, expected results and duration of a run."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from handwheel.connectors.config.durations import format_duration
from handwheel.tools.conditions import Truth
from handwheel.tools.guardrails.approval.messages.run_requests import NotePromise
from handwheel.tools.guardrails.ledger.effects import EffectVerdict

from ..binding.model import Invariant
from ..binding.step_model import StepExpectation
from .effects import Effect
from .inputs import Inputs
from .requests.segments import applied_writes
from .states import RunState, StepState
from .transitions import expected_event, hold, redirect

_VERDICTS: Mapping[Truth, EffectVerdict] = {
    Truth.TRUE: "CAME",
    Truth.FALSE: "MISSED",
    Truth.UNKNOWN: "UNKNOWN",
}


@dataclass(frozen=True, slots=True)
class _Pending:
    step: str
    number: int
    expectation: StepExpectation
    began_s: float


def supervise(inputs: Inputs) -> list[Effect]:
    """Returns what interrupts a run, or an expected result that was met or missed."""
    for invariant, message in violations(inputs):
        return redirect(inputs, invariant.on_violation, message)
    if found := _evaluate_expectations(inputs):
        return found
    run, plan = inputs.run, inputs.plan
    is_timed = run.state is not RunState.WAITING_APPROVAL
    if is_timed and inputs.plant.is_past(run.began_s + plan.max_duration_s):
        limit = format_duration(plan.max_duration_s)
        return redirect(inputs, "hold", f"the run has taken longer than {limit}")
    return []


def violations(inputs: Inputs) -> list[tuple[Invariant, str]]:
    """Returns the invariants violated for longer than their grace, each with a message.

    They count from the first action that was set due. Unknown counts as a violation.
    """
    run, plant = inputs.run, inputs.plant
    if run.armed_s is None:
        return []
    found: list[tuple[Invariant, str]] = []
    for each in inputs.plan.invariants:
        lasts_s = plant.lasts_s(each.condition, is_true=False, since_s=run.armed_s)
        if lasts_s is None:
            continue
        if lasts_s < each.grace_s:
            plant.is_past(plant.now_s - lasts_s + each.grace_s)
            continue
        truth, grace = plant.truth(each.condition).value, format_duration(each.grace_s)
        found.append((each, f"invariant {truth} for {grace}: {plant.shown(each.condition)}"))
    return found


def _pending(inputs: Inputs) -> Iterator[_Pending]:
    """Yields the expected results without an outcome, of the steps that have written something."""
    run = inputs.run
    for step in inputs.plan.steps:
        if not step.expects or run.step(step.id) not in {StepState.VERIFY, StepState.DONE}:
            continue
        began_s = max(run.sent_s.get(step.id, 0.0), run.resumed_s)
        for number, each in enumerate(step.expects, start=1):
            is_open = (step.id, each.that.bound) not in run.expected
            if is_open and applied_writes(inputs, step):
                yield _Pending(step.id, number, each, began_s)


def _evaluate_expectations(inputs: Inputs) -> list[Effect]:
    """Returns the outcome of each expected result that is met or overdue."""
    found: list[Effect] = []
    for each in _pending(inputs):
        that = each.expectation.that
        truth, within_s = inputs.plant.truth(that), each.expectation.within_s
        is_met = truth is Truth.TRUE
        if is_met or inputs.plant.is_past(each.began_s + within_s):
            noted = expected_event(inputs, each.step, that)
            shown = noted.body["shown"]
            after_s = max(inputs.plant.now_s - each.began_s, 0.0) if is_met else None
            promise = NotePromise(
                run_id=inputs.run_id, step=each.step, number=each.number, expected=that.bound,
                within_s=within_s, observed=shown, verdict=_VERDICTS[truth], after_s=after_s,
            )  # fmt: skip
            found += [promise, noted]
    return found


def await_expectations(inputs: Inputs) -> list[Effect] | None:
    """Returns `None` once every expected result is met, before the next write and at the end.

    Empty means that one is still awaited. One that was not met holds the run, and nothing more is
    written.
    """
    if any(True for _ in _pending(inputs)):
        return []
    if inputs.run.missed:
        return hold(inputs, f"expected result not met: {'; '.join(inputs.run.missed)}")
    return None
