"""Preview of a playbook as lines and as JSON fields."""

from time import monotonic

from handwheel.connectors.config.durations import format_duration
from handwheel.playbooks.preview.planned_writes import PlannedWrite
from handwheel.playbooks.preview.preview import Preview
from handwheel.tools.conditions import Truth
from handwheel.tools.conditions.truth import split_shown
from handwheel.tools.safe_text import printable

from ...shell.terminal.show import in_columns
from ...shell.terminal.templates import render
from ...site.tags.connection_text import reading_fields
from ..documents import phrases

INDENT = 17
"""Column of the texts."""
_SIDES = {
    "trigger": "Triggers", "for": "Evidence for, must be true",
    "against": "Evidence against, must be false", "permissive": "Permissives, must be true",
    "invariant": "Throughout, must be true", "if": "Steps with a condition",
}  # fmt: skip
_TRUTHS = {Truth.TRUE: "true", Truth.FALSE: "false", Truth.UNKNOWN: "not known"}


def preview_lines(preview: Preview) -> list[str]:
    """Returns a preview as lines, each to be folded at `INDENT`."""
    writes = in_columns([_cells(each) for each in preview.writes], ("  ", "  ", "  "), set())
    return render(
        "handwheel.hmi.playbooks.preview", "preview.txt.j2",
        preview=preview, writes=writes, sides=_SIDES,
        truths=_TRUTHS, shown=_values, say=phrases,
    ).splitlines()  # fmt: skip


def _values(shown: str) -> str:
    """Returns a condition with its values, or these alone if it is just one of them."""
    condition, values = split_shown(shown)
    return values if condition == values.partition(" is ")[0] else shown  # as of `VAH-101A.active`


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
