"""Text of a composed playbook, in the format of every other."""

import json
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import RequiredApproval, Step, Undo, Verify, Write
from handwheel.tools.conditions import Expression

from ..planning.planner import COMPOSED
from .chain import Part

_READY_S = 300.0  # how long a step waits for the permissives of its playbook


def composed_document(
    stem: str, own: BoundPlaybook | None, goal: str, parts: Sequence[Part]
) -> tuple[str, str]:
    """Returns the id of a composed playbook, which is new with each text, and its document.

    Args:
        stem: Begins the id, after `composed/`.
    """
    text = composed_text(own, goal, parts)
    name = f"{COMPOSED}{stem}-{sha256(text.encode()).hexdigest()[:8]}"
    return name, f"id: {name}\n{text}"


def composed_text(own: BoundPlaybook | None, goal: str, parts: Sequence[Part]) -> str:
    """Returns a playbook of the given steps, bound to their equipment, without its id.

    It has the invariants and the safe states of the playbook that cannot act, and of every
    playbook that a step is from. Each later step of another playbook waits for the permissives of
    that one.

    Args:
        own: The playbook that cannot act, whose goal this brings about; `None` without one.
    """
    plans = list({id(each.plan): each.plan for each in parts}.values())
    first, every = plans[0], [*([own] if own else []), *plans]
    permissives = [{"id": each.id, "that": each.condition.bound} for each in first.permissives]
    invariants, steps = list(_invariants(every)), list(_steps(parts))
    writes = sum(len(each.step.writes) for each in parts)
    lasts_s = sum(each.max_duration_s for each in plans) + _READY_S * len(parts)
    covers = {"steps"}.union(first.covers).intersection(*(each.covers for each in plans))
    sources = ", ".join(f"{each.id} {each.version}" for each in plans)
    approval = next(each.recovery_approval for each in plans if each.recovery_approval)
    table: dict[str, Any] = {
        "schema": "playbook/1",
        "version": "0.0.0",
        "title": f"Composed, since {own.id} is prevented - {own.title}"
        if own
        else f"Composed: {goal}",
        "owner": f"agents, from {sources}",
        "style": "computer-assisted",
        "references": [f"goal of {own.id} {own.version}: {goal}" if own else f"goal: {goal}"],
        "concurrency": {
            "key": sorted({a for each in every for a in each.assets}),
            "policy": "reject",
        },
        "diagnosis": {"for": [{"id": "goal-is-open", "that": f"not ({goal})"}]},
        "approval": {**_approval(approval, "stop"), "covers": sorted(covers)},
        "rollback": {"order": "reverse"},
        "safe_state": _safe_state(every),
        "escalate": [{"when": "held", "after": "0 s", "to": "shift-supervisor"}],
        "limits": {"max_writes": writes, "max_duration": _seconds(lasts_s)},
        "achieves": goal,
    }
    lists = {"permissives": permissives, "invariants": invariants, "steps": steps}
    lines = [f"{key}: {_flow(value)}" for key, value in table.items() if value]
    for key, items in lists.items():
        lines += [f"{key}:", *(f"  - {_flow(each)}" for each in items)] if items else []
    return "\n".join(lines) + "\n"


def _flow(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _steps(parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    for n, each in enumerate(parts):
        before = parts[n - 1].plan if n else each.plan
        if before is not each.plan and each.plan.permissives:
            until = " and ".join(f"({one.condition.bound})" for one in each.plan.permissives)
            yield {
                "id": f"ready-{n + 1}",
                "title": f"Wait for the permissives of {each.plan.id}",
                "wait": {"until": until, "hold": "10 s", "within": _seconds(_READY_S)},
                "on_fail": {"then": "rollback"},
            }
        yield _step(each, n)


def _step(part: Part, n: int) -> dict[str, Any]:
    step, plan = part.step, part.plan
    source = f"step {step.id} of {plan.id} {plan.version}"
    found: dict[str, Any] = {"id": f"{step.id}-{n + 1}", "title": f"{step.title} ({source})"}
    approval = step.own_approval or plan.approval
    if n and approval:
        prompt = f"Go on with {source}?"
        found["hold_point"] = {**_approval(approval, "hold"), "prompt": prompt}
    if step.if_:
        found["if"] = step.if_.bound
    found["write"] = _written(step.writes)
    if step.expects:
        found["expect"] = [
            {"that": each.that.bound, "within": _seconds(each.within_s)} for each in step.expects
        ]
    if step.verify:
        found["verify"] = _verify(step.verify)
    found["undo"] = _undo(step, step.undo)
    found["on_fail"] = {"then": step.on_fail.then}
    if step.on_fail.notify:
        found["on_fail"]["notify"] = step.on_fail.notify
    return found


def _approval(approval: RequiredApproval, on_timeout: str) -> dict[str, Any]:
    return {
        "role": approval.role, "within": _seconds(approval.within_s), "on_timeout": on_timeout,
    }  # fmt: skip


def _verify(verify: Verify) -> dict[str, Any]:
    found = {"that": verify.that.bound, "within": _seconds(verify.within_s)}
    return {**found, "hold": _seconds(verify.hold_s)} if verify.hold_s else found


def _undo(step: Step, undo: Undo | None) -> Any:
    if undo is None:
        return {"none": step.undo_reason} if step.undo_reason else "none"
    found: dict[str, Any] = {"if": undo.if_.bound} if undo.if_ else {}
    found["write"] = _written(undo.writes)
    return {**found, "verify": _verify(undo.verify)} if undo.verify else found


def _written(writes: Sequence[Write]) -> Mapping[str, Any]:
    return {each.tag.name: _value(each) for each in writes}


def _value(write: Write) -> Any:
    value = write.value
    if isinstance(value, Expression):
        return value.bound
    if isinstance(value, bool | str):
        return value
    words = [word for word, number in write.tag.members.items() if number == value]
    return words[0] if words else f"{value!r} {write.tag.unit}".rstrip()


def _invariants(plans: Sequence[BoundPlaybook]) -> Iterator[dict[str, Any]]:
    every = (
        (each.condition.bound, _seconds(each.grace_s), each.on_violation)
        for plan in plans
        for each in plan.invariants
    )
    for that, grace, on_violation in dict.fromkeys(every):
        yield {"that": that, "grace": grace, "on_violation": on_violation}


def _safe_state(plans: Sequence[BoundPlaybook]) -> dict[str, Any]:
    steps = [
        {
            "id": f"{step.id}-{n + 1}", "write": _written(step.writes),
            **({"if": step.if_.bound} if step.if_ else {}),
        }
        for n, plan in enumerate(plans)
        for step in plan.safe_state
    ]  # fmt: skip
    return {"title": "Safe states of its playbooks", "steps": steps} if steps else {}


def _seconds(seconds: float) -> str:
    return f"{seconds:g} s"
