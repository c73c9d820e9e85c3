"""Plant model that is brought to what a site's plant measures now.

A model cannot be set from measurements: what it holds inside is not measured. So its set points,
modes and commands are set to the measured ones, it runs for a while, and what differs is told.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from handwheel.connectors.client.site_reader import read_reachable
from handwheel.connectors.model.site import Site
from handwheel.connectors.model.values import DataValue, Quality
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import WriteRejected
from handwheel.sim_plant.model import PlantTag, Value
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

_ROUNDS, _PAUSE_S = 5, 60.0  # of writes, since the PLC takes some only after others
_AT_ONCE_S = 600
_SAME = 1e-3  # share of a range in which two set points are the same
_DIFFERS = 0.02  # share of a range from which a measured value counts as different


@dataclass(frozen=True, slots=True)
class Difference:
    """Value of the model beside that of the plant."""

    tag: str
    model: str
    plant: str
    share: float  # of the measuring range; 1 for a state that is another


@dataclass(frozen=True, slots=True)
class MeasuredState:
    """State that a model has taken over from a plant, and its distance after the warm-up."""

    down: Mapping[str, str]  # why each connection that was not read is down, by its name
    taken: Sequence[str]  # each set point, mode and command that was set, as `TAG = VALUE`
    differences: Sequence[Difference]  # the largest first
    compared: int  # number of values that were compared


async def read_plant(site: Site, plant: Plant) -> tuple[Mapping[str, DataValue], Mapping[str, str]]:
    """Reads what the model has a tag for.

    Returns:
        The good readings by tag, and why each connection that is down is down.

    Effect: OBSERVE. Retry and time-out: see `read_once`.
    """
    own = {each.name: each for each in plant.tags}
    tags = [
        tag
        for tag in site.tags.values()
        if tag.name in own and tag.unit == own[tag.name].unit and tag.kind == own[tag.name].kind
    ]
    readings, down = await read_reachable(site, tags)
    return {n: each for n, each in readings.items() if each.quality is Quality.GOOD}, down


async def take_over(
    plant: Plant,
    readings: Mapping[str, DataValue],
    down: Mapping[str, str],
    warmup_s: float,
    tell: Callable[[float], None],
) -> MeasuredState:
    """Sets a model to the measured set points, modes and commands, and warms it up.

    Args:
        tell: Takes the plant time of the warm-up as it passes.

    What its PLC refuses is left, and shows in the differences if it matters.
    """
    left = dict(_to_set(plant, readings))
    taken: list[str] = []
    for _ in range(_ROUNDS if left else 0):
        for name, value in list(left.items()):
            try:
                plant.write(name, value)
            except WriteRejected:
                continue
            del left[name]
            taken.append(name)
        await warm_up(plant, _PAUSE_S, lambda _: None)
    await warm_up(plant, warmup_s, tell)
    tags = {each.name: each for each in plant.tags}
    said = [f"{name} = {_shown(tags[name], readings[name].value)}" for name in taken]
    compared = [each for each in plant.tags if each.name in readings and each.kind != "int"]
    found = list(_differences(plant, compared, readings))
    found.sort(key=lambda each: -each.share)
    return MeasuredState(down, said, found, len(compared))


async def warm_up(plant: Plant, seconds: float, tell: Callable[[float], None]) -> None:
    """Lets a model run for some seconds, so that Ctrl-C ends it at any time.

    Args:
        tell: Takes the plant time that has passed.
    """
    simulation = Simulation(plant, Scenario(warmup_s=plant.time_s))
    for begun_s in range(0, ceil(seconds), _AT_ONCE_S):
        tell(float(begun_s))
        simulation.run(min(float(_AT_ONCE_S), seconds - begun_s))
        await asyncio.sleep(0)


def _to_set(plant: Plant, readings: Mapping[str, DataValue]) -> Iterator[tuple[str, Value]]:
    present = plant.measurements()
    for tag in plant.inputs:
        value = readings[tag.name].value if tag.name in readings else None
        if isinstance(value, int | float) and _share(tag, present[tag.name], value) > _SAME:
            yield tag.name, value


def _differences(
    plant: Plant, tags: Sequence[PlantTag], readings: Mapping[str, DataValue]
) -> Iterator[Difference]:
    present = plant.measurements()
    for tag in tags:
        value = readings[tag.name].value
        if not isinstance(value, int | float):
            continue
        share = _share(tag, present[tag.name], value)
        if share > _DIFFERS:
            yield Difference(tag.name, _shown(tag, present[tag.name]), _shown(tag, value), share)


def _share(tag: PlantTag, one: Value, other: Value) -> float:
    """Returns how far two values are apart, as a share of the tag's range."""
    if tag.kind != "float":
        return float(one != other)
    low, high = tag.span or tag.write or (0.0, max(abs(one), abs(other), 1e-9))
    return abs(float(one) - float(other)) / (high - low)


def _shown(tag: PlantTag, value: object) -> str:
    if isinstance(value, bool) or tag.kind == "bool":
        return "true" if value else "false"
    words = {number: word for word, number in tag.members.items()}
    if tag.members:
        return str(words.get(value, value)) if isinstance(value, int) else str(value)
    return f"{value:.5g} {tag.unit}".rstrip() if isinstance(value, int | float) else str(value)
