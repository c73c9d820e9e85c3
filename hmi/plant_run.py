"""A plant run without sockets: events as they come, trends to a file and the terminal."""

import csv
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from rich.console import Console
from rich.progress import Progress

from handwheel.connectors.durations import format_duration
from handwheel.connectors.errors import os_reason
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.plant import Plant
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from .exits import CONFIGURATION, fail
from .plant_events import event_line
from .trend import Scale, labelled

_CHUNK_S = 600.0  # of plant time between two updates of the progress bar


@dataclass(slots=True)
class Recording:
    """What to keep of a run.

    Attributes:
        path: CSV file with every tag; `None` writes none.
        every_s: Interval between samples, plant seconds.
        plots: Tags to plot at the end.
    """

    path: Path | None
    every_s: float
    plots: tuple[str, ...]
    samples: dict[str, list[float | None]] = field(default_factory=dict[str, list[float | None]])
    _file: TextIO | None = None
    _writer: Any = None

    def open(self, simulation: Simulation) -> Self:
        """Checks the plots and starts the file.

        Raises:
            ScenarioError: A tag to plot does not exist.
        """
        values = simulation.values()
        for name in self.plots:
            if name not in values:
                close = get_close_matches(name, values, n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                raise ScenarioError(f"there is no tag {name!r}{hint}")
        self.samples = {name: [] for name in self.plots}
        if self.path is not None:
            with self._refusing():
                self._file = self.path.open("w", newline="", encoding="utf-8")
            self._writer = csv.writer(self._file)
            self._write(values)
        return self

    @contextmanager
    def _refusing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            fail(f"{self.path}: {os_reason(error)}", CONFIGURATION)

    def _write(self, row: Iterable[object]) -> None:
        with self._refusing():
            self._writer.writerow(row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            with suppress(OSError) if error else self._refusing():
                self._file.close()

    def sample(self, simulation: Simulation) -> None:
        """Keeps the present values."""
        values = simulation.values()
        if self._writer is not None:
            self._write(
                int(value) if isinstance(value, bool) else value for value in values.values()
            )
        for name, series in self.samples.items():
            series.append(float(values[name]))


def run_recorded(plant: Plant, scenario: Scenario, seconds: float, recording: Recording) -> None:
    """Runs a plant, prints what happens and how it ended."""
    simulation = Simulation(plant, scenario)
    console = Console(stderr=True)
    bars = Progress(console=console, transient=True, disable=not console.is_terminal)
    with recording.open(simulation), bars as progress:
        bar = progress.add_task(plant.model, total=seconds)
        _run(simulation, seconds, recording, lambda done: progress.update(bar, completed=done))
    for name, series in recording.samples.items():
        _plot(plant, name, series, seconds)
    verdict = plant.verdict()
    if verdict is None:
        print("rode through")
    else:
        print(f"tripped at {format_duration(verdict[0])} by {verdict[1]}")


def _run(
    simulation: Simulation, seconds: float, recording: Recording, report: Callable[[float], None]
) -> None:
    plant = simulation.plant
    start_s = plant.time_s
    next_sample_s, next_report_s = start_s, start_s + _CHUNK_S
    while plant.time_s - start_s < seconds:
        if plant.time_s >= next_sample_s:
            recording.sample(simulation)
            next_sample_s += recording.every_s
        simulation.step()
        for event in plant.drain_events():
            print(event_line(event), flush=True)
        if plant.time_s >= next_report_s:
            report(plant.time_s - start_s)
            next_report_s += _CHUNK_S
    recording.sample(simulation)


def _plot(plant: Plant, name: str, series: list[float | None], seconds: float) -> None:
    unit = next((tag.unit for tag in plant.tags if tag.name == name), "")
    title = f"{f'{name} {unit}'.rstrip()}, {format_duration(seconds)}"
    width = min(Console().width, 100)
    scale = _scale([value for value in series if value is not None])
    repeat = -(-2 * width // len(series))  # so that a short run fills the width too
    spread = [value for value in series for _ in range(repeat)]
    for line in labelled(title, spread, width, 8, scale):
        print(line)


def _scale(values: list[float]) -> Scale:
    """Returns short limits a little outside of the values, also if they are all the same."""
    low, high = min(values), max(values)
    margin = max((high - low) * 0.05, 1e-3 * max(abs(low), abs(high), 1.0))
    scale = Scale(low - margin, high + margin)
    for digits in range(3, 8):
        short = Scale(float(f"{low - margin:.{digits}g}"), float(f"{high + margin:.{digits}g}"))
        if short.low < low and high < short.high:
            return short
    return scale
