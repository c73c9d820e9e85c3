"""Lint rules on segments, the steps between hold points, and on the lease of their writes."""

from collections.abc import Iterator, Sequence
from itertools import takewhile

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.config.yaml_documents import Path_
from handwheel.tools.guardrails.ledger.lifecycle import FIRST_CLAIM_S

from ..binding.model import BoundPlaybook
from ..binding.step_model import Manual, RunPlaybook, Step, Wait
from ..language.errors import Finding, Severity
from ..language.loader import Playbook
from .key_rules import longest_s

_Numbered = tuple[int, Step]


def check_segments(playbook: Playbook, plan: BoundPlaybook) -> Iterator[Finding]:
    """Yields tags that a segment writes twice, and waits that let its approval expire."""
    for segment in _segments(plan):
        yield from _written_twice(playbook, segment)
        yield from _waits(playbook, segment)


def _segments(plan: BoundPlaybook) -> list[list[_Numbered]]:
    numbers = iter(range(len(plan.steps)))
    return [[(next(numbers), step) for step in part] for part in plan.segments]


def _written_twice(playbook: Playbook, segment: Sequence[_Numbered]) -> Iterator[Finding]:
    writers: dict[str, str] = {}
    for n, step in segment:
        for key, write in zip(playbook.file.steps[n].write or {}, step.writes, strict=True):
            first = writers.setdefault(write.tag.name, step.id)
            if first != step.id:
                text = f"step {first} writes {write.tag.name} too, and a request writes a tag once"
                hint = "put a hold point on this step, which makes it a request of its own"
                path = ("steps", n, "write", key)
                yield playbook.key_finding("written-twice", path, text, hint)


def _waits(playbook: Playbook, segment: Sequence[_Numbered]) -> Iterator[Finding]:
    before = list(takewhile(lambda each: not each[1].writes, segment))
    if len(before) == len(segment):
        return
    must, hint = format_duration(FIRST_CLAIM_S), "give the write an approval of its own"
    for n, step in before:
        for key, awaited in _awaited(step):
            text = f"{awaited} awaited, and the first write must begin {must} after the approval"
            yield playbook.finding("waits-before-first-write", ("steps", n, key), text, hint)
    waits = [(step.work, n) for n, step in before if isinstance(step.work, Wait)]
    if not waits:
        return
    hold_s = sum(each.hold_s for each, _ in waits)
    within_s = sum(each.within_s for each, _ in waits)
    if within_s <= FIRST_CLAIM_S and hold_s < FIRST_CLAIM_S:
        return
    severity: Severity = "error" if hold_s >= FIRST_CLAIM_S else "warning"
    _, longest = max(waits, key=lambda each: each[0].within_s)
    may = format_duration(within_s)
    text = f"waits up to {may}, and the first write must begin {must} after the approval"
    hint = f"wait after the write, or {hint}"
    path = ("steps", longest, "wait", "within")
    yield playbook.finding("waits-before-first-write", path, text, hint, severity)


def _awaited(step: Step) -> Iterator[tuple[str, str]]:
    """Yields the key of a step whose work takes as long as others take, and what is awaited."""
    if isinstance(step.work, RunPlaybook):
        yield "run", "a run is"
    if isinstance(step.work, Manual) and step.work.sign_off.within_s > FIRST_CLAIM_S:
        yield "manual", "people are"


def check_lease(playbook: Playbook, plan: BoundPlaybook) -> Iterator[Finding]:
    """Yields every write that a lease cannot take back, and what waits longer than it lasts."""
    if plan.lease_s is None:
        return
    if "rollback" not in plan.covers:
        text = "the approval must cover rollback, since the gate takes the writes back by it"
        yield playbook.finding("lease", ("approval", "covers"), text)
    for n, step in enumerate(plan.steps):
        if reason := _kept(step):
            path: Path_ = ("steps", n, "write")
            yield playbook.key_finding("lease", path, f"the lease cannot take it back: {reason}")
    writing = [part for part in plan.segments if any(each.writes for each in part)]
    if len(writing) > 1:
        path = ("steps", plan.steps.index(writing[1][0]))
        text = "a playbook with a lease makes one request, and this step begins a second one"
        yield playbook.finding("lease", (*path, "id"), text)
    first = next((n for n, each in enumerate(plan.steps) if each.writes), len(plan.steps))
    takes_s = sum(longest_s(each) for each in playbook.file.steps[first:])
    if takes_s > plan.lease_s:
        longest, lease = format_duration(takes_s), format_duration(plan.lease_s)
        text = f"the steps from the first write on may take {longest}, and the lease lasts {lease}"
        yield playbook.finding("lease", ("limits", "lease"), text)


def _kept(step: Step) -> str:
    """Returns why the writes of a step would stay, empty if the gate can take them back."""
    if not step.writes:
        return ""
    if step.undo is None:
        return "it has no undo"
    if step.ramp_per_s is not None:
        return "it is a ramp"
    unread = [each.tag.name for each in step.writes if not each.tag.readback]
    return f"no tag shows what {', '.join(unread)} was written from" if unread else ""
