"""Scenario files with a plant, its start and its timed events, all checked before it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, cast

from pydantic import BeforeValidator, Discriminator, Field
from pydantic import Tag as UnionTag

from handwheel.connectors.config.validation import Model, load_model
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.evaluation.plants.fault_entries import (
    FaultProfile,
    FieldEntry,
    Length,
    PlantEntries,
    Time,
    WriteEntry,
    shown_value,
)
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.scenario import Scenario, ScenarioEvent

_FAULT, _WRITE = "a fault", "a write"  # no key of a file has a blank, so they never name a place


def _mode(mode: object) -> object:
    is_number = isinstance(mode, int) and not isinstance(mode, bool)
    return str(mode) if is_number else mode


def _seed(seed: object) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f"{shown_value(seed)} is no seed; write a whole number from 0 on")
    return seed


def _entries(entries: object) -> object:
    return [] if entries is None else entries  # the key has no value


class FaultEntry(FaultProfile):
    """A fault. Other keys are its parameters."""

    fault: str


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
    entries = _Entries(plant, document, problems)
    entries.check_mode(file.mode)
    for n, entry in enumerate(file.events):
        if isinstance(entry, FaultEntry):
            events += entries.fault(("events", n), "fault", entry.fault, entry)
        else:
            events += entries.write(("events", n), entry)
    for n, action in enumerate(file.field):
        events += entries.field(("field", n), action)
    if problems:
        raise ConfigError(problems)
    return LoadedScenario(file, Scenario(tuple(events), file.warmup))


class _Entries(PlantEntries):
    """Checks every entry of a scenario."""

    def check_mode(self, mode: str | None) -> None:
        if mode is not None and mode not in self.plant.modes:
            known = ", ".join(self.plant.modes)
            self.fail(("mode",), f"{self.plant.model} has no mode called {mode!r}; known: {known}")
