"""Timed faults, field actions and writes of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from math import inf, isfinite
from typing import TypeVar

from .base import Plant
from .errors import ScenarioError
from .model import ChoiceParameter, FaultKind, Number

T = TypeVar("T")

_CLOSE = 0.5
_MANY = 12  # more names than a person reads in an error


@dataclass(frozen=True, slots=True)
class FaultEvent:
    """A fault with its onset, its parameters (numbers in SI) and its profile."""

    fault: str
    at_s: float = 0.0  # onset, seconds after the scenario's zero
    parameters: Mapping[str, float | str] = field(default_factory=dict[str, float | str])
    over_s: float = 0.0  # time in which it grows linearly to its full size; 0 is a step
    for_s: float = inf  # time after which it is gone again

    def severity(self, time_s: float) -> float:
        """Returns the share of its full size at a time of the scenario, 0..1."""
        age_s = time_s - self.at_s
        if not 0.0 <= age_s < self.for_s:
            return 0.0
        return min(age_s / self.over_s, 1.0) if self.over_s else 1.0


@dataclass(frozen=True, slots=True)
class FieldEvent:
    """A timed field action."""

    action: str
    at_s: float = 0.0


@dataclass(frozen=True, slots=True)
class WriteEvent:
    """A timed write, as the gate would send it."""

    tag: str
    value: float
    at_s: float = 0.0


ScenarioEvent = FaultEvent | FieldEvent | WriteEvent


@dataclass(frozen=True, slots=True)
class Scenario:
    """The events of a run, in any order."""

    events: tuple[ScenarioEvent, ...] = ()
    warmup_s: float = 0.0  # plant time that passes before the scenario's zero


def bind_event(plant: Plant, event: ScenarioEvent) -> ScenarioEvent:
    """Checks an event against the plant and fills in the parameters that were not given.

    Raises:
        ScenarioError: Unknown fault, parameter, action or tag, or a value out of its range.
    """
    if not isfinite(event.at_s) or event.at_s < 0.0:
        raise ScenarioError(f"a time of {event.at_s:g} s lies before the start")
    match event:
        case FieldEvent(action=action):
            _look_up("field action", action, plant.field_actions)
            return event
        case WriteEvent(tag=tag):
            _look_up("tag that takes writes", tag, {each.name: each for each in plant.inputs})
            return event
        case FaultEvent():
            return _bind_fault(plant, event)


def _bind_fault(plant: Plant, event: FaultEvent) -> FaultEvent:
    kind = _look_up("fault", event.fault, plant.faults)
    if not isfinite(event.over_s) or event.over_s < 0.0 or not event.for_s > 0.0:
        raise ScenarioError(f"{kind.id}: it grows over 0 s or longer, and lasts for more than 0 s")
    for name in event.parameters:
        _look_up(f"parameter of {kind.id}", name, kind.parameters)
    bound = {name: _bind(kind, name, event.parameters) for name in kind.parameters}
    return replace(event, fault=kind.id, parameters=bound)


def _look_up(what: str, name: str, known: Mapping[str, T]) -> T:
    if name in known:
        return known[name]
    likely = max(known, key=lambda each: _likeness(name, each), default="")
    is_close = _likeness(name, likely) >= _CLOSE
    if is_close:
        hint = f"did you mean {likely}?"
    elif len(known) > _MANY:
        hint = f"none of the {len(known)} is like it"
    else:
        hint = f"known: {', '.join(known) or 'none'}"
    raise ScenarioError(f"there is no {what} called {name!r}; {hint}")


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _bind(kind: FaultKind, name: str, given: Mapping[str, float | str]) -> float | str:
    parameter = kind.parameters[name]
    value = given.get(name, parameter.default)
    where = f"{kind.id}, {name} ({parameter.meaning})"
    match parameter:
        case ChoiceParameter(words=words):
            if value not in words:
                raise ScenarioError(f"{where}: {value!r} is not one of {', '.join(words)}")
        case Number(low=low, high=high):
            if isinstance(value, str) or not low <= value <= high:
                raise ScenarioError(f"{where}: {value} is not a number from {low:g} to {high:g}")
    return value
