"""Twin that runs a unit from measured start values, by its map `fmi-map/1`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from handwheel.connectors.config.durations import Duration
from handwheel.connectors.config.validation import Model
from handwheel.connectors.config.yaml_documents import Path_

from ...diagnosis.windows import Windows
from ..twin import Course, Estimate, Move, TwinError
from .unit import run_unit

_EVERY_S = 10.0
_CLOSE_FOR_S = 60.0  # after a write, for which every step is a sample
_STEADY = 0.01  # share of the span by which a compared tag may have moved


class Link(Model):
    """Variable of the unit that a tag shows or sets."""

    variable: str
    scale: Annotated[float, Field(description="tag = scale · variable + offset")] = 1.0
    offset: float = 0.0

    def to_tag(self, variable: float) -> float:
        """Returns the value of the tag."""
        return self.scale * variable + self.offset

    def to_variable(self, tag: float) -> float:
        """Returns the value of the variable. The scale is not 0."""
        return (tag - self.offset) / self.scale


class Output(Link):
    """Variable that a tag shows, with the width of the tag's range if both are compared."""

    span: Annotated[float | None, Field(gt=0.0)] = None


class UnitMap(Model):
    """The file. All its tables are by tag, but `constants` is by variable."""

    schema_: Literal["fmi-map/1"] = Field(alias="schema")
    step: Annotated[Duration, Field(gt=0.0, le=60.0)] = 1.0
    over: Annotated[Duration, Field(ge=20.0, le=3600.0, description="mean of a start value")] = 60.0
    settle: Annotated[Duration, Field(ge=0.0, le=3600.0, description="before a comparison")] = 0.0
    inputs: dict[str, Link] = Field(default_factory=dict[str, Link])
    start: dict[str, Link] = Field(default_factory=dict[str, Link])
    constants: dict[str, float | bool] = Field(default_factory=dict[str, float | bool])
    outputs: dict[str, Output] = Field(min_length=1)
    trips: list[str] = Field(default_factory=list[str], description="outputs that are true then")

    def links(self) -> Iterator[tuple[Path_, Link]]:
        """Yields every link with its place."""
        for table in ("inputs", "start", "outputs"):
            links: dict[str, Link] = getattr(self, table)
            for tag, link in links.items():
                yield (table, tag), link


