"""Procedure of a playbook for people, before it has a format."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handwheel.connectors.hints import shell_command
from handwheel.playbooks.binding.model import BoundPlaybook, Check
from handwheel.playbooks.binding.step_model import Manual, Step, Wait, WorkOrderStep
from handwheel.playbooks.language.loader import Playbook

from . import phrases as say


@dataclass(frozen=True, slots=True)
class Code:
    """Text in the language of the plant, such as a condition."""

    text: str


Sentence = tuple[str | Code, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """Item of a list, with items below it."""

    text: Sentence
    below: tuple[Sentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Section with a heading and a list, numbered or not."""

    heading: str
    items: Sequence[Item]
    is_numbered: bool = False


@dataclass(frozen=True, slots=True)
class Procedure:
    """Procedure of a playbook, bound to equipment."""

    title: str
    sections: Sequence[Section]


def procedure_of(playbook: Playbook, plan: BoundPlaybook) -> Procedure:
    """Returns the procedure of a playbook that is bound at a site."""
    sections = (
        Section("Purpose", list(_purpose(playbook, plan))),
        Section("When it starts", list(_starts(plan))),
        Section("Who approves", list(_approvals(plan))),
        Section("Evidence for it, which must be true", _checks(plan.evidence_for)),
        Section("Evidence against it, which must be false", _checks(plan.evidence_against)),
        Section("Permissives, which must be true before a request", _checks(plan.permissives)),
        Section("What must hold from the first write to the end", list(_invariants(plan))),
        Section("Steps", list(map(_step, plan.steps)), is_numbered=True),
        Section(_safe_heading(playbook), list(map(_safe_step, plan.safe_state))),
        Section("Who is told", list(_escalations(plan))),
        Section("Limits", list(_limits(plan))),
    )
    return Procedure(plan.title, [each for each in sections if each.items])


def _purpose(playbook: Playbook, plan: BoundPlaybook) -> Iterator[Item]:
    file = playbook.file
    yield Item((f"{file.title}.",))
    yield Item(("Playbook ", Code(plan.id), f", version {plan.version}, of {file.owner}."))
    if plan.parameters:
        bound = ", ".join(f"{name} = {value}" for name, value in plan.parameters.items())
        yield Item(("With ", Code(bound), "."))
    for other in say.other_equipment(playbook):
        yield Item(("Another trigger starts the same with ", Code(other), "."))
    yield Item((f"{say.style_text(plan.style)}.",))
    if plan.achieves:
        yield Item(("A complete run has achieved ", Code(plan.achieves.bound), "."))
    if plan.assets:
        owns = f"A run owns {say.listed(plan.assets)}"
        yield Item((f"{owns}; {say.policy_text(plan.concurrency.policy)}.",))
    if most := plan.concurrency.max_runs:
        yield Item((f"At most {most} of its runs are open at once.",))
    if file.references:
        yield Item((f"See {say.listed(file.references)}.",))
    yield Item(("SHA-256 ", Code(plan.digest)))


def _starts(plan: BoundPlaybook) -> Iterator[Item]:
    for each in plan.triggers:
        said: list[str | Code] = []
        for part in each.parts:
            said += [*([" and "] if said else []), Code(part.condition.bound), say.part_text(part)]
        yield Item((*said, "."))
    yield from (Item((f"At {each.text}.",)) for each in plan.schedules)
    if plan.advice:
        yield Item(("The agents advise: ", Code(plan.advice.text), "."))
    if plan.is_manual:
        yield Item(
            ("When a person orders it by ", Code(shell_command("runs", "start", plan.id)), ".")
        )
    for text in dict.fromkeys(each.rearm.bound for each in plan.triggers if each.rearm):
        yield Item(("Again once ", Code(text), "."))


_COVERED = ("rollback", "safe_state")


