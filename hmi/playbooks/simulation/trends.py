"""Trends of a simulation, with the limits of the playbook's trigger and invariants."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from handwheel.connectors.model.site import Site
from handwheel.playbooks.binding.model import BoundPlaybook
from handwheel.playbooks.language.expressions import compared_literals
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import PlantTag
from handwheel.tools.conditions import Condition

from ...shell.charts.chart import Axis, round_axis
from ...simulation.plant.trend_tags import axis_ends

_MOST = 6
_ACTIVE = ".active"


@dataclass(frozen=True, slots=True)
class Trend:
    """Tag to draw, with its limits in the tag's unit."""

    tag: PlantTag
    limits: tuple[float, ...]

    def axis(self, values: Sequence[float]) -> Axis:
        """Returns an axis that holds all values and limits."""
        low, high = axis_ends(self.tag, values)
        return round_axis(min([low, *self.limits]), max([high, *self.limits]))


def trends_of(plan: BoundPlaybook, plant: Plant, site: Site) -> list[Trend]:
    """Returns the trends of the numbers in triggers and invariants, at most six.

    An alarm stands for what it measures.
    """
    limits: dict[str, dict[float, None]] = {}
    conditions = [each.condition for each in plan.triggers]
    conditions += [each.condition for each in plan.invariants]
    for tag, limit in (found for each in conditions for found in _read(each, plant, site)):
        limits.setdefault(tag, {}).update({} if limit is None else {limit: None})
    tags = {each.name: each for each in plant.tags if each.kind == "float"}
    found = [Trend(tags[name], tuple(each)) for name, each in limits.items() if name in tags]
    return found[:_MOST]


def _read(condition: Condition, plant: Plant, site: Site) -> Iterator[tuple[str, float | None]]:
    """Yields the tags of a condition, with each limit that they are compared with."""
    for each in compared_literals(condition.bound, site.tags):
        yield each.tag.name, each.value
    for name in condition.tags:
        measured = _measured_by(name.removesuffix(_ACTIVE), plant)
        yield from measured or [(name, None)]


def _measured_by(alarm: str, plant: Plant) -> list[tuple[str, float | None]]:
    names = {each.name for each in plant.tags}
    return [
        (name, each.limit)
        for each in plant.alarms
        if each.tag == alarm
        for name in (each.measures, f"{each.measures}.pv")
        if name in names
    ]
