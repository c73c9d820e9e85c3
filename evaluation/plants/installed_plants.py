"""Installed simulated plants, and the syntax of their faults on the command line."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import inf
from typing import Any

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.config.plug_ins import MissingPlugIn, PlugIns, UnusablePlugIn
from handwheel.connectors.model.endpoints import OpcuaConnection
from handwheel.connectors.model.site import Site
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.model import FaultKind, Number, namespace_uri
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario
from handwheel.sim_plant.simulation import Simulation

GROUP = "handwheel.plants"
"""Entry points of plants, each called with a seed and `noise`."""

_PLANTS = PlugIns(GROUP, "plant")


def plant_names() -> list[str]:
    """Returns the names of the installed plants."""
    return _PLANTS.names()


def create_plant(
    name: str, seed: int | None = None, mode: str | None = None, *, noise: bool = True
) -> Plant:
    """Returns a plant in its warmed-up steady state.

    `None` is seed 0 without noise. `noise` switches the noise off and keeps the seed of the
    disturbances.

    Raises:
        ScenarioError: No plant of this name is installed, it cannot be loaded, or it has no
            such mode.
    """

    def created(create: Callable[..., Plant]) -> Plant:
        return create(seed, noise=noise)

    try:
        plant = _PLANTS.load(name, created)
    except UnusablePlugIn as error:
        reason = str(error) if isinstance(error, MissingPlugIn) else f"the plant {name}: {error}"
        raise ScenarioError(reason) from error
    if mode is not None and mode != plant.modes[0]:  # in its usual one it is already
        plant.start(mode)
    return plant


def parse_fault(text: str, faults: Mapping[str, FaultKind]) -> FaultEvent:
    """Parses a fault of the command line such as `F01@1min,d0=0.3,tau=1h`.

    `over=2h` lets it grow to its full size, `for=1h` ends it; all else are its parameters.

    Args:
        faults: The plant's: a duration stands only for a number of seconds.

    Raises:
        ScenarioError: It is written differently; what the plant has is checked later.
    """
    head, *assignments = text.split(",")
    fault, at_s = _at(head, "F01@10min")
    given: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = (part.strip() for part in assignment.partition("="))
        if not equals or not name:
            raise ScenarioError(f"{assignment!r} in {text!r}: write NAME=VALUE, such as d0=0.3")
        if name in given:
            raise ScenarioError(f"{text!r}: {name} is given twice")
        given[name] = value
    over_s = _seconds(given.pop("over")) if "over" in given else 0.0
    for_s = _seconds(given.pop("for")) if "for" in given else inf
    kind = faults.get(fault)
    parameters = {
        name: _number_or_word(value, takes_duration=kind is None or in_seconds(kind, name))
        for name, value in given.items()
    }
    return FaultEvent(fault, at_s, parameters, over_s, for_s)


def in_seconds(kind: FaultKind, name: str) -> bool:
    """Returns whether a parameter is a number of seconds, by the `, s` of its meaning."""
    parameter = kind.parameters.get(name)
    return isinstance(parameter, Number) and parameter.meaning.partition(";")[0].endswith(", s")


def _number_or_word(text: str, *, takes_duration: bool) -> float | str:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return parse_duration(text) if takes_duration else text
    except ValueError:
        return text


def parse_field(text: str) -> FieldEvent:
    """Parses a field action such as `clean-strainer@7min`. Raises `ScenarioError`."""
    return FieldEvent(*_at(text, "clean-strainer@7min"))


def parse_speed(text: str) -> float:
    """Returns plant seconds per second, `max` as infinite. Raises `ScenarioError`."""
    try:
        speed = inf if text == "max" else float(text)
    except ValueError:
        speed = -1.0
    if not speed >= 0.0:
        raise ScenarioError(f"{text!r} is not a speed; write 0, a positive number, or max")
    return speed


def _at(text: str, example: str) -> tuple[str, float]:
    name, at, when = text.partition("@")
    if not name.strip():
        raise ScenarioError(f"{text!r}: write a name and a time, such as {example}")
    if when.strip().startswith("-"):
        raise ScenarioError(f"{when!r} lies before the start; a time is 0 s or later")
    return name.strip(), _seconds(when) if at else 0.0


def _seconds(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ScenarioError(str(error)) from None


def model_of(site: Site) -> str:
    """Returns the model of the simulated plant that a site is for, empty if it is for none."""
    models = {namespace_uri(name): name for name in plant_names()}
    servers = (each for each in site.connections.values() if isinstance(each, OpcuaConnection))
    return next(
        (models[each.application_uri] for each in servers if each.application_uri in models), ""
    )


_KEPT = 16  # states of plants in memory


def warm_plant(model: str, seed: int | None, warmup_s: float) -> Plant:
    """Returns a plant after some seconds of plant time without a fault.

    Its state is computed once in a process. Raises `ScenarioError` for a model that is not
    installed.
    """
    plant = create_plant(model, seed)
    if warmup_s > 0.0:
        plant.restore(_warmed_up(model, seed, warmup_s))
    return plant


@lru_cache(_KEPT)
def _warmed_up(model: str, seed: int | None, warmup_s: float) -> Mapping[str, Any]:
    plant = create_plant(model, seed)
    Simulation(plant, Scenario()).run(warmup_s)
    return plant.snapshot()
