"""Advice for a simulation in which no trigger was due."""

from math import ceil
from typing import NamedTuple

from handwheel.evaluation.plants.installed_plants import in_seconds
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import Number
from handwheel.sim_plant.scenario import FaultEvent

from .run_simulation import Setting

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
