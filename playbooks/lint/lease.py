"""Lint rules on a lease, after which the gate takes the writes of a playbook back."""

from collections.abc import Iterator

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.config.yaml_documents import Path_

from ..binding.model import BoundPlaybook
from ..binding.step_model import Step
from ..language.errors import Finding
from ..language.loader import Playbook
from .key_rules import longest_s


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