def _approvals(plan: BoundPlaybook) -> Iterator[Item]:
    if opening := say.opening_approval(plan):
        yield Item((f"Before the first step: {say.approval_text(opening)}.",))
    for number, step in enumerate(plan.steps, 1):
        if point := step.hold_point:
            asked = (f"It asks: {point.prompt.bound}",)
            who = say.approval_text(point.approval)
            yield Item((f"Before step {number}, {step.id}: {who}.",), (asked,))
        if step.approval:
            who = say.approval_text(step.approval)
            yield Item((f"For step {number}, {step.id}, alone: {who}.",))
    if missing := [each.replace("_", " ") for each in _COVERED if each not in plan.covers]:
        yield Item((f"It does not cover {say.listed(missing)}, which is asked for apart.",))


def _checks(checks: Sequence[Check]) -> list[Item]:
    return [
        Item((
            f"{each.id}: ",
            Code(each.condition.bound),
            f". If it is true, {each.suggest} is suggested." if each.suggest else ".",
        ))
        for each in checks
    ]  # fmt: skip


def _invariants(plan: BoundPlaybook) -> Iterator[Item]:
    for each in plan.invariants:
        then, grace = say.reaction(each.on_violation), say.in_words(each.grace_s)
        yield Item((Code(each.condition.bound), f". If that is not so for {grace}, {then}."))


def _step(step: Step) -> Item:
    return Item((f"{step.title} ({step.id})",), tuple(_parts(step)))


def _parts(step: Step) -> Iterator[Sentence]:
    if step.if_:
        yield ("Only if ", Code(step.if_.bound))
    yield from _work(step)
    for each in step.expects:
        yield ("Expect ", Code(each.that.bound), say.timed(each.within_s))
    if verify := step.verify:
        yield ("Verify ", Code(verify.that.bound), say.timed(verify.within_s, verify.hold_s))
    if step.undo:
        yield ("Undo ", Code(say.undo_text(step.undo, "")))
    elif step.writes:
        yield (f"Undo {say.undo_text(None, step.undo_reason)}",)
    if say.can_fail(step):
        yield (f"On failure {say.failure_text(step)}",)


def _work(step: Step) -> Iterator[Sentence]:
    if step.writes:
        ramp = say.ramp_text(step)
        yield from (("Write ", Code(say.write_text(each)), ramp) for each in step.writes)
        return
    if isinstance(step.work, Wait):
        work = step.work
        yield ("Wait until ", Code(work.until.bound), say.timed(work.within_s, work.hold_s))
        return
    if isinstance(step.work, Manual):
        yield (f"Work of people, {say.approval_text(step.work.sign_off)}",)
        yield from ((each.bound,) for each in step.work.instructions)
        people = step.work.people
        yield (
            f"{people} different people sign it off" if people > 1 else "One person signs it off",
        )
        return
    text = say.work_text(step)
    yield (f"{text[:1].upper()}{text[1:]}",)
    if isinstance(step.work, WorkOrderStep):
        due = say.due_text(step.work)
        yield (f"It is {step.work.kind}, of priority {step.work.priority}, due in {due}",)


def _safe_heading(playbook: Playbook) -> str:
    safe = playbook.file.safe_state
    return f"Safe state: {safe.title}" if safe and safe.title else "Safe state"


def _safe_step(step: Step) -> Item:
    condition: Sentence = ("if ", Code(step.if_.bound), ", ") if step.if_ else ()
    return Item((f"{step.id}: ", *condition, "write ", Code(say.writes_text(step.writes)), "."))


def _escalations(plan: BoundPlaybook) -> Iterator[Item]:
    for each in plan.escalations:
        after = f" for {say.in_words(each.after_s)}" if each.after_s else ""
        about = "a case" if each.when == "undecided" else "the run"
        yield Item((f"{say.listed(each.to)}, when {about} is {each.when}{after}.",))


def _limits(plan: BoundPlaybook) -> Iterator[Item]:
    if plan.deadline_s is not None:
        what = "write" if any(each.writes for each in plan.steps) else "step"
        by = say.in_words(plan.deadline_s)
        yield Item((f"The first {what} begins within {by} of the trigger, or not at all.",))
    writes = "1 write" if plan.max_writes == 1 else f"{plan.max_writes} writes"
    yield Item((f"At most {writes}, and {say.in_words(plan.max_duration_s)} from the approval.",))
    if plan.lease_s is not None:
        lease = say.in_words(plan.lease_s)
        yield Item((f"The gate takes what was written back {lease} after the last write.",))
