"""Writes that a run would make, judged by the policy as its requests would be."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.connectors.session.protocols import Survey
from handwheel.tools.conditions import with_written
from handwheel.tools.errors import GuardrailError, InvalidArguments
from handwheel.tools.guardrails.approval.build_request import BuildContext, ProposedWrite
from handwheel.tools.guardrails.approval.explain import (
    ExplainContext,
    Question,
    coerced,
    explain,
)
from handwheel.tools.guardrails.approval.ramps import RampWrite, ramp_writes
from handwheel.tools.guardrails.approval.segment import Command
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.requests.values import is_already

from ..binding.model import BoundPlaybook
from ..binding.step_model import Step, Write
from ..engine.requests.write_values import FixedValue, fix_value, fix_values

Part = Literal["step", "undo", "safe state"]


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """Write or ramp of a run, with what the tag reads now and what the policy says."""

    part: Part
    step: str
    tag: Tag
    value: Value | None  # as the device would hold it, where that is known; `None` if unknown
    now: DataValue | None
    is_already: bool  # whether the tag reads the value already, so that nothing is asked
    risk_class: str  # empty if it is not judged
    denials: tuple[str, ...]  # why the policy denies it, or one write of its ramp
    ramp: tuple[RampWrite, ...] = ()  # the writes of its ramp; empty if it has none
    ramp_per_s: float | None = None  # rate of the ramp as the playbook has it


def planned_writes(
    context: ExplainContext,
    plan: BoundPlaybook,
    plant: Survey,
    now: Instant,
    obstacles: dict[str, None],
) -> Iterator[PlannedWrite]:
    """Yields each write of a run with its undo, then those of the safe state.

    Args:
        obstacles: Gets why a write would be refused now.
    """
    judging, has_asked = context, False
    values = fix_values(plan, plan.steps, plant.readings, {})
    for step in plan.steps:
        if has_asked and step.own_approval:
            judging = replace(context, across=())  # the plant will have changed
        ways: dict[str, Sequence[Value | None]] = {}
        for each in step.writes:
            found = values.writes[step.id, each.tag.name]
            planned = _planned("step", step.id, each, found, plant)
            if planned.value is not None and not planned.is_already:
                has_asked = True
                planned = _asked(judging, step, planned, plant, now, obstacles)
            ways[each.tag.name] = [write.value for write in planned.ramp]
            yield planned
        for each in step.undo.writes if step.undo else ():
            name = each.tag.name
            undone = _planned("undo", step.id, each, values.undos[step.id, name], plant)
            way = ways[name] or [values.writes[step.id, name].value]
            yield _way_back(context, undone, way)
    for step in plan.safe_state:
        for each in step.writes:
            planned = _planned("safe state", step.id, each, fix_value(each, {}, {}), plant)
            yield _judged(context, planned, [(None, planned.value)])


def _asked(
    context: ExplainContext,
    step: Step,
    planned: PlannedWrite,
    plant: Survey,
    now: Instant,
    obstacles: dict[str, None],
) -> PlannedWrite:
    """Returns a write, or each write of its ramp from the one before it, as it would be ruled."""
    build = BuildContext(context.site, context.policy, context.across)
    if planned.value is None:
        return planned
    command = Command(
        ProposedWrite(planned.tag, planned.value), step.id, ramp_per_s=step.ramp_per_s
    )
    try:
        writes = ramp_writes(build, command, plant)
    except InvalidArguments:  # the request cannot be built, and tells why
        return planned
    except GuardrailError:  # the tag has no good reading now
        writes = [RampWrite(planned.value, None)]
    readings, classes, denials = plant.readings, [""], dict[str, None]()
    ramp = [replace(each, value=_held(planned.tag, each.value, plant)) for each in writes]
    for each in ramp:
        said = explain(context, Question(planned.tag, each.value, "", readings), now)
        obstacles |= dict.fromkeys(said.obstacles)
        denials |= dict.fromkeys(said.denials)
        classes.append(said.ruling.risk_class)
        readings = with_written(readings, planned.tag.name, each.value)
    found = replace(planned, risk_class=max(classes), denials=tuple(denials))
    if len(ramp) == 1:
        return found
    return replace(found, ramp=tuple(ramp), ramp_per_s=step.ramp_per_s)


def _way_back(
    context: ExplainContext, undone: PlannedWrite, way: Sequence[Value | None]
) -> PlannedWrite:
    """Returns an undo with the ruling on each write of the way back."""
    if any(each is None for each in way):
        return _judged(context, undone, [(None, undone.value)])
    return _judged(context, undone, list(pairwise([*reversed(way), undone.value])))


def _judged(
    context: ExplainContext,
    planned: PlannedWrite,
    changes: Sequence[tuple[Value | None, Value | None]],
) -> PlannedWrite:
    """Returns a write of the recovery with the policy's ruling.

    Args:
        changes: What each of its writes finds, `None` if that is not known, and what it writes.
    """
    classes, denials = [""], dict[str, None]()
    is_safe = planned.part == "safe state"
    for old, new in changes:
        if new is None:
            return planned
        present = None if old is None else DataValue(old, GOOD, None, None, 0.0)
        ruling = context.policy.judge(planned.tag, new, present, from_anywhere=is_safe)
        classes.append(ruling.risk_class)
        denials |= {} if ruling.is_allowed else dict.fromkeys(ruling.reasons)
    return replace(planned, risk_class=max(classes), denials=tuple(denials))


def _planned(part: Part, step: str, write: Write, found: FixedValue, plant: Survey) -> PlannedWrite:
    reading = plant.readings.get(write.tag.name)
    if found.value is None:
        return PlannedWrite(part, step, write.tag, None, reading, False, "", (found.fault,))
    same = part == "step" and is_already(write.tag, found.value, reading)
    value = _held(write.tag, found.value, plant)
    return PlannedWrite(part, step, write.tag, value, reading, same, "", ())


def _held(tag: Tag, value: Value, plant: Survey) -> Value:
    """Returns a value as the device would hold it, where that is known."""
    held = coerced(tag, value, plant)
    return value if held is None else held
