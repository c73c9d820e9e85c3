"""Playbooks and their findings as lines and as JSON fields."""

import textwrap
from collections.abc import Iterable, Iterator

from handwheel.connectors.config.durations import format_duration
from handwheel.playbooks.binding.model import BoundPlaybook, Check, Invariant
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

from .documents import phrases as say

_WIDTH = 80
_NAME = 13  # the column of names on the left


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


def playbook_lines(playbook: Playbook, plan: BoundPlaybook) -> Iterator[str]:
    """Yields a bound playbook as lines of 80 columns."""
    yield from _wrapped(f"{plan.id} {plan.version}: {plan.title}", 2)
    yield from _row("file", plan.file)
    yield f"{'digest':<{_NAME}}{plan.digest}"
    bound = ", ".join(f"{name} = {value}" for name, value in plan.parameters.items())
    yield from _row("bound", bound or "nothing")
    yield from _rows("also", say.other_equipment(playbook))
    yield from _row("style", plan.style)
    yield from _rows("achieves", [plan.achieves.bound] if plan.achieves else [])
    yield from _row("owns", ", ".join(plan.assets) or "nothing")
    yield from _rows("concurrency", _beside(plan))
    starts = [*map(_trigger, plan.triggers), *(f"the clock: {e.text}" for e in plan.schedules)]
    yield from _rows("started by", [*starts, *["a person, by runs start"] * plan.is_manual])
    yield from _rows("advises", _advice(plan))
    rearms = dict.fromkeys(trigger.rearm.bound for trigger in plan.triggers if trigger.rearm)
    yield from _rows("again after", rearms)
    if plan.deadline_s is not None:
        yield from _row("begins", f"within {format_duration(plan.deadline_s)} of the trigger")
    yield from _rows("evidence for", map(_check, plan.evidence_for))
    yield from _rows("against", map(_check, plan.evidence_against))
    yield from _rows("must be true", map(_check, plan.permissives))
    yield from _rows("throughout", map(_invariant, plan.invariants))
    yield from _steps(plan)
    for step in plan.safe_state:
        yield from _rows("safe state", [f"{_if(step)}{say.writes_text(step.writes)}"])
    yield from _rows("tells", (
        f"{', '.join(each.to)} when {each.when} for {format_duration(each.after_s)}"
        for each in plan.escalations
    ))  # fmt: skip
    writes = "1 write" if plan.max_writes == 1 else f"{plan.max_writes} writes"
    limits = f"{writes}, {format_duration(plan.max_duration_s)}"
    if plan.lease_s is not None:
        limits += f"; taken back {format_duration(plan.lease_s)} after the last one"
    yield from _row("at most", limits)


def _beside(plan: BoundPlaybook) -> Iterator[str]:
    rules = plan.concurrency
    if plan.assets:
        yield f"{rules.policy.replace('_', ' ')}, priority {rules.priority}"
    if rules.max_runs:
        yield f"at most {rules.max_runs} of its runs at once"


def _steps(plan: BoundPlaybook) -> Iterator[str]:
    segment = 0
    for n, step in enumerate(plan.steps, 1):
        begins = any(part[0] is step for part in plan.segments)
        approval = step.own_approval or plan.approval
        if approval and begins:
            segment += 1
            yield from _row(f"approval {segment}", _approval(approval))
        if step.hold_point:
            yield from _row("", f"asks: {step.hold_point.prompt.bound}")
        yield from _row(f"step {n}", f"{step.id}: {step.title}")
        yield from (line for row in _step(step) for line in _wrapped(row, _NAME + 9, _NAME + 2))


def _step(step: Step) -> Iterator[str]:
    if step.if_:
        yield _part("if", step.if_.bound)
    yield _part(*_work(step))
    for each in step.expects:
        yield _part("expect", f"{each.that.bound}, within {format_duration(each.within_s)}")
    if step.verify:
        yield _part("verify", _verify(step.verify))
    if step.writes:
        yield _part("undo", _undo(step.undo, step.undo_reason))
    if say.can_fail(step):
        notified = f", tells {step.on_fail.notify}" if step.on_fail.notify else ""
        yield _part("fails", f"{_then(step.on_fail.then)}{notified}")