@dataclass(frozen=True, slots=True)
class FmuTwin:
    """The twin, from `load_unit`.

    Attributes:
        path: Of the unit.
        mapping: Of its variables to tags.
    """

    path: Path
    mapping: UnitMap

    @property
    def tags(self) -> Sequence[str]:
        """Tags whose windows an estimate needs."""
        compared = [tag for tag, each in self.mapping.outputs.items() if each.span is not None]
        return list(dict.fromkeys([*self.mapping.inputs, *self.mapping.start, *compared]))

    def estimate(self, windows: Windows) -> Estimate | None:
        """Returns the start values now. See `Twin.estimate`."""
        own = self.mapping
        inputs = {tag: windows.latest(tag) for tag in own.inputs}
        means = {tag: windows.mean(tag, own.over) for tag in own.start}
        is_bad = any(windows.latest(tag) is None for tag in self.tags)
        if is_bad or None in inputs.values() or None in means.values():
            return None
        state = {
            "start": {tag: each for tag, each in means.items() if each is not None},
            "inputs": {tag: float(each) for tag, each in inputs.items() if each is not None},
        }
        constants = ", ".join(own.constants)
        assumed = [f"These are as the map has them: {constants}."] if constants else []
        return Estimate(windows.now_s, state, self._residuals(state, windows), assumed)

    def _residuals(self, state: Mapping[str, Any], windows: Windows) -> dict[str, float]:
        """Returns the measured less the settled value of each compared tag, if all stand still."""
        own = self.mapping
        spans = {tag: each.span for tag, each in own.outputs.items() if each.span is not None}
        now = {tag: windows.mean(tag, own.over) for tag in spans}
        before = {tag: windows.mean(tag, own.over, own.settle + own.over) for tag in spans}
        found: dict[str, float] = {}
        for tag, span in spans.items():
            measured, earlier = now[tag], before[tag]
            if measured is None or earlier is None or abs(measured - earlier) > _STEADY * span:
                return {}
            found[tag] = measured
        if not found:
            return {}
        course = self.predict(state, (), max(own.settle, own.step))
        return {tag: (each - course.series[tag][-1]) / spans[tag] for tag, each in found.items()}

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        """Returns the course from start values on. See `Twin.predict`."""
        own = self.mapping
        start = {
            own.start[tag].variable: own.start[tag].to_variable(each)
            for tag, each in state["start"].items()
        }
        inputs = list(self._inputs(state["inputs"], moves))
        times_s, found = run_unit(
            self.path,
            start | {name: float(each) for name, each in own.constants.items()},
            inputs,
            list(dict.fromkeys(each.variable for each in own.outputs.values())),
            horizon_s,
            own.step,
        )
        series = {
            tag: [link.to_tag(each) for each in found[link.variable]]
            for tag, link in own.outputs.items()
        }
        _check_finite(times_s, series)
        for tag, value in state["inputs"].items():
            series.setdefault(tag, list(_steps(times_s, tag, value, moves)))
        kept = list(_kept(times_s, [at_s for at_s, _ in inputs[1:]]))
        return Course(
            [times_s[n] for n in kept],
            {tag: [each[n] for n in kept] for tag, each in series.items()},
            self._trip(times_s, series),
            dict(_alarms(times_s, series)),
        )

    def _inputs(
        self, now: Mapping[str, float], moves: Sequence[Move]
    ) -> Iterator[tuple[float, dict[str, float]]]:
        """Yields the values of the unit's inputs from the start and from each move on."""
        links: Mapping[str, Link] = self.mapping.inputs
        values = {links[tag].variable: links[tag].to_variable(each) for tag, each in now.items()}
        yield 0.0, dict(values)
        for move in sorted(moves, key=lambda each: each.at_s):
            if move.tag not in links:
                raise TwinError(f"the unit does not take {move.tag}: its map has no such input")
            link = links[move.tag]
            values[link.variable] = link.to_variable(move.value)
            yield move.at_s, dict(values)

    def _trip(
        self, times_s: Sequence[float], series: Mapping[str, Sequence[float]]
    ) -> tuple[float, str] | None:
        found = [(at_s, tag) for tag in self.mapping.trips for at_s in _rises(times_s, series[tag])]
        return min(found, default=None)


def _check_finite(times_s: Sequence[float], series: Mapping[str, Sequence[float]]) -> None:
    for tag, values in series.items():
        for at_s, value in zip(times_s, values, strict=True):
            if not isfinite(value):
                raise TwinError(f"the unit diverges: {tag} is {value} after {at_s:g} s")


def _steps(
    times_s: Sequence[float], tag: str, value: float, moves: Sequence[Move]
) -> Iterator[float]:
    """Yields the course of an input that no output shows."""
    own = sorted((each for each in moves if each.tag == tag), key=lambda each: each.at_s)
    for at_s in times_s:
        while own and own[0].at_s < at_s:
            value = own.pop(0).value
        yield value


def _kept(times_s: Sequence[float], moved_s: Sequence[float]) -> Iterator[int]:
    """Yields the samples that a course keeps, all of them after a move."""
    last_s = -_EVERY_S
    for n, at_s in enumerate(times_s):
        is_close = any(each <= at_s <= each + _CLOSE_FOR_S for each in moved_s)
        if is_close or at_s >= last_s + _EVERY_S - 1e-6 or n == len(times_s) - 1:
            last_s = at_s
            yield n


def _rises(times_s: Sequence[float], values: Sequence[float]) -> Iterator[float]:
    """Yields the times at which a truth value becomes true."""
    for (_, before), (at_s, now) in pairwise(zip(times_s, values, strict=True)):
        if now > 0.5 >= before:
            yield at_s


def _alarms(
    times_s: Sequence[float], series: Mapping[str, Sequence[float]]
) -> Iterator[tuple[str, float]]:
    """Yields when each alarm of the outputs, a tag `X.active`, first is active."""
    for tag, values in series.items():
        name, _, attribute = tag.rpartition(".")
        first = next((at_s for at_s, each in zip(times_s, values, strict=True) if each > 0.5), None)
        if attribute == "active" and first is not None:
            yield name, first
