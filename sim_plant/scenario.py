"""What happens to a plant in a run: faults and field actions, each at its time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite
from typing import TypeVar

from .errors import ScenarioError
from .model import Choice, FaultKind, Number, Plant

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class FaultEvent:
    """A fault at its time, with the parameters that a person gave (numbers in SI)."""

    fault: str
    at_s: float = 0.0
    parameters: Mapping[str, float | str] = field(default_factory=dict[str, float | str])


@dataclass(frozen=True, slots=True)
class FieldEvent:
    """Something that a person in the field does, at its time."""

    action: str
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """The events of a run, in any order."""

    events: tuple[FaultEvent | FieldEvent, ...] = ()


def bind_event(plant: Plant, event: FaultEvent | FieldEvent) -> FaultEvent | FieldEvent:
    """Checks an event against the plant and fills in the parameters that were not given.

    Raises:
        ScenarioError: Unknown fault, parameter or action, or a value out of its range.
    """
    if not isfinite(event.at_s) or event.at_s < 0.0:
        raise ScenarioError(f"a time of {event.at_s:g} s lies before the start")
    if isinstance(event, FieldEvent):
        _look_up("field action", event.action, plant.field_actions)
        return event
    kind = _look_up("fault", event.fault, plant.faults)
    for name in event.parameters:
        _look_up(f"parameter of {kind.id}", name, kind.parameters)
    bound = {name: _bind(kind, name, event.parameters) for name in kind.parameters}
    return FaultEvent(kind.id, event.at_s, bound)


def _look_up(what: str, name: str, known: Mapping[str, T]) -> T:
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known) or 'none'}"
    raise ScenarioError(f"there is no {what} called {name!r}; {hint}")


def _bind(kind: FaultKind, name: str, given: Mapping[str, float | str]) -> float | str:
    parameter = kind.parameters[name]
    value = given.get(name, parameter.default)
    where = f"{kind.id}, {name} ({parameter.meaning})"
    match parameter:
        case Choice(words=words):
            if value not in words:
                raise ScenarioError(f"{where}: {value!r} is not one of {', '.join(words)}")
        case Number(low=low, high=high):
            if isinstance(value, str) or not low <= value <= high:
                raise ScenarioError(f"{where}: {value} is not a number from {low:g} to {high:g}")
    return value
