"""Setup of a plant from the command line, which overrides its scenario file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from handwheel.connectors.config.durations import format_duration
from handwheel.connectors.hints import next_step
from handwheel.evaluation.plants.installed_plants import create_plant, parse_fault, parse_field
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.scenario import FaultEvent, FieldEvent, Scenario, ScenarioEvent

SEED = 1


@dataclass(frozen=True, slots=True)
class PlantOptions:
    """Options of the command line, `None` where none was given."""

    model: str | None  # name of the plant
    file: Path | None
    mode: str | None  # operating mode to start in
    seed: int | None
    is_quiet: bool  # whether it measures without noise
    faults: Sequence[str]  # as written, such as `F02@10min,plug=28`
    fields: Sequence[str]  # as written, such as `clean-strainer@7min`


@dataclass(frozen=True, slots=True)
class PlantSetup:
    """A plant that is ready to run."""

    plant: Plant
    scenario: Scenario
    for_s: float | None  # how long, as the scenario file says; `None` if it does not


def set_up_plant(options: PlantOptions) -> PlantSetup:
    """Makes the plant and its scenario.

    Raises:
        ConfigError: The scenario file is wrong.
        ScenarioError: No plant is named, or two are; a fault or a field action is written wrongly.
    """
    if options.model is None and options.file is None:
        raise ScenarioError(
            f"name a plant, such as cw-100, or a scenario file; {next_step('plants', 'list')}"
        )
    if options.file is None:
        assert options.model is not None
        seed = SEED if options.seed is None else options.seed
        plant = create_plant(options.model, seed, options.mode, noise=not options.is_quiet)
        return PlantSetup(plant, Scenario(_given(options, plant)), None)
    from .scenario import load_scenario  # its models take a moment to be built

    loaded = load_scenario(options.file)
    file = loaded.file
    if options.model not in {None, file.plant}:
        raise ScenarioError(f"{options.file} is for {file.plant}, not for {options.model}")
    seed = file.seed if options.seed is None else options.seed
    is_quiet = options.is_quiet or not file.noise
    plant = create_plant(file.plant, seed, options.mode or file.mode, noise=not is_quiet)
    scenario = Scenario((*loaded.scenario.events, *_given(options, plant)), file.warmup)
    return PlantSetup(plant, scenario, file.for_)


def _given(options: PlantOptions, plant: Plant) -> tuple[ScenarioEvent, ...]:
    faults = (parse_fault(text, plant.faults) for text in options.faults)
    return (*faults, *(parse_field(text) for text in options.fields))


def past_events(plant: Plant, scenario: Scenario) -> list[str]:
    """Returns a line for each event before the plant's own time, which is not repeated."""
    now_s = plant.time_s
    past = [each for each in scenario.events if each.at_s + scenario.warmup_s < now_s]
    return [
        f"{event_name(each)} at {format_duration(each.at_s)} is not repeated: "
        f"the snapshot is from {format_duration(now_s - scenario.warmup_s)}"
        for each in past
    ]


def event_name(event: ScenarioEvent) -> str:
    """Returns the name of an event for a message."""
    match event:
        case FaultEvent(fault=name) | FieldEvent(action=name):
            return name
        case _:
            return f"the write on {event.tag}"
