"""Effects of a fault on a simulated plant, found by running its model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.tags import Tag
from handwheel.evaluation.plants.installed_plants import create_plant, model_of, plant_names
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import FaultKind

LONGEST_S = 8 * 3600.0
"""Plant time after which a fault counts as without an alarm, seconds."""
LEAST = 0.01
"""Share of its range by which a tag must move to count as moved."""
_EVERY = 20  # steps between two looks at the alarms
_SETTLES_S = 60.0  # plant time from the first alarm


@dataclass(frozen=True, slots=True)
class Moved:
    """Tag that a fault has moved."""

    tag: Tag
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class FaultEffects:
    """Effects of a fault of default size on a plant without noise."""

    model: str
    kind: FaultKind
    alarms: tuple[str, ...]  # those that the site has as tags
    after_s: float  # plant time from the fault to the first alarm, a trip, or the end
    has_tripped: bool  # whether the plant has tripped by then
    moved: tuple[Moved, ...]  # the furthest in its range first

    @property
    def can_trigger(self) -> bool:
        """Whether a tag of the site shows it, so that a playbook can be triggered by it."""
        return bool(self.alarms or self.moved)


def simulated_plant(site: Site) -> Plant:
    """Returns the model of a site's simulated plant in its steady state, without noise.

    Raises:
        ConfigError: The site is for no simulated plant; names those that there are.
    """
    model = model_of(site)
    if not model:
        reason = f"{site.id} is for no simulated plant; models: {', '.join(plant_names())}"
        raise ConfigError.of(reason)
    return create_plant(model)


def fault_effects(site: Site, fault: str) -> FaultEffects:
    """Runs a fault in the model of a site's plant up to its first alarm.

    Raises:
        ConfigError: The site is for no simulated plant, or the plant has no such fault.
    """
    plant = simulated_plant(site)
    if fault not in plant.faults:
        reason = f"{plant.model} has no fault {fault!r}; known: {', '.join(plant.faults)}"
        raise ConfigError.of(reason)
    kind, before = plant.faults[fault], plant.measurements()
    known = {name for name, state in plant.alarm_states().items() if state.active}
    plant.inject(fault, {name: each.default for name, each in kind.parameters.items()})
    after_s = _run(plant, LONGEST_S, known)
    first = _active(plant)
    _run(plant, _SETTLES_S, None)
    alarms = tuple(
        name
        for name in dict.fromkeys((*first, *_active(plant)))
        if name not in known and _is_tag(site, name)
    )
    moved = sorted(_moved(site, before, plant.measurements()), key=_share, reverse=True)
    has_tripped = plant.first_trip() is not None
    return FaultEffects(plant.model, kind, alarms, after_s, has_tripped, tuple(moved))


def _run(plant: Plant, for_s: float, known: set[str] | None) -> float:
    """Runs the plant until an alarm that is not known, a trip, or the end. Returns the time."""
    begin_s, steps = plant.time_s, 0
    while plant.time_s - begin_s < for_s:
        plant.step()
        steps += 1
        if known is None or steps % _EVERY:
            continue
        if plant.first_trip() or not known.issuperset(_active(plant)):
            break
    return plant.time_s - begin_s


def _active(plant: Plant) -> list[str]:
    return [name for name, state in plant.alarm_states().items() if state.active]


def _is_tag(site: Site, alarm: str) -> bool:
    tag = site.tags.get(f"{alarm}.active")
    return tag is not None and tag.kind == "bool"


def _moved(site: Site, before: Mapping[str, float], after: Mapping[str, float]) -> Iterator[Moved]:
    for name, tag in site.tags.items():
        if tag.kind != "float" or tag.span is None or tag.writable or name not in before:
            continue
        low, high = tag.span
        found = Moved(tag, before[name], min(max(after[name], low), high))
        if _share(found) >= LEAST:
            yield found


def _share(moved: Moved) -> float:
    low, high = moved.tag.span or (0.0, 0.0)
    return abs(moved.after - moved.before) / (high - low)