def _part(name: str, text: str) -> str:
    return f"{name:<7}{text}"


def _work(step: Step) -> tuple[str, str]:
    match step.work:
        case Wait(until, hold_s, within_s):
            return "wait", _held(until.bound, hold_s, within_s)
        case WorkOrderStep() as order:
            found = order.due
            due = found.bound if isinstance(found, Expression) else format_duration(found)
            due += f", at most {format_duration(order.at_most_s)}" if order.at_most_s else ""
            title = f"{order.title.bound!r} for {order.asset}"
            return "order", f"{title}, {order.kind}, priority {order.priority}, due in {due}"
        case Manual(sign_off, people, texts):
            done = "; ".join(each.text for each in texts)
            return "people", f"{done}; signed off by {people} as {_approval(sign_off)}"
        case NotifyStep(to, text):
            return "tell", f"{', '.join(to)}: {text.text!r}"
        case RunPlaybook() as run:
            return "run", say.run_text(run)
        case writes:
            return "write", f"{say.writes_text(writes)}{say.ramp_text(step)}"


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


def _if(step: Step) -> str:
    return f"if {step.if_.bound}: " if step.if_ else ""


def _then(then: str) -> str:
    return then.replace("_", " ")


def _approval(approval: RequiredApproval) -> str:
    within = format_duration(approval.within_s)
    return f"{approval.role}, not the requester, within {within}, else {approval.on_timeout}"


def _trigger(trigger: Trigger) -> str:
    return " and ".join(
        f"{each.condition.bound}{f' for {format_duration(each.for_s)}' if each.for_s else ''}"
        for each in trigger.parts
    )


def _invariant(invariant: Invariant) -> str:
    grace = format_duration(invariant.grace_s)
    return f"{invariant.condition.bound}; not so for {grace}: {_then(invariant.on_violation)}"


def _check(check: Check) -> str:
    suggest = f" -> {check.suggest}" if check.suggest else ""
    return f"{check.id}: {check.condition.bound}{suggest}"


def _rows(name: str, texts: Iterable[str]) -> Iterator[str]:
    for n, text in enumerate(texts):
        yield from _row(name if n == 0 else "", text)


def _row(name: str, text: str) -> Iterator[str]:
    return _wrapped(f"{name:<{_NAME}}{text}", _NAME)


def _wrapped(line: str, indent: int, first: int = 0) -> Iterator[str]:
    yield from textwrap.wrap(
        line, _WIDTH, initial_indent=" " * first, subsequent_indent=" " * indent,
        break_on_hyphens=False, break_long_words=False, drop_whitespace=True,
    )  # fmt: skip


def _advice(plan: BoundPlaybook) -> Iterator[str]:
    if (advice := plan.advice) is not None:
        least = f"{advice.least_gain:g} {advice.objective.unit}".rstrip()
        horizon, every = map(format_duration, (advice.horizon_s, advice.every_s))
        yield f"{advice.text}; for {least} over {horizon}, at most every {every}"


def playbook_fields(plan: BoundPlaybook) -> dict[str, object]:
    """Returns a bound playbook as JSON fields."""
    approval, segments = plan.approval, list[str]()
    for step in plan.steps:
        if step.own_approval or approval:
            segments += [part[0].id for part in plan.segments if part[0] is step]
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
        "advice": next(_advice(plan), None),
        "for": [_check_fields(each) for each in plan.evidence_for],
        "against": [_check_fields(each) for each in plan.evidence_against],
        "permissives": [_check_fields(each) for each in plan.permissives],
        "invariants": [
            {"that": each.condition.bound, "grace_s": each.grace_s,
             "on_violation": each.on_violation}
            for each in plan.invariants
        ],
        "steps": [_step_fields(each) for each in plan.steps],
        "segments": segments,
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
    kind, text = _work(step)
    return {
        "id": step.id,
        "title": step.title,
        "if": step.if_.bound if step.if_ else None,
        "kind": kind,
        "does": text,
        "writes": [_write_fields(each) for each in step.writes],
        "verify": _verify(step.verify) if step.verify else None,
        "undo": _undo(step.undo, step.undo_reason) if step.writes else None,
        "on_fail": step.on_fail.then,
    }
