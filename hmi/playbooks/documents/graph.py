"""Graph of a playbook, with steps, hold points and the ways out at a failure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.binding.step_model import Manual, RequiredApproval, Step
from handwheel.tools.safe_text import printable

from . import phrases as say


class Exit(Enum):
    """End of a run other than its completion."""

    ROLLBACK = "rollback"
    SAFE_STATE = "safe_state"
    HELD = "hold"
    STOPPED = "stop"


@dataclass(frozen=True, slots=True)
class Node:
    """Node of the way from the trigger to the end, followed by the next one."""

    lines: tuple[str, ...]
    is_decision: bool = False  # whether a person decides here
    leads_to: tuple[tuple[Exit, str], ...] = ()  # exits, each with its cause


@dataclass(frozen=True, slots=True)
class Graph:
    """Graph of a playbook."""

    title: str
    path: tuple[Node, ...]  # in order
    exits: dict[Exit, tuple[str, ...]]  # those that something leads to, with their text


def graph_of(plan: BoundPlaybook) -> Graph:
    """Returns the graph of a bound playbook."""
    path = tuple(_path(plan))
    used = {end for node in path for end, _ in node.leads_to}
    if Exit.ROLLBACK in used:  # an undo that fails goes on to one of these
        used.add(Exit.SAFE_STATE if plan.safe_state else Exit.HELD)
    texts = dict(_exits(plan))
    return Graph(plan.title, path, {end: texts[end] for end in Exit if end in used})


def _path(plan: BoundPlaybook) -> Iterator[Node]:
    starts = [
        " and ".join(f"{part.condition.bound}{say.part_text(part)}" for part in each.parts)
        for each in plan.triggers
    ]
    starts += [each.text for each in plan.schedules] + ["a person's order"] * plan.is_manual
    yield Node(("Started by", *(starts or ["nothing: it has no trigger"])))
    if plan.permissives:
        yield Node(("Permissives", *(f"{e.id}: {e.condition.bound}" for e in plan.permissives)))
    if opening := say.opening_approval(plan):
        yield _approval("Approval", opening)
    if plan.invariants:
        ends = tuple((Exit(each.on_violation), "violated") for each in plan.invariants)
        texts = (each.condition.bound for each in plan.invariants)
        yield Node(("From the first write to the end", *texts), leads_to=tuple(dict.fromkeys(ends)))
    for number, step in enumerate(plan.steps, 1):
        if point := step.hold_point:
            yield _approval("Hold point", point.approval, point.prompt.bound)
        elif step.approval:
            yield _approval("Approval", step.approval)
        elif isinstance(step.work, Manual):
            yield _approval("Sign-off", step.work.sign_off)
        yield _step(number, step)
    yield Node(("Complete", *([plan.achieves.bound] if plan.achieves else [])))


def _approval(name: str, approval: RequiredApproval, *asked: str) -> Node:
    who = f"{name}: {approval.role}, within {say.in_words(approval.within_s)}"
    if approval.on_timeout == "skip":
        return Node((who, *asked, "without an answer it is left out"), True)
    return Node((who, *asked), True, ((Exit(approval.on_timeout), "no answer"),))


def _step(number: int, step: Step) -> Node:
    lines = [f"{number}. {step.title}"]
    lines += [f"only if {step.if_.bound}"] if step.if_ else []
    lines.append(say.work_text(step))
    lines += [f"verify {say.verify_text(step.verify)}"] if step.verify else []
    if not say.can_fail(step):
        return Node(tuple(lines))
    if step.on_fail.then == "continue":
        return Node((*lines, "on failure the run goes on"))
    then = "hold" if step.on_fail.then == "escalate" else step.on_fail.then
    return Node(tuple(lines), leads_to=((Exit(then), "fails"),))


def _exits(plan: BoundPlaybook) -> Iterator[tuple[Exit, tuple[str, ...]]]:
    undone = [step.id for step in reversed(plan.steps) if step.undo]
    after = "the safe state" if plan.safe_state else "the run is held"
    yield (
        Exit.ROLLBACK,
        ("Roll back", f"undo {', then '.join(undone) or 'nothing'}", f"an undo fails: {after}"),
    )
    writes = (
        f"{f'if {each.if_.bound}: ' if each.if_ else ''}{say.writes_text(each.writes)}"
        for each in plan.safe_state
    )
    yield Exit.SAFE_STATE, ("Safe state", *writes)
    yield Exit.HELD, ("Held", "a person resumes or aborts the run")
    yield Exit.STOPPED, ("Stopped",)


def mermaid(graph: Graph) -> str:
    """Returns a graph as a Mermaid flowchart."""
    lines = ["flowchart TD"]
    for number, node in enumerate(graph.path):
        shape = ("{{", "}}") if node.is_decision else ("[", "]")
        lines.append(f'  n{number}{shape[0]}"{_label(node.lines)}"{shape[1]}')
    lines += [f'  {end.value}(["{_label(texts)}"])' for end, texts in graph.exits.items()]
    lines += [f"  n{number} --> n{number + 1}" for number in range(len(graph.path) - 1)]
    for number, node in enumerate(graph.path):
        lines += [f"  n{number} -. {why} .-> {end.value}" for end, why in node.leads_to]
    if Exit.ROLLBACK in graph.exits:
        after = next(end for end in (Exit.SAFE_STATE, Exit.HELD) if end in graph.exits)
        lines.append(f"  {Exit.ROLLBACK.value} -. an undo fails .-> {after.value}")
    return "\n".join(lines) + "\n"


def _label(lines: tuple[str, ...]) -> str:
    marks = re.compile(r"[^\w .,:;()/%+*=-]")
    return "<br>".join(marks.sub(lambda it: f"#{ord(it[0])};", printable(each)) for each in lines)
