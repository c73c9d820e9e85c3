"""Selection and scale of the tags in a run's trends."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

from handwheel.connectors.hints import did_you_mean
from handwheel.sim_plant.alarm import AlarmDefinition
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.model import PlantEvent, PlantTag

_MOST = 5  # tags drawn by default
_MEASURED = ".pv"  # a loop's set point and output only follow what it measures
_CALM = 0.05  # least share of the measuring range on an axis, so that noise stays small


@dataclass(frozen=True, slots=True)
class TrendTag:
    """A tag to draw, with the ends of its axis, if given."""

    tag: str
    axis_ends: tuple[float, float] | None = None


def parse_trend_tag(text: str) -> TrendTag:
    """Parses a tag such as `PT-102.pv` or `PT-102.pv=0..400`. Raises `ScenarioError`."""
    name, equals, axis_ends = (part.strip() for part in text.partition("="))
    if not equals:
        return TrendTag(name)
    low, _, high = axis_ends.partition("..")
    try:
        scale = float(low), float(high)
    except ValueError:
        scale = 0.0, 0.0
    if not name or not scale[0] < scale[1] or not all(map(isfinite, scale)):
        raise ScenarioError(f"{text!r}: write TAG or TAG=LOW..HIGH, such as PT-102.pv=0..400")
    return TrendTag(name, scale)


def check_trend_tags(plant: Plant, shown: Iterable[TrendTag]) -> None:
    """Checks that the plant has the tags. Raises `ScenarioError` for one that it lacks."""
    names = [tag.name for tag in plant.tags]
    for each in shown:
        if each.tag not in names:
            raise ScenarioError(f"there is no tag {each.tag!r}{did_you_mean(each.tag, names)}")


def measured(plant: Plant) -> list[PlantTag]:
    """Returns the numeric read-only tags, from which `select_trend_tags` chooses."""
    return [tag for tag in plant.tags if tag.kind == "float" and tag.write is None]


def select_trend_tags(
    plant: Plant, series: Mapping[str, Sequence[float]], events: Sequence[PlantEvent]
) -> list[TrendTag]:
    """Returns up to five tags for trends, first those with alarms, then those that moved most.

    What is measured goes before what loops and valves did: a lost feed moves less of its range
    than the loops that fight for it.
    """
    raised = {event.tag for event in events if event.kind == "alarm"}
    alarmed = {_tag_name(plant, alarm) for alarm in plant.alarms if alarm.tag in raised}
    by_weight = sorted(
        measured(plant),
        key=lambda tag: (
            tag.name in alarmed,
            tag.name.endswith(_MEASURED),
            _movement(tag, series[tag.name]),
        ),
        reverse=True,
    )
    chosen: list[str] = []
    for tag in by_weight:
        is_twin = any(series[tag.name] == series[other] for other in chosen)
        if len(chosen) < _MOST and not is_twin:
            chosen.append(tag.name)
    return [TrendTag(tag.name) for tag in plant.tags if tag.name in chosen]


def alarms_of(plant: Plant, tag: str) -> list[AlarmDefinition]:
    """Returns the alarms of a tag."""
    return [alarm for alarm in plant.alarms if _tag_name(plant, alarm) == tag]


def axis_ends(tag: PlantTag, values: Sequence[float]) -> tuple[float, float]:
    """Returns the ends of an axis for all values, with a minimum span."""
    if tag.kind == "bool" or tag.members:
        return 0.0, float(max([1, *tag.members.values()]))
    good = [value for value in values if isfinite(value)] or [0.0]
    low, high = min(good), max(good)
    span = tag.span
    least = _CALM * (span[1] - span[0]) if span else 1e-3 * max(abs(low), abs(high), 1.0)
    missing = max(least - (high - low), 0.0) / 2.0
    return low - missing, high + missing


def _movement(tag: PlantTag, values: Sequence[float]) -> float:
    """Returns the share of its measuring range that a tag crossed, 0..1."""
    good = [value for value in values if isfinite(value)]
    if not good:
        return 0.0
    low, high = min(good), max(good)
    width = tag.span[1] - tag.span[0] if tag.span else max(abs(low), abs(high), 1e-9)
    return min((high - low) / width, 1.0)


def _tag_name(plant: Plant, alarm: AlarmDefinition) -> str:
    names = {tag.name for tag in plant.tags}
    return alarm.measures if alarm.measures in names else f"{alarm.measures}.pv"
