"""Values of the writes of a segment, which are fixed when its request is made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

from handwheel.connectors.model.process_clock import Readings
from handwheel.connectors.model.tags import Tag
from handwheel.connectors.model.values import Value
from handwheel.tools.conditions import Expression, Recorded, with_written
from handwheel.tools.errors import InvalidArguments

from ...binding.bind_writes import outside_range
from ...binding.model import BoundPlaybook
from ...binding.step_model import Step, Write
from ..inputs import FiledAction

_DIGITS = 9  # of a computed number, so that 0.9 * 40 is 36

Place = tuple[str, str]
"""Step and tag of a write."""


@dataclass(frozen=True, slots=True)
class FixedValue:
    """Value of a write, with the tags that it was computed from."""

    value: Value | None  # `None` if it cannot be computed now
    fault: str = ""  # why it cannot
    reads: tuple[Tag, ...] = ()  # tags that must not change until it is written
    shown: str = ""  # the expression with its values; empty if it is a constant

    @property
    def known(self) -> Value:
        """The value. Raises `InvalidArguments` if it cannot be computed now."""
        if self.value is None:
            raise InvalidArguments(self.fault)
        return self.value


@dataclass(frozen=True, slots=True)
class FixedValues:
    """Values of the writes of some steps and of their undo."""

    writes: Mapping[Place, FixedValue]
    undos: Mapping[Place, FixedValue]


def fix_values(
    plan: BoundPlaybook,
    steps: Sequence[Step],
    readings: Readings,
    recorded: Recorded,
    actions: Sequence[FiledAction] = (),
) -> FixedValues:
    """Returns the values that some steps write, one after the other, and those of their undo.

    A step finds what the earlier ones of these have written, and `before` is the value of that
    moment.

    Args:
        actions: Every action of the run's requests so far.
    """
    known, seen, written = dict(recorded), dict(readings), set[str]()
    writes: dict[Place, FixedValue] = {}
    undos: dict[Place, FixedValue] = {}
    for step in steps:
        for each in plan.step_values:
            value = each.at_begin(seen) if each.step == step.id else None
            if value is not None:
                known.setdefault(each.key, value)
        for write in step.undo.writes if step.undo else ():
            undos[step.id, write.tag.name] = fix_value(write, seen, known)
        begun = before_writes(step, seen, actions)
        own: dict[str, FixedValue] = {}
        for write in step.writes:  # each from what was there before the step
            own[write.tag.name] = fix_value(write, begun, known, written | own.keys())
        for name, found in own.items():
            is_of_begin = found.shown and begun is not seen
            shown = f"{found.shown} as the step began" if is_of_begin else found.shown
            writes[step.id, name] = replace(found, shown=shown)
            if found.value is not None:
                seen = with_written(seen, name, found.value)
        written |= own.keys()
    return FixedValues(writes, undos)


def before_writes(step: Step, readings: Readings, actions: Sequence[FiledAction]) -> Readings:
    """Returns readings in which what a step has sent itself is as before its first write.

    So a step that goes on after a hold writes what it was to write.
    """
    names = set[str]()
    for each in actions:
        name = each.action.tag
        if each.is_command_of(step.id) and each.may_have_been_sent and name not in names:
            names.add(name)
            old = [read.value for read in each.action.expected if read.tag == name]
            readings = with_written(readings, name, old[0]) if old else readings
    return readings


def sent_way(
    step: Step, tag: str, actions: Sequence[FiledAction], *, goes_on: bool = False
) -> list[FiledAction]:
    """Returns the writes by which a step has changed a tag and which its undo takes back.

    They are those of its last attempt, since its undo leads to the state before the first, and of
    a ramp that went on after a hold also the writes before it. The oldest is first.

    Args:
        goes_on: Whether another attempt is about to be requested.
    """
    listed: dict[str, list[FiledAction]] = {}
    for each in actions:
        if each.is_command_of(step.id) and each.action.tag == tag:
            listed.setdefault(each.request_id, []).append(each)
    found: list[FiledAction] = []
    for attempt in reversed(listed.values()):
        if (found or goes_on) and (step.ramp_per_s is None or attempt[-1].is_applied):
            break
        found = [*(each for each in attempt if each.may_have_been_sent), *found]
    return found


def fix_value(
    write: Write, readings: Readings, recorded: Recorded, written: set[str] | None = None
) -> FixedValue:
    """Returns the value of one write.

    Args:
        written: Tags that the run itself writes before, whose change is expected.
    """
    formula = write.value
    if not isinstance(formula, Expression):
        return FixedValue(formula)
    shown = formula.shown(readings, recorded=recorded)
    value = formula.value(readings, recorded=recorded)
    reads = tuple(each for each in formula.sources if each.name not in (written or set()))
    name = write.tag.name
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return FixedValue(None, f"the value of {name} is unknown: {shown}")
    if write.tag.kind in {"float", "int"} and isinstance(value, int | float):
        value = float(f"{value:.{_DIGITS}g}") if write.tag.kind == "float" else round(value)
        if fault := outside_range(write.tag, value):
            return FixedValue(None, f"{fault}: {shown}")
    amount = f"{write.tag.show_value(value)} {write.tag.unit}".rstrip()
    return FixedValue(value, reads=reads, shown=f"{name} = {amount} = {shown}")
