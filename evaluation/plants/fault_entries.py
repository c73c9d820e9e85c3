"""Faults, field actions and writes in files, checked against the plant at their places."""

from collections.abc import Iterator
from difflib import get_close_matches
from math import inf
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.config.validation import Model
from handwheel.connectors.config.yaml_documents import Document, Path_
from handwheel.connectors.errors import Problem
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.model import FaultKind, PlantTag, Value
from handwheel.sim_plant.scenario import (
    FaultEvent,
    FieldEvent,
    ScenarioEvent,
    WriteEvent,
    bind_event,
)

from .installed_plants import in_seconds

_TIMES = ("at", "over", "for")  # keys of a fault that are no parameters


def _time(text: object) -> float:
    if isinstance(text, str) and text.strip().startswith("-"):
        raise ValueError(f"{text!r} lies before the start; a time is 0 s or later")
    return parse_duration(text)


def _length(text: object) -> float:
    seconds = _time(text)
    if seconds == 0.0:
        raise ValueError(f"{text!r} must be longer than 0 s")
    return seconds


Time = Annotated[float, BeforeValidator(_time)]
"""Time after the beginning, seconds, written as text with a unit."""
Length = Annotated[float, BeforeValidator(_length)]
"""Length of time, seconds, longer than 0 s, written as text with a unit."""


class FaultProfile(Model):
    """Course of a fault in time. Other keys are its parameters."""

    model_config = ConfigDict(extra="allow")

    at: Time = Field(0.0, description="when it begins")
    over: Time = Field(0.0, description="how long it grows to its full size")
    for_: Length = Field(inf, alias="for", description="when it is gone again, after its beginning")


class FieldEntry(Model):
    """Action of people in the field."""

    do: str = Field(description="field action of the model, such as clean-strainer")
    at: Time = Field(0.0, description="when it is done")


class WriteEntry(Model):
    """Write to a tag of the plant by others, as from the gate."""

    write: str = Field(description="tag of the model that takes writes")
    value: object = Field(description="number, true, false, or a word of the tag")
    at: Time = Field(0.0, description="when it is written")


class PlantEntries:
    """Checks entries of a file against a plant, and notes each problem at its place."""

    def __init__(self, plant: Plant, document: Document, problems: list[Problem]) -> None:
        self.plant = plant
        self.document = document
        self.problems = problems

    def fault(
        self, path: Path_, key: str, fault: str, profile: FaultProfile
    ) -> Iterator[FaultEvent]:
        """Yields a fault, unless it has a problem.

        Args:
            key: The key that names the fault in its table.
        """
        if not self.fits((*path, key), FaultEvent(fault)):
            return
        kind = self.plant.faults[fault]
        values: dict[str, float | str] = {}
        for name, value in (profile.model_extra or {}).items():
            here = (*path, name)
            if name not in kind.parameters:
                self.fail(here, _unknown_key(kind, name))
            elif isinstance(value, bool) or not isinstance(value, int | float | str):
                self.fail(here, f"write a number, a word or a duration, not {shown_value(value)}")
            else:
                values[name] = _parameter(value, takes_duration=in_seconds(kind, name))
                self.fits(here, FaultEvent(kind.id, parameters={name: values[name]}))
        yield FaultEvent(kind.id, profile.at, values, profile.over, profile.for_)

    def field(self, path: Path_, entry: FieldEntry) -> Iterator[FieldEvent]:
        """Yields a field action, unless it has a problem."""
        event = FieldEvent(entry.do, entry.at)
        if self.fits((*path, "do"), event):
            yield event

    def write(self, path: Path_, entry: WriteEntry) -> Iterator[WriteEvent]:
        """Yields a write, unless it has a problem."""
        if not self.fits((*path, "write"), WriteEvent(entry.write, 0.0)):
            return
        tag = next(each for each in self.plant.inputs if each.name == entry.write)
        try:
            yield WriteEvent(entry.write, _value_of(tag, entry.value), entry.at)
        except ScenarioError as error:
            self.fail((*path, "value"), str(error))

    def fits(self, path: Path_, event: ScenarioEvent) -> bool:
        """Returns whether the plant has an event, and notes it if it does not."""
        try:
            bind_event(self.plant, event)
        except ScenarioError as error:
            self.fail(path, str(error))
            return False
        return True

    def fail(self, path: Path_, reason: str) -> None:
        """Notes a problem."""
        self.problems.append(self.document.problem(path, reason))


def shown_value(value: object) -> str:
    """Returns a value of a file as an error shows it, at most 41 characters."""
    plain = "nothing" if value is None else repr(value)
    text = plain.lower() if isinstance(value, bool) else plain
    return text if len(text) <= 40 else f"{text[:40]}…"


def _unknown_key(kind: FaultKind, name: str) -> str:
    known = [*kind.parameters, *_TIMES]
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
    return f"there is no parameter of {kind.id} called {name!r}; {hint}"


def _parameter(value: float | str, *, takes_duration: bool) -> float | str:
    if not isinstance(value, str):
        return float(value)
    try:
        return parse_duration(value) if takes_duration else value
    except ValueError:
        return value


def _value_of(tag: PlantTag, value: object) -> Value:
    """Returns the value in the tag's type. Raises `ScenarioError` if the tag does not take it."""
    assert tag.write is not None
    low, high = tag.write
    number = tag.members.get(value) if isinstance(value, str) else value
    if isinstance(number, int | float) and low <= number <= high:
        if tag.kind == "float" and not isinstance(number, bool):
            return float(number)
        if tag.kind == "bool" and number in {0, 1}:
            return bool(number)
        if tag.kind in {"int", "enum"} and not isinstance(number, bool) and number == int(number):
            return int(number)
    words = [word for word, each in tag.members.items() if low <= each <= high]
    if tag.kind == "bool":
        words = ["true or false"]
    whole = "" if tag.kind == "float" else "a whole number from "
    takes = ", ".join(words) or f"{whole}{low:g} to {high:g} {tag.unit}".rstrip()
    raise ScenarioError(f"{shown_value(value)} cannot be written; it takes {takes}")
