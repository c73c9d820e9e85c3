"""Playbooks and their findings as lines and as JSON fields."""

from handwheel.connectors.config.durations import format_duration
from handwheel.playbooks.binding.model import BoundPlaybook, Check
from handwheel.playbooks.binding.start import Trigger
from handwheel.playbooks.binding.step_model import (
    Manual,
    NotifyStep,
    RequiredApproval,
    RunPlaybook,
    Step,
    Undo,
    Verify,
    Wait,
    WorkOrderStep,
    Write,
)
from handwheel.playbooks.language.errors import Finding
from handwheel.playbooks.language.loader import Playbook
from handwheel.tools.conditions import Expression

from ..shell.terminal.templates import render
from .documents import phrases as say


def finding_line(finding: Finding) -> str:
    """Returns a finding as one line with place, rule, severity and text."""
    place = f"{finding.file}:{finding.line}:{finding.column}" if finding.line else finding.file
    step = f"step {finding.step}: " if finding.step else ""
    hint = f"; {finding.hint}" if finding.hint else ""
    return f"{place}: {finding.code} {finding.severity}: {step}{finding.text}{hint}"


def finding_fields(finding: Finding) -> dict[str, object]:
    """Returns a finding as JSON fields."""
    names = ("code", "severity", "file", "line", "column", "playbook", "step", "text", "hint")
    return {name: getattr(finding, name) for name in names}


def playbook_text(playbook: Playbook, plan: BoundPlaybook) -> str:
    """Returns a bound playbook as lines of 80 columns."""
    starts = [*map(_trigger, plan.triggers), *(f"the clock: {e.text}" for e in plan.schedules)]
    return render(
        "handwheel.hmi.playbooks", "playbook.txt.j2",
        plan=plan, say=say, others=[*say.other_equipment(playbook)],
        starts=[*starts, *["a person, by runs start"] * plan.is_manual], advice=_advice(plan),
        rearms=dict.fromkeys(each.rearm.bound for each in plan.triggers if each.rearm),
        segments=_segments(plan),
        short={"approval": _approval, "undo": _undo, "verify": _verify, "work": _work},
    )  # fmt: skip


def _work(step: Step) -> str:
    match step.work:
        case Wait(until, hold_s, within_s):
            return _held(until.bound, hold_s, within_s)
        case WorkOrderStep() as order:
            found = order.due
            due = found.bound if isinstance(found, Expression) else format_duration(found)
            due += f", at most {format_duration(order.at_most_s)}" if order.at_most_s else ""
            title = f"{order.title.bound!r} for {order.asset}"
            return f"{title}, {order.kind}, priority {order.priority}, due in {due}"
        case Manual(sign_off, people, texts):
            done = "; ".join(each.text for each in texts)
            return f"{done}; signed off by {people} as {_approval(sign_off)}"
        case NotifyStep(to, text):
            return f"{', '.join(to)}: {text.text!r}"
        case RunPlaybook() as run:
            return say.run_text(run)
        case writes:
            return f"{say.writes_text(writes)}{say.ramp_text(step)}"


def _held(text: str, hold_s: float, within_s: float) -> str:
    hold = f" for {format_duration(hold_s)}" if hold_s else ""
    return f"{text}{hold}, within {format_duration(within_s)}"


def _verify(verify: Verify) -> str:
    return _held(verify.that.bound, verify.hold_s, verify.within_s)


def _undo(undo: Undo | None, reason: str) -> str:
    if undo is None:
        return f"none: {reason}" if reason else "none"
    condition = f"if {undo.if_.bound}: " if undo.if_ else ""
    verify = f"; verify {_verify(undo.verify)}" if undo.verify else ""
    return f"{condition}{say.writes_text(undo.writes)}{verify}"


def _approval(approval: RequiredApproval) -> str:
    within = format_duration(approval.within_s)
    return f"{approval.role}, not the requester, within {within}, else {approval.on_timeout}"


def _trigger(trigger: Trigger) -> str:
    return " and ".join(
        f"{each.condition.bound}{f' for {format_duration(each.for_s)}' if each.for_s else ''}"
        for each in trigger.parts
    )


def _advice(plan: BoundPlaybook) -> str | None:
    advice = plan.advice
    if advice is None:
        return None
    least = f"{advice.least_gain:g} {advice.objective.unit}".rstrip()
    horizon, every = map(format_duration, (advice.horizon_s, advice.every_s))
    return f"{advice.text}; for {least} over {horizon}, at most every {every}"


def _segments(plan: BoundPlaybook) -> list[str]:
    """Returns the first step of each part that is approved."""
    first = {part[0].id for part in plan.segments}
    approved = (step.id for step in plan.steps if step.own_approval or plan.approval)
    return [each for each in approved if each in first]


def playbook_fields(plan: BoundPlaybook) -> dict[str, object]:
    """Returns a bound playbook as JSON fields."""
    return {
        "id": plan.id, "version": plan.version, "title": plan.title, "file": plan.file,
        "digest": plan.digest, "roles": dict(plan.roles), "parameters": dict(plan.parameters),
        "style": plan.style, "achieves": plan.achieves.bound if plan.achieves else None,
        "policy": plan.concurrency.policy, "priority": plan.concurrency.priority,
        "max_runs": plan.concurrency.max_runs, "deadline_s": plan.deadline_s, "assets": plan.assets,
        "triggers": [
            {"when": each.condition.bound, "for_s": max(part.for_s for part in each.parts),
             "parts": [
                 {"when": part.condition.bound, "for_s": part.for_s} for part in each.parts
             ],
             "rearm": each.rearm.bound if each.rearm else None}
            for each in plan.triggers
        ],
        "schedules": [each.text for each in plan.schedules], "manual": plan.is_manual,
        "advice": _advice(plan),
        "for": [_check_fields(each) for each in plan.evidence_for],
        "against": [_check_fields(each) for each in plan.evidence_against],
        "permissives": [_check_fields(each) for each in plan.permissives],
        "invariants": [
            {"that": each.condition.bound, "grace_s": each.grace_s,
             "on_violation": each.on_violation}
            for each in plan.invariants
        ],
        "steps": [_step_fields(each) for each in plan.steps],
        "segments": _segments(plan),
        "safe_state": [_step_fields(each) for each in plan.safe_state],
        "max_writes": plan.max_writes, "max_duration_s": plan.max_duration_s,
        "lease_s": plan.lease_s,
    }  # fmt: skip


def _check_fields(check: Check) -> dict[str, object]:
    return {"id": check.id, "that": check.condition.bound, "suggest": check.suggest}


def _write_fields(write: Write) -> dict[str, object]:
    is_computed = isinstance(write.value, Expression)
    return {"tag": write.tag.name, "value": write.shown if is_computed else write.value}


def _step_fields(step: Step) -> dict[str, object]:
    return {
        "id": step.id,
        "title": step.title,
        "if": step.if_.bound if step.if_ else None,
        "kind": say.kind_of(step),
        "does": _work(step),
        "writes": [_write_fields(each) for each in step.writes],
        "verify": _verify(step.verify) if step.verify else None,
        "undo": _undo(step.undo, step.undo_reason) if step.writes else None,
        "on_fail": step.on_fail.then,
    }
