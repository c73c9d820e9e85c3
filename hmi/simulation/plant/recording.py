"""Recording of a plant's run in a CSV file and in series for charts."""

import csv
from array import array
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from math import nan
from pathlib import Path
from typing import Any, Self, TextIO

from handwheel.connectors.errors import os_reason
from handwheel.sim_plant.simulation import Simulation

from ...shell.cli.exits import fail

TIME = "time_s"


def _doubles() -> "array[float]":
    return array("d")


@dataclass(slots=True)
class Recording:
    """Records samples of a run."""

    path: Path | None  # CSV file with the time and every tag; `None` writes none
    names: Sequence[str]  # tags whose series are kept
    # time of each sample, seconds of the scenario
    times_s: "array[float]" = field(default_factory=_doubles)
    # their values; not a number where the quality was bad
    series: dict[str, "array[float]"] = field(default_factory=dict[str, "array[float]"])
    _file: TextIO | None = None
    _writer: Any = None

    def open(self, simulation: Simulation) -> Self:
        """Starts the file with the names of its columns."""
        self.series = {name: array("d") for name in self.names}
        if self.path is not None:
            with self._refusing():
                self._file = self.path.open("w", newline="", encoding="utf-8")
            self._writer = csv.writer(self._file)
            self._write([TIME, *(tag.name for tag in simulation.plant.tags)])
        return self

    @contextmanager
    def _refusing(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            fail(f"{self.path}: {os_reason(error)}")

    def _write(self, row: Iterable[object]) -> None:
        with self._refusing():
            self._writer.writerow(row)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._file is not None:
            with suppress(OSError) if any(error) else self._refusing():
                self._file.close()

    def sample(self, simulation: Simulation) -> None:
        """Records the present values."""
        plant = simulation.plant
        values, qualities = plant.measurements(), plant.qualities()
        time_s = round(simulation.time_s, 6)
        if self._writer is not None:
            row: list[object] = [time_s]
            for tag in plant.tags:
                value = values[tag.name]
                plain = int(value) if isinstance(value, bool) else value
                row.append("" if qualities.get(tag.name) == "bad" else plain)
            self._write(row)
        self.times_s.append(time_s)
        for name, series in self.series.items():
            series.append(nan if qualities.get(name) == "bad" else float(values[name]))
