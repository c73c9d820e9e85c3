"""Facts of a playbook in the plant's words, by which two versions are compared."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from handwheel.playbooks.binding.model import BoundPlaybook, Check
from handwheel.playbooks.binding.step_model import (
    Manual,
    NotifyStep,
    RequiredApproval,
    RunPlaybook,
    Step,
    Verify,
    Wait,
    WorkOrderStep,
    Write,
)
from handwheel.playbooks.language.loader import Playbook
from handwheel.playbooks.language.schema import PlaybookFile
from handwheel.playbooks.language.schema_start import ParameterSpec, TriggerItemSpec

from . import phrases as say

Key = tuple[str, str]
"""Part of a playbook, such as `step cut`, and what is said of it."""
Fact = tuple[Key, str]

WRITES = "writes "
"""Beginning of what is said of a write, before its tag."""


def facts_of(playbook: Playbook, plan: BoundPlaybook) -> Iterator[Fact]:
    """Yields what a playbook says, without its writes. Empty texts are left out."""
    found = (
        *_heading(playbook.file),
        *_triggers(playbook.file, plan),
        *_checks("evidence for", plan.evidence_for),
        *_checks("evidence against", plan.evidence_against),
        *_checks("permissive", plan.permissives),
        *_invariants(plan),
        *(_approval("approval", plan.approval) if plan.approval else ()),
        *(fact for step in plan.steps for fact in _step(step)),
        *(((f"safe state step {e.id}", "if"), e.if_.text) for e in plan.safe_state if e.if_),
        (("approval", "covers"), ", ".join(sorted(plan.covers))),
        *_ends(playbook.file, plan),
    )
    yield from ((key, text) for key, text in found if text)


def writes_of(plan: BoundPlaybook) -> Iterator[Fact]:
    """Yields each write of steps, undo and safe state, with its value."""
    for step in plan.steps:
        yield from _writes(f"step {step.id}", step.writes)
        yield from _writes(f"undo of step {step.id}", step.undo.writes if step.undo else ())
    for step in plan.safe_state:
        yield from _writes(f"safe state step {step.id}", step.writes)


def _writes(subject: str, writes: Sequence[Write]) -> Iterator[Fact]:
    for each in writes:
        yield (subject, f"{WRITES}{each.tag.name}"), each.shown


def _heading(file: PlaybookFile) -> Iterator[Fact]:
    for name in ("id", "title", "version", "plant", "owner", "style"):
        yield ("playbook", name), getattr(file, name)
    yield ("playbook", "references"), ", ".join(file.references)
    yield ("playbook", "tests"), ", ".join(file.tests)
    for name, each in file.parameters.items():
        yield from _parameter(f"parameter {name}", each)


def _parameter(subject: str, each: ParameterSpec) -> Iterator[Fact]:
    for name in ("type", "default", "min", "max", "unit", "check"):
        yield (subject, name), str(getattr(each, name))
    yield (subject, "class"), each.class_
    yield (subject, "values"), ", ".join(each.values)


def _triggers(file: PlaybookFile, plan: BoundPlaybook) -> Iterator[Fact]:
    trigger, conditions = file.trigger, 0
    for number, each in enumerate((*trigger.any, *trigger.all) if trigger else ()):
        conditions += bool(each.when)
        subject = f"trigger {each.alarm}" if each.alarm else f"trigger condition {conditions}"
        bind = each.bind if isinstance(each, TriggerItemSpec) else {}
        if isinstance(each, TriggerItemSpec) and (each.manual or each.schedule):
            other = "order of a person" if each.manual else "schedule"
            subject = f"trigger by {other} {number}"
            yield (
                (subject, "starts a run"),
                each.schedule.words if each.schedule else "by runs start",
            )
        else:
            yield (subject, "starts a run when"), each.when or "active"
        yield (subject, "for"), say.in_words(each.for_) if each.for_ else ""
        yield (subject, "with"), ", ".join(f"{role} {name}" for role, name in bind.items())
    yield ("trigger", "needs"), "all of them at once" if trigger and trigger.all else ""
    yield ("trigger", "rearm"), file.trigger.rearm if file.trigger else ""
    begun = say.in_words(file.deadline.within) if file.deadline else ""
    yield ("a run", "must begin after the trigger within"), begun
    yield ("a run", "achieves"), file.achieves
    if advice := file.advise:
        yield ("the advice", "minimises"), advice.minimise
        yield ("the advice", "by"), ", ".join(advice.by)
        yield ("the advice", "horizon"), say.in_words(advice.horizon)
        yield ("the advice", "least gain"), str(advice.least_gain)
        yield ("the advice", "at most every"), say.in_words(advice.every)
    yield ("a run", "owns"), ", ".join(plan.assets)
    rules, owned = plan.concurrency, bool(plan.assets)
    yield ("a run", "when another owns it"), say.policy_text(rules.policy) if owned else ""
    yield ("a run", "priority"), str(rules.priority) if owned else ""
    yield ("runs", "at most at once"), str(rules.max_runs or "")


def _checks(side: str, checks: Sequence[Check]) -> Iterator[Fact]:
    for each in checks:
        yield (f"{side} {each.id}", "condition"), each.condition.text
        yield (f"{side} {each.id}", "suggests"), each.suggest


def _invariants(plan: BoundPlaybook) -> Iterator[Fact]:
    for each in plan.invariants:
        subject = f"invariant on {say.listed(each.condition.tags or ('nothing',))}"
        yield (subject, "condition"), each.condition.text
        yield (subject, "grace"), say.in_words(each.grace_s)
        yield (subject, "on violation"), say.reaction(each.on_violation)


def _approval(subject: str, approval: RequiredApproval) -> Iterator[Fact]:
    yield (subject, "role"), approval.role
    yield (subject, "within"), say.in_words(approval.within_s)
    yield (subject, "on time-out"), say.reaction(approval.on_timeout)


def _step(step: Step) -> Iterator[Fact]:
    subject = f"step {step.id}"
    yield (subject, "title"), step.title
    yield (subject, "if"), step.if_.text if step.if_ else ""
    if point := step.hold_point:
        yield (f"hold point of step {step.id}", "asks"), point.prompt.text
        yield from _approval(f"hold point of step {step.id}", point.approval)
    if step.approval:
        yield from _approval(f"approval of step {step.id}", step.approval)
    yield (subject, "ramp"), say.ramp_text(step).removeprefix(", at ")
    yield from _work(subject, step)
    for each in step.expects:
        what = f"expects of {say.listed(each.that.tags or ('nothing',))}"
        yield (subject, what), f"{each.that.text}{say.timed(each.within_s)}"
    yield from _verify(subject, step.verify)
    if step.writes:
        none = f"none: {step.undo_reason}" if step.undo_reason else "none"
        yield (subject, "undo"), "by a write" if step.undo else none
    if step.undo:
        yield (f"undo of step {step.id}", "if"), step.undo.if_.text if step.undo.if_ else ""
        yield from _verify(f"undo of step {step.id}", step.undo.verify)
    yield (subject, "on failure"), say.failure_text(step) if say.can_fail(step) else ""


def _work(subject: str, step: Step) -> Iterator[Fact]:
    match step.work:
        case Wait(until, hold_s, within_s):
            yield (subject, "waits until"), until.text
            yield (subject, "waits"), say.timed(within_s, hold_s).strip()
        case Manual(sign_off, people, texts):
            yield (subject, "instructions"), "; ".join(each.text for each in texts)
            yield (subject, "signed off by"), f"{people} of {sign_off.role}"
            yield from _approval(f"sign-off of step {step.id}", sign_off)
        case WorkOrderStep() as order:
            yield (subject, "work order"), order.title.text
            yield (subject, "work order for"), order.asset
            yield (subject, "kind"), order.kind
            yield (subject, "priority"), str(order.priority)
            yield (subject, "due in"), say.due_text(order)
            trends = [f"{e.tag.name} over {say.in_words(e.last_s)}" for e in order.trends]
            yield (subject, "attaches"), ", ".join([*trends, *(["its trace"] * order.traces)])
        case NotifyStep(to, text):
            yield (subject, "tells"), say.listed(to)
            yield (subject, "text"), text.text
        case RunPlaybook() as run:
            yield (subject, "runs"), say.run_text(run)
        case tuple():
            pass  # its writes are compared apart
        case _:
            assert_never(step.work)


def _verify(subject: str, verify: Verify | None) -> Iterator[Fact]:
    if verify:
        yield (subject, "verify"), verify.that.text
        yield (subject, "verify takes"), say.timed(verify.within_s, verify.hold_s).strip()


def _ends(file: PlaybookFile, plan: BoundPlaybook) -> Iterator[Fact]:
    yield ("safe state", "title"), file.safe_state.title if file.safe_state else ""
    for each in plan.escalations:
        what = f"tells {say.listed(each.to)} after"
        yield (f"escalation when {each.when}", what), say.in_words(each.after_s)
    yield ("limits", "max_writes"), str(plan.max_writes)
    yield ("limits", "max_duration"), say.in_words(plan.max_duration_s)
    yield ("limits", "lease"), "" if plan.lease_s is None else say.in_words(plan.lease_s)
