"""Scenario files with a plant, its start and its timed events, all checked before it runs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field
from pydantic import Tag as UnionTag

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.config.validation import Model, load_model
from handwheel.connectors.config.yaml_documents import Document, Path_, read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.model import FaultKind, PlantTag, Value
from handwheel.sim_plant.plant import Plant
from handwheel.sim_plant.scenario import (
    FaultEvent,
    FieldEvent,
    Scenario,
    ScenarioEvent,
    WriteEvent,
    bind_event,
)

from .installed_plants import create_plant, in_seconds

_TIMES = ("at", "over", "for")  # keys of a fault that are no parameters
_FAULT, _WRITE = "a fault", "a write"  # no key of a file has a blank, so they never name a place


def _time(text: object) -> float:
    if isinstance(text, str) and text.strip().startswith("-"):
        raise ValueError(f"{text!r} lies before the start; a time is 0 s or later")
    return parse_duration(text)


def _length(text: object) -> float:
    seconds = _time(text)
    if seconds == 0.0:
        raise ValueError(f"{text!r} must be longer than 0 s")
    return seconds


def _mode(mode: object) -> object:
    is_number = isinstance(mode, int) and not isinstance(mode, bool)
    return str(mode) if is_number else mode


def _seed(seed: object) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"{_shown(seed)} is no seed; write a whole number from 0 on")
    return seed


def _entries(entries: object) -> object:
    return [] if entries is None else entries  # the key has no value


Time = Annotated[float, BeforeValidator(_time)]
Length = Annotated[float, BeforeValidator(_length)]


class FaultEntry(Model):
    """A fault. Other keys are its parameters."""

    model_config = ConfigDict(extra="allow")

    fault: str
    at: Time = 0.0
    over: Time = 0.0
    for_: Length = Field(default=inf, alias="for")


class WriteEntry(Model):
    """A write to a tag, as from the gate."""

    write: str
    value: object
    at: Time = 0.0


class FieldEntry(Model):
    """An action in the field."""

    do: str
    at: Time = 0.0


def _kind_of(entry: object) -> str | None:
    if isinstance(entry, FaultEntry | WriteEntry):
        return _FAULT if isinstance(entry, FaultEntry) else _WRITE
    keys = cast(Mapping[object, object], entry) if isinstance(entry, Mapping) else ()
    return _FAULT if "fault" in keys else _WRITE if "write" in keys else None


EventEntry = Annotated[
    Annotated[FaultEntry, UnionTag(_FAULT)] | Annotated[WriteEntry, UnionTag(_WRITE)],
    Discriminator(
        _kind_of,
        custom_error_type="neither_fault_nor_write",
        custom_error_message=(
            "is no event; write {fault: ID, at: 10 min} or {write: TAG, value: 1, at: 10 min}, "
            "and what people do in the field under the key field"
        ),
    ),
]


class ScenarioFile(Model):
    """The keys of a scenario file."""

    schema_: Literal["scenario/1"] = Field(alias="schema")
    plant: str
    mode: Annotated[str | None, BeforeValidator(_mode)] = None
    seed: Annotated[int, BeforeValidator(_seed)] = 1
    noise: bool = True
    warmup: Time = 0.0
    for_: Length | None = Field(default=None, alias="for")  # of `plants run` after the warm-up, s
    events: Annotated[list[EventEntry], BeforeValidator(_entries)] = Field(
        default_factory=list[EventEntry]
    )
    field: Annotated[list[FieldEntry], BeforeValidator(_entries)] = Field(
        default_factory=list[FieldEntry]
    )


@dataclass(frozen=True, slots=True)
class LoadedScenario:
    """A scenario file that fits its plant."""

    file: ScenarioFile
    scenario: Scenario  # its events, bound to the plant


def load_scenario(path: Path) -> LoadedScenario:
    """Reads a scenario file and checks it against the plant that it names.

    Raises:
        ConfigError: Every problem of its form, else everything that the plant does not have.
    """
    document = read_document(path)
    file = load_model(ScenarioFile, document)
    problems: list[Problem] = []
    events: list[ScenarioEvent] = []
    try:
        plant = create_plant(file.plant)
    except ScenarioError as error:
        raise ConfigError([document.problem(("plant",), str(error))]) from None
    binder = _Binder(plant, document, problems)
    binder.check_mode(file.mode)
    for n, entry in enumerate(file.events):
        if isinstance(entry, FaultEntry):
            events += binder.fault(("events", n), entry)
        else:
            events += binder.write(("events", n), entry)
    for n, action in enumerate(file.field):
        events += binder.field(("field", n), action)
    if problems:
        raise ConfigError(problems)
    return LoadedScenario(file, Scenario(tuple(events), file.warmup))


class _Binder:
    """Checks entries against a plant, each part at its own place."""

    def __init__(self, plant: Plant, document: Document, problems: list[Problem]) -> None:
        self._plant = plant
        self._document = document
        self._problems = problems
        self._inputs = {tag.name: tag for tag in plant.inputs}

    def check_mode(self, mode: str | None) -> None:
        if mode is not None and mode not in self._plant.modes:
            known = ", ".join(self._plant.modes)
            self._fail(
                ("mode",), f"{self._plant.model} has no mode called {mode!r}; known: {known}"
            )

    def fault(self, path: Path_, entry: FaultEntry) -> Iterator[FaultEvent]:
        if not self._fits((*path, "fault"), FaultEvent(entry.fault)):
            return
        kind = self._plant.faults[entry.fault]
        values: dict[str, float | str] = {}
        for name, value in (entry.model_extra or {}).items():
            here = (*path, name)
            if name not in kind.parameters:
                self._fail(here, _unknown_key(kind, name))
            elif isinstance(value, bool) or not isinstance(value, int | float | str):
                self._fail(here, f"write a number, a word or a duration, not {_shown(value)}")
            else:
                values[name] = _parameter(value, takes_duration=in_seconds(kind, name))
                self._fits(here, FaultEvent(kind.id, parameters={name: values[name]}))
        yield FaultEvent(kind.id, entry.at, values, entry.over, entry.for_)

    def write(self, path: Path_, entry: WriteEntry) -> Iterator[WriteEvent]:
        if not self._fits((*path, "write"), WriteEvent(entry.write, 0.0)):
            return
        tag = self._inputs[entry.write]
        try:
            yield WriteEvent(entry.write, _value_of(tag, entry.value), entry.at)
        except ScenarioError as error:
            self._fail((*path, "value"), str(error))

    def field(self, path: Path_, entry: FieldEntry) -> Iterator[FieldEvent]:
        event = FieldEvent(entry.do, entry.at)
        if self._fits((*path, "do"), event):
            yield event

    def _fits(self, path: Path_, event: ScenarioEvent) -> bool:
        try:
            bind_event(self._plant, event)
        except ScenarioError as error:
            self._fail(path, str(error))
            return False
        return True

    def _fail(self, path: Path_, reason: str) -> None:
        self._problems.append(self._document.problem(path, reason))


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
    raise ScenarioError(f"{_shown(value)} cannot be written; it takes {takes}")


def _shown(value: object) -> str:
    plain = "nothing" if value is None else repr(value)
    text = plain.lower() if isinstance(value, bool) else plain
    return text if len(text) <= 40 else f"{text[:40]}…"
