"""Advice of a bound playbook on its set points."""

from collections.abc import Iterator
from dataclasses import dataclass

from handwheel.connectors.config.yaml_documents import Path_
from handwheel.connectors.model.tags import Tag
from handwheel.tools.conditions import Expression

from ..language.expressions import Expressions
from ..language.loader import Playbook
from ..language.schema import AdviceSpec
from .bind_writes import bind_quantity


@dataclass(frozen=True, slots=True)
class SetPoint:
    """Parameter that is searched between its ends, and the tag to which it is written."""

    parameter: str
    tag: Tag
    low: float  # in the tag's unit
    high: float


@dataclass(frozen=True, slots=True)
class Advice:
    """Set points that the agents advise on, and what they minimise."""

    objective: Expression  # its mean over the horizon is minimised
    set_points: tuple[SetPoint, ...]
    horizon_s: float  # process time
    least_gain: float  # in the unit of the objective
    every_s: float  # process time between two searches

    @property
    def text(self) -> str:
        """Advice in one line."""
        bands = (
            f"{each.parameter} {each.low:g} to {each.high:g} {each.tag.unit}".rstrip()
            for each in self.set_points
        )
        return f"least {self.objective.text} by {', '.join(bands)}"


def bind_advice(playbook: Playbook, spec: AdviceSpec, read: Expressions) -> Advice | None:
    """Returns the advice of a playbook, `None` with findings if it is not valid."""
    objective = read.computed(("advise", "minimise"), spec.minimise)
    if objective is not None and objective.kind != "number":
        read.report("wrong-value", ("advise", "minimise"), "must be a number")
        objective = None
    unit = objective.unit if objective else ""
    least = bind_quantity(spec.least_gain, unit, ("advise", "least_gain"), read)
    if least is not None and least.value <= 0.0:
        read.report("wrong-value", ("advise", "least_gain"), "must be more than zero")
    if spec.every < spec.horizon:
        text = "must be at least the horizon, since the gain is measured first"
        read.report("wrong-value", ("advise", "every"), text)
    if not playbook.file.invariants:
        text = "needs invariants, which must stay true while something is saved"
        read.report("wrong-value", ("advise",), text)
    found = tuple(_set_points(playbook, spec, read))
    if objective is None or least is None or len(found) < len(spec.by):
        return None
    return Advice(objective, found, spec.horizon, least.value, spec.every)


def _set_points(playbook: Playbook, spec: AdviceSpec, read: Expressions) -> Iterator[SetPoint]:
    for n, name in enumerate(spec.by):
        path: Path_ = ("advise", "by", n)
        parameter = playbook.file.parameters.get(name)
        if parameter is None or parameter.type != "quantity":
            read.report("unknown-name", path, f"there is no parameter {name!r} with a unit")
            continue
        ends = [
            bind_quantity(raw, parameter.unit, ("parameters", name, key), read)
            if raw != ""
            else None
            for key, raw in (("min", parameter.min), ("max", parameter.max))
        ]
        low, high = ends
        if low is None or high is None:
            read.report(
                "wrong-value", path, f"{name} needs min and max, between which it is searched"
            )
            continue
        tags = list(_written(playbook, name, read))
        if len(tags) != 1 or tags[0].unit != parameter.unit:
            text = f"{name} must be the whole value of exactly one write, in the unit of its tag"
            read.report("wrong-value", path, text)
            continue
        yield SetPoint(name, tags[0], low.value, high.value)


def _written(playbook: Playbook, name: str, read: Expressions) -> Iterator[Tag]:
    """Yields the tag of each write of a step whose whole value is a parameter."""
    for step in playbook.file.steps:
        for tag, value in (step.write or {}).items():
            found = read.names.get(tag)
            if str(value).strip() == name and isinstance(found, Tag):
                yield found
