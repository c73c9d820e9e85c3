"""Text of a new playbook, with comments, for a person to complete."""

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.playbooks.lint.key_rules import DONE, NO_UNDO, OWNER, TITLE, TO_DO
from handwheel.tools.safe_text import printable

from .fault_effects import FaultEffects, Moved

_EVIDENCE = 3  # tags at most
_VERIFY_S, _SCANS = 30.0, 3
_WIDTH = 80
_USUAL_MIN = 30  # of a run without a ramp


@dataclass(frozen=True, slots=True)
class ProposedStep:
    """Write that the policy allows, with the role that approves it."""

    tag: Tag
    value: float
    role: str
    ramp: "ProposedRamp | None" = None  # where one write may be further than the policy allows


@dataclass(frozen=True, slots=True)
class ProposedRamp:
    """Ramp by whose steps the policy's step limit is kept."""

    rate_per_min: float  # the tag's unit per minute
    max_step: float
    longest_s: float  # from the end of the limits that is furthest away


def playbook_text(
    site: Site, name: str, step: ProposedStep | None, effects: FaultEffects | None
) -> str:
    """Returns the text of a new playbook.

    Without a fault its trigger is a comment, so that nothing starts it before a person has
    completed it.

    Args:
        step: What it writes; `None` for a playbook that only tells a person.
        effects: Of the fault that it answers.
    """
    lines = [
        *_head(site, name, effects),
        *_trigger(site, effects),
        *([f"concurrency: {{key: [{step.tag.equipment}], policy: reject}}"] if step else []),
        "",
        *_evidence(effects.moved[:_EVIDENCE] if effects else ()),
        *(_write(site, step) if step else _notify(name)),
    ]
    return "\n".join(lines) + "\n"


def tests_text(name: str, effects: FaultEffects) -> str:
    """Returns the text of a first test of a playbook, on the fault that it answers."""
    run_for_h = ceil((effects.after_s + 3600.0) / 3600.0)
    return f"""\
# What must come of the fault; add a case in which another fault looks like it.
schema: playbook-test/1
playbook: {name}
cases:
  - name: {effects.kind.id} is answered
    plant: {{model: {effects.model}, seed: 1, faults: [{{id: {effects.kind.id}, at: 10 min}}]}}
    approvals: [{{step: "*", decision: approve, after: 2 min}}]
    run_for: {run_for_h} h
    expect: {{final: complete}}
"""


def _head(site: Site, name: str, effects: FaultEffects | None) -> Iterator[str]:
    title = f"{TITLE} - what is done"
    yield "# Complete what is in capitals; then lint, plan and release it."
    if effects:
        kind = effects.kind
        title = f"{kind.title} - {DONE}"
        yield from _comment(f"{kind.id} of {effects.model}: {kind.title}")
        yield from _comment(f"symptoms: {kind.symptoms}")
        yield from _comment(f"response: {kind.response}")
    yield "schema: playbook/1"
    yield f"id: {name}"
    yield "version: 1.0.0"
    yield f"title: {_quoted(title)}"
    if effects:
        yield f"plant: {site.plant or effects.model}"
    yield f"owner: {OWNER}  # who is responsible for it"
    yield "style: computer-assisted  # people approve, the computer executes"
    if effects and effects.can_trigger:
        yield f"tests: [tests/{name.rpartition('/')[2]}.yaml]"
    yield ""


def _trigger(site: Site, effects: FaultEffects | None) -> Iterator[str]:
    if effects and effects.alarms:
        after = format_duration(effects.after_s)
        yield f"trigger:  # active {after} after the fault in the model"
        yield "  any:"
        yield from (f"    - {{alarm: {each}}}" for each in effects.alarms)
        quiet = " and ".join(f"not {each}.active" for each in effects.alarms)
        yield f'  rearm: "{quiet}"'
        return
    if effects and effects.moved:
        first = effects.moved[0]
        after = format_duration(effects.after_s)
        yield f"trigger:  # there is no alarm in {after} of the model"
        yield "  any:"
        yield f'    - {{when: "{_beyond(first, 0.5)}", for: 1 min}}'
        yield f'  rearm: "{_beyond(first, 0.25, is_back=True)}"'
        return
    measured = next((t for t in site.tags.values() if t.span and not t.writable), None)
    yield "# trigger:  # nothing starts it as long as this is a comment"
    yield "#   any:"
    if measured and measured.span:
        low, high = measured.span
        limit, back = low + 0.9 * (high - low), low + 0.8 * (high - low)
        yield f'#     - {{when: "{measured.name} > {_number(limit, measured)}", for: 1 min}}'
        yield f'#   rearm: "{measured.name} < {_number(back, measured)}"'


