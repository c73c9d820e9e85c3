"""Preview of a playbook as lines and as JSON fields."""

from collections.abc import Iterator
from time import monotonic

from handwheel.connectors.config.durations import format_duration
from handwheel.playbooks.preview.planned_requests import PlannedRequest
from handwheel.playbooks.preview.planned_writes import PlannedWrite
from handwheel.playbooks.preview.preview import Preview
from handwheel.tools.conditions import Truth
from handwheel.tools.conditions.truth import split_shown
from handwheel.tools.safe_text import printable

from ...shell.terminal.plural import counted
from ...shell.terminal.show import in_columns
from ...site.tags.connection_text import reading_fields
from ..documents.phrases import work_text

INDENT = 17
"""Column of the texts."""
_SIDES = {
    "trigger": "Triggers", "for": "Evidence for, must be true",
    "against": "Evidence against, must be false", "permissive": "Permissives, must be true",
    "invariant": "Throughout, must be true", "if": "Steps with a condition",
}  # fmt: skip
_TRUTHS = {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNKNOWN: "not known"}


def preview_lines(preview: Preview) -> Iterator[str]:
    """Yields a preview as lines, each to be folded at `INDENT`."""
    plan = preview.plan
    yield f"{plan.id} {plan.version}: {printable(plan.title)}"
    bound = ", ".join(f"{name} = {value}" for name, value in plan.parameters.items())
    yield f"with {bound}" if bound else "with no parameters"
    if preview.writes:
        yield "\nWrites, now → proposed"
        rows = [_cells(each) for each in preview.writes]
        yield from (f"  {line}" for line in in_columns(rows, ("  ", "  ", "  "), set()))
    works = [each for each in plan.steps if not each.writes]
    if works:
        yield "\nSteps without a write"
    for step in works:
        yield f"  {step.id:<{INDENT - 3}} {printable(work_text(step, preview.readings))}"
    for side, title in _SIDES.items():
        if results := preview.of(side):
            yield f"\n{title}"
        for each in results:
            truth = "needs history" if each.is_collecting else _TRUTHS[each.truth]
            name = f"{each.id}: " if each.id else ""
            condition, values = split_shown(each.shown)
            is_plain = condition == values.partition(" is ")[0]  # as of `VAH-101A.active`
            shown = values if is_plain else each.shown
            yield f"  {truth:<15}{name}{printable(shown)}"
    yield "\nIt would ask"
    yield from _requests(preview)
    if len(preview.requests) > 1:
        yield "  Limits across tags count for the first only: the plant will have changed."
    yield "\nIt would not start now:" if preview.reasons else "\nIt would start now."
    yield from (f"  - {printable(each)}" for each in preview.reasons)


def _cells(write: PlannedWrite) -> tuple[str, str, str, str]:
    part = write.step if write.part == "step" else f"  {write.part} {write.step}"
    said = write.risk_class or "not asked"
    said = "denied" if write.denials else "already so" if write.is_already else said
    now = printable(write.tag.show(write.now)) if write.now else "?"
    before = "" if write.part == "undo" else f"{now} "  # it goes back from what the step wrote
    change = f"{before}→ {printable(write.tag.show_value(write.value))} {write.tag.unit}"
    return part, write.tag.name, f"{change.rstrip()}{ramp_text(write)}", said


def ramp_text(write: PlannedWrite) -> str:
    """Returns the number of writes of a ramp with its pace and time, empty for another write."""
    if not write.ramp or write.ramp_per_s is None:
        return ""
    pace = f"{write.ramp_per_s * 60.0:.3g} {write.tag.unit}/min".replace(" /", "/")
    takes = format_duration(round(_takes_s(write)))
    return f" in {len(write.ramp)} writes, at most {pace}, takes {takes}"


def _takes_s(write: PlannedWrite) -> float:
    return sum(each.after_s or 0.0 for each in write.ramp)


def _requests(preview: Preview) -> Iterator[str]:
    for number, each in enumerate(preview.requests, 1):
        steps = ", ".join(step.id for step in each.steps)
        yield f"  request {number:<6} for {steps}"
        if prompt := preview.prompts.get(each.steps[0].id):
            yield f"{'':{INDENT}}hold point: {printable(prompt)}"
        yield f"{'':{INDENT}}{_asked(each)}"
    if not preview.requests:
        yield "  nothing: it writes nothing, or all of it is so already"


def _asked(request: PlannedRequest) -> str:
    otherwise = request.approval.on_timeout
    if not request.risk_class:
        return f"{request.approval.role}, but it cannot be asked: {printable(request.fault)}"
    people = counted(request.quorum, "signature")
    within = format_duration(request.within_s)
    why = f"; not released: {printable(request.unreleased)}" if request.unreleased else ""
    roles = " and ".join(request.roles)
    return f"{request.risk_class}, {people} as {roles} within {within}, else {otherwise}{why}"


def preview_fields(preview: Preview) -> dict[str, object]:
    """Returns a preview as JSON fields."""
    plan, now = preview.plan, monotonic()
    return {
        "id": plan.id, "version": plan.version, "digest": plan.digest, "roles": dict(plan.roles),
        "parameters": dict(plan.parameters),
        "writes": [
            {
                "part": each.part, "step": each.step, "tag": each.tag.name, "value": each.value,
                "shown": each.tag.show_value(each.value), "unit": each.tag.unit,
                "now": reading_fields(each.now, now) if each.now else None,
                "already": each.is_already, "class": each.risk_class, "denials": each.denials,
                "ramp": _ramp_fields(each),
            }
            for each in preview.writes
        ],
        "checks": [
            {
                "side": each.side, "id": each.id, "that": each.text, "truth": each.truth.value,
                "needs_history": each.is_collecting, "shown": each.shown,
            }
            for each in preview.results
        ],
        "requests": [
            {
                "steps": [step.id for step in each.steps], "class": each.risk_class,
                "roles": each.roles, "quorum": each.quorum, "within_s": each.within_s,
                "on_timeout": each.approval.on_timeout, "unreleased": each.unreleased,
                "hold_point": preview.prompts.get(each.steps[0].id), "fault": each.fault,
            }
            for each in preview.requests
        ],
        "would_start": not preview.reasons,
        "reasons": preview.reasons,
    }  # fmt: skip


def _ramp_fields(write: PlannedWrite) -> dict[str, object] | None:
    if not write.ramp:
        return None
    return {
        "rate_per_s": write.ramp_per_s, "takes_s": _takes_s(write),
        "writes": [
            {
                "value": each.value, "shown": write.tag.show_value(each.value),
                "after_s": each.after_s,
            }
            for each in write.ramp
        ],
    }  # fmt: skip
