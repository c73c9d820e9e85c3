"""Preparation of a simulation, and advice where no trigger was due."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import NamedTuple

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import Site
from handwheel.evaluation.plants.installed_plants import (
    create_plant,
    in_seconds,
    model_of,
    parse_fault,
    plant_names,
)
from handwheel.playbooks.binding.bind import bind_triggers
from handwheel.playbooks.language.loader import Playbook
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.model import Number
from handwheel.sim_plant.scenario import FaultEvent, Scenario, ScenarioEvent
from handwheel.sim_plant.simulation import Simulation
from handwheel.tools.requests.timestamps import instant_now, stamp

from ...simulation.plant.plant_setup import SEED, event_name
from ...simulation.plant.scenario import load_scenario
from .measured_state import read_plant, take_over, warm_up
from .run_simulation import Setting

_WARMUP_S, _FOR_S = 3600.0, 7200.0


@dataclass(frozen=True, slots=True)
class Options:
    """Options of the command line, `None` where none was given."""

    faults: Sequence[str]  # as written, such as `F01` or `F02@10min,plug=28`
    at_s: float  # when faults without a time begin, and a person starts what no trigger starts
    scenario: Path | None
    model: str | None
    warmup_s: float | None
    seed: int | None
    for_s: float | None
    approve_after_s: float | None  # `None` if nobody approves


async def prepare(
    site: Site, playbook: Playbook, options: Options, tell: Callable[[float, float], None]
) -> Setting:
    """Creates the plant, takes over what the site's plant measures, and warms it up.

    Args:
        tell: Takes the plant time of the warm-up that has passed, and its whole time.

    Raises:
        ConfigError: The site's plant has no model, or the scenario file is wrong.
        ScenarioError: There is no such model, or it does not have a fault.

    Effect: OBSERVE. Retry and time-out: see `read_plant`.
    """
    if options.scenario is not None:
        return await _by_scenario(site, playbook, options.scenario, options, tell)
    seed = SEED if options.seed is None else options.seed
    plant = create_plant(_model(site, options.model), seed)
    events = _events(plant, options, ())
    for_s = _FOR_S if options.for_s is None else options.for_s
    _check_times(events, for_s)
    readings, down = await read_plant(site, plant)
    read_at = stamp(instant_now().wall)[11:19]
    warmup_s = _WARMUP_S if options.warmup_s is None else options.warmup_s
    measured = await take_over(
        plant, readings, down, warmup_s, lambda passed_s: tell(passed_s, warmup_s)
    )
    origin = "from its usual state, since the plant cannot be read"
    if readings:
        origin = f"as the plant was at {read_at} UTC, then {format_duration(warmup_s)} on"
    missing = _missing(site, playbook, plant)
    after_s = options.approve_after_s
    return Setting(plant, seed, events, for_s, options.at_s, after_s, measured, origin, missing)


async def _by_scenario(
    site: Site,
    playbook: Playbook,
    path: Path,
    options: Options,
    tell: Callable[[float, float], None],
) -> Setting:
    loaded = load_scenario(path)
    file = loaded.file
    own = _own_model(site, options.model) or file.plant
    if own != file.plant:
        raise ScenarioError(f"{path} is for {file.plant}, and {site.id} is the site of a {own}")
    seed = file.seed if options.seed is None else options.seed
    plant = create_plant(file.plant, seed, file.mode, noise=file.noise)
    events = _events(plant, options, loaded.scenario.events)
    for_s = options.for_s or file.for_ or _FOR_S
    _check_times(events, for_s)
    warmup_s = file.warmup if options.warmup_s is None else options.warmup_s
    await warm_up(plant, warmup_s, lambda passed_s: tell(passed_s, warmup_s))
    return Setting(
        plant, seed, events, for_s, options.at_s, options.approve_after_s, None,
        f"as {path} begins", _missing(site, playbook, plant),
    )  # fmt: skip


def _model(site: Site, given: str | None) -> str:
    if found := _own_model(site, given):
        return found
    models = ", ".join(plant_names())
    text = f"its plant has no model; name one of these with --model: {models}"
    raise ConfigError.of(text, site.root)


def _own_model(site: Site, given: str | None) -> str:
    own = model_of(site)
    if own and given not in {None, own}:
        raise ScenarioError(f"{site.id} is the site of a {own}, not of {given}")
    return given or own


def _events(
    plant: Plant, options: Options, others: Sequence[ScenarioEvent]
) -> Sequence[ScenarioEvent]:
    texts = list[str]()
    for text in options.faults:
        head, comma, rest = text.partition(",")
        texts.append(f"{head}{'' if '@' in head else f'@{options.at_s:g} s'}{comma}{rest}")
    events = (*others, *(parse_fault(text, plant.faults) for text in texts))
    Simulation(plant, Scenario(events, plant.time_s))  # raises for what the plant does not have
    return events


def _check_times(events: Sequence[ScenarioEvent], for_s: float) -> None:
    for each in events:
        if each.at_s >= for_s:
            at, end = format_duration(each.at_s), format_duration(for_s)
            raise ScenarioError(f"{event_name(each)} at {at} lies after the end, --for {end}")


def _missing(site: Site, playbook: Playbook, plant: Plant) -> Sequence[str]:
    """Returns the tags of a playbook that the model lacks, or from which others are computed."""
    names = {name for plan in bind_triggers(playbook, site) for name in plan.tags}
    wanted = {each.name for each in site.measured(site.find_tags(sorted(names)))}
    known = {each.name for each in plant.tags} | {site.clock_tag}
    return sorted(wanted - known)


_TIME_CONSTANTS = 5.0  # after which an exponential growth is as good as at its end
_HOUR_S = 3600.0
_LONGEST_H = 168  # of a simulation that is proposed


class _Growth(NamedTuple):
    """Time in which a fault grows."""

    fault: str
    parameter: str  # that sets it, as the command line has it, such as `tau`
    full_s: float  # time at which it is fully grown, since the beginning


def advice(setting: Setting) -> str:
    """Returns what lets a trigger become due, which was not in the simulated time."""
    faults = [each for each in setting.events if isinstance(each, FaultEvent)]
    if not faults:
        return "no fault began; name one with --fault, or let --warmup and --for last longer"
    grown = max((_growth(setting.plant, each) for each in faults), key=lambda each: each.full_s)
    hours = ceil(grown.full_s / _HOUR_S)
    quicker = f"a smaller {grown.parameter}, as in --fault {grown.fault},{grown.parameter}=…"
    if grown.full_s <= setting.for_s:
        sizes = [size for each in faults for size in _sizes(setting.plant, each)]
        larger = f"another {' or '.join(sizes)}, or " if sizes else ""
        return f"use {larger}a longer --warmup or --for"
    if hours > _LONGEST_H:
        return f"{grown.fault} grows over more than {_LONGEST_H} h; use {quicker}"
    return (
        f"{grown.fault} is fully grown only after about {hours} h; use --for {hours}h or {quicker}"
    )


def _sizes(plant: Plant, event: FaultEvent) -> list[str]:
    """Returns the parameters of a fault that set its size, as the command line has them."""
    kind = plant.faults[event.fault]
    return [
        f"{name}, as in --fault {event.fault},{name}=…"
        for name, each in kind.parameters.items()
        if isinstance(each, Number) and not in_seconds(kind, name)
    ]


def _growth(plant: Plant, event: FaultEvent) -> _Growth:
    full_s, named = event.at_s + event.over_s, "over"
    kind = plant.faults[event.fault]
    for name, parameter in kind.parameters.items():
        if isinstance(parameter, Number) and in_seconds(kind, name):
            value = event.parameters.get(name, parameter.default)
            own_s = event.at_s + _TIME_CONSTANTS * float(value)
            if own_s > full_s:
                full_s, named = own_s, name
    return _Growth(event.fault, named, full_s)
