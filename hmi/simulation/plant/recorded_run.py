"""A plant run without sockets, with printed events and trends."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from handwheel.connectors.config.durations import format_duration
from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ...shell.charts.chart import Axis, check_chart_file, round_axis
from ...shell.charts.terminal_chart import TrendScale, spread, terminal_chart
from ...shell.cli.exits import fail
from ...shell.cli.json_result import tell_result
from ...shell.cli.stdio import screen_output
from .event_text import event_line
from .plant_setup import event_name
from .recording import Recording
from .trend_tags import (
    TrendTag,
    alarms_of,
    axis_ends,
    check_trend_tags,
    measured,
    select_trend_tags,
)

_CHUNK_S = 600.0  # of plant time between two updates of the progress bar
_SAMPLES, _LONGEST_S = 600, 10.0  # a run's samples, and how far apart they are at most
_HEIGHT = 8  # lines of a trend
_EARLY = 1e-9  # of a sample's time: a sum of steps may fall short of it


@dataclass(frozen=True, slots=True)
class RunOutput:
    """Options of a run's output."""

    csv: Path | None  # file for every tag
    parquet: Path | None  # the same, as columns
    png: Path | None  # file for a chart
    every_s: float  # interval between samples, plant seconds
    is_plotted: bool  # whether trends are drawn in the terminal
    shown: tuple[TrendTag, ...] = ()  # tags to draw; without any, those that tell the run


def sample_interval(plant: Plant, seconds: float, *, is_filed: bool) -> float:
    """Returns the default interval between samples in plant seconds.

    A short run takes shorter intervals, unless a file is written. Samples are joined by lines, so
    with long intervals an effect would seem to begin before its cause.
    """
    if is_filed:
        return _LONGEST_S
    steps = round(min(seconds / _SAMPLES, _LONGEST_S) / plant.step_s)
    return max(steps, 1) * plant.step_s


def run_recorded(plant: Plant, scenario: Scenario, seconds: float, output: RunOutput) -> None:
    """Runs a plant for some seconds after the warm-up and prints its events and its verdict.

    Raises:
        ScenarioError: A tag to draw, or something in the scenario, does not exist.
    """
    check_trend_tags(plant, output.shown)
    _check_files(output)
    simulation = Simulation(plant, scenario)
    _check_times(simulation, scenario, seconds)
    names: Sequence[str] = ()
    if output.is_plotted or output.png is not None:
        names = [each.tag for each in output.shown] or [tag.name for tag in measured(plant)]
    kept = names if output.parquet is None else [tag.name for tag in plant.tags]
    recording = Recording(output.csv, kept)
    with recording.open(simulation):
        events = _run(simulation, seconds, output.every_s, recording)
    drawn = {name: recording.series[name] for name in names}
    shown = output.shown or tuple(select_trend_tags(plant, drawn, events)) if names else ()
    if output.parquet is not None:
        from .run_parquet import save_parquet  # it loads the library that writes

        save_parquet(output.parquet, plant, recording)
    if output.is_plotted:
        for each in shown:
            _plot(plant, each, recording.series[each.tag], seconds)
    verdict = _verdict(plant, scenario)
    if output.png is not None:
        from ...shell.charts.chart_file import save_chart  # it loads the library that draws
        from .run_chart import FinishedRun, chart_of

        save_chart(output.png, chart_of(plant, shown, FinishedRun(recording, events, verdict)))
    print(verdict)
    tripped = plant.first_trip()
    tell_result(
        model=plant.model,
        seconds=seconds,
        tripped_at_s=tripped[0] - scenario.warmup_s if tripped else None,
        tripped_by=tripped[1] if tripped else None,
        events=[event_line(each, 0.0) for each in events],
    )


def _run(
    simulation: Simulation, seconds: float, every_s: float, recording: Recording
) -> list[PlantEvent]:
    """Runs warm-up and scenario, and returns the events in the scenario's time."""
    plant, zero_s = simulation.plant, simulation.plant.time_s - simulation.time_s
    start_s, happened = simulation.time_s, list[PlantEvent]()
    next_sample_s, next_report_s = 0.0, start_s + _CHUNK_S
    console = Console(file=screen_output(sys.stderr))
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        bar = bars.add_task(plant.model, total=seconds - start_s)
        while simulation.time_s < seconds - _EARLY:
            if simulation.time_s >= next_sample_s - _EARLY:
                recording.sample(simulation)
                next_sample_s += every_s
            simulation.step()
            for event in plant.drain_events():
                print(event_line(event, zero_s), flush=True)
                happened.append(replace(event, time_s=event.time_s - zero_s))
            if simulation.time_s >= next_report_s:
                bars.update(bar, completed=simulation.time_s - start_s)
                next_report_s += _CHUNK_S
    recording.sample(simulation)
    return happened


def _check_files(output: RunOutput) -> None:
    # Checked before the run, which may take long.
    given = {"--csv": output.csv, "--parquet": output.parquet, "--png": output.png}
    options = dict[Path, str]()
    for option, file in given.items():
        other = options.setdefault(file.resolve(), option) if file else option
        if other != option:
            fail(f"{other} and {option}: both would write {file}")
    if output.parquet is not None:
        from ...dataset.tables import load_pyarrow

        load_pyarrow()
    if output.png is not None:
        check_chart_file(output.png)


def _check_times(simulation: Simulation, scenario: Scenario, seconds: float) -> None:
    # An event happens at the beginning of a step, so none happens after the last step began.
    start_s, step_s = simulation.time_s, simulation.plant.step_s
    steps = ceil((seconds - start_s) / step_s - 1e-6)
    last_s = start_s + (steps - 1) * step_s
    for event in scenario.events:
        if event.at_s > last_s + _EARLY:
            at, end = format_duration(event.at_s), format_duration(seconds)
            fail(f"{event_name(event)} at {at} lies after the end of the run ({end})")


def _verdict(plant: Plant, scenario: Scenario) -> str:
    tripped = plant.first_trip()
    if tripped is None:
        return "rode through"
    return f"tripped at {format_duration(tripped[0] - scenario.warmup_s)} by {tripped[1]}"


def _plot(plant: Plant, shown: TrendTag, series: Sequence[float], seconds: float) -> None:
    tag = next(tag for tag in plant.tags if tag.name == shown.tag)
    title = f"{f'{tag.name} {tag.unit}'.rstrip()}, {format_duration(seconds)}"
    width = min(Console().width, 100)
    axis = Axis(*shown.axis_ends) if shown.axis_ends else round_axis(*axis_ends(tag, series))
    inside = [a.limit for a in alarms_of(plant, tag.name) if axis.low < a.limit < axis.high]
    values, scale = spread(series, axis), TrendScale(axis, inside[:1])
    print("\n".join(terminal_chart(title, values, (width, _HEIGHT), scale)))