def _evidence(moved: Sequence[Moved]) -> Iterator[str]:
    if not moved:
        return
    yield "diagnosis:  # what the fault moves in the model"
    yield "  for:"
    for each in moved:
        change = f"{each.before:.4g} → {each.after:.4g} {each.tag.unit}".rstrip()
        yield f'    - {{id: {_id(each.tag)}, that: "{_beyond(each, 0.5)}"}}  # {change}'
    yield ""


def _beyond(moved: Moved, share: float, *, is_back: bool = False) -> str:
    limit = moved.before + share * (moved.after - moved.before)
    is_above = (moved.after > moved.before) is not is_back
    return f"{moved.tag.name} {'>' if is_above else '<'} {_number(limit, moved.tag)}"


def _write(site: Site, step: ProposedStep) -> Iterator[str]:
    tag = step.tag
    low, high = tag.span or (step.value, step.value)
    near = 0.02 * (high - low)
    ends = [_number(min(max(step.value + each, low), high), tag) for each in (-near, near)]
    within = max(_VERIFY_S, ceil(_SCANS * site.scan_s(tag)))
    yield "permissives:  # what must be true before anybody is asked"
    yield f'  - {{id: readable, that: "good({tag.name})"}}'
    yield f"approval: {{role: {step.role}, within: 15 min, on_timeout: hold}}"
    yield "steps:"
    yield "  - id: act"
    yield f'    title: "{DONE}"'
    yield f"    write: {{{tag.name}: {_number(step.value, tag)}}}  # TAG AND VALUE"
    if step.ramp:
        yield f"    # the policy allows a step of {_number(step.ramp.max_step, tag)}"
        yield f'    ramp: {{rate: "{_rate(step.ramp.rate_per_min, tag)}"}}'
    yield f'    verify: {{that: "{tag.name} in {ends[0]} .. {ends[1]}", within: {within:g} s}}'
    yield f'    undo: {{none: "{NO_UNDO}, or write what takes it back"}}'
    yield "    on_fail: {then: hold}"
    yield "escalate:"
    yield "  - {when: held, after: 10 min, to: shift-supervisor}"
    minutes = _USUAL_MIN + ceil(step.ramp.longest_s / 60.0 if step.ramp else 0.0)
    yield f"limits: {{max_writes: 1, max_duration: {minutes} min}}"


def _notify(name: str) -> Iterator[str]:
    yield "# It writes nothing: no number that the policy allows belongs to an equipment that a run"
    yield "# can own. See the rules of policy.yaml, and equipment in tags.yaml."
    yield "steps:"
    yield "  - id: tell"
    yield f'    notify: {{to: shift-supervisor, text: "{name}: {TO_DO}"}}'
    yield "limits: {max_writes: 0, max_duration: 30 min}"


def _number(value: float, tag: Tag) -> str:
    text = f"{value:.4g}" if tag.kind == "float" else f"{round(value)}"
    return f"{text} {tag.unit}".rstrip()


def _rate(per_min: float, tag: Tag) -> str:
    return f"{per_min:.3g} {tag.unit}/min".replace(" /", "/")


def _id(tag: Tag) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", tag.name.lower()).strip("-")
    return name if name[:1].isalpha() else f"t-{name}"


def _comment(text: str) -> list[str]:
    return textwrap.wrap(f"# {printable(text)}", _WIDTH, subsequent_indent="#   ")


def _quoted(text: str) -> str:
    return "'" + printable(text).replace("'", "''") + "'"
