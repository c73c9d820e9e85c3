"""The plant against the numbers of `oracles.yaml`, each row a run without noise."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from handwheel.connectors.documents import read_document
from handwheel.connectors.durations import parse_duration
from handwheel.hmi.plants import parse_fault, parse_field
from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ..served import warm

ROWS: list[dict[str, Any]] = read_document(Path(__file__).with_name("oracles.yaml")).data

# Instrument to tolerance in the tag's unit; a negative one is a share of the value.
_TOLERANCES = {"PT": 4.0, "FT": 1.0, "TT": 0.2, "VT": 0.1, "IT": 0.2, "LT": 1.0, "PDT": -0.02}
_OPENING, _SPEED = 2.0, 0.5


def _tolerance(tag: str, value: float) -> float:
    instrument, _, attribute = tag.partition(".")
    if attribute == "speed":
        return _SPEED
    if attribute in {"pos", "op"} or instrument == "SC-106":
        return _OPENING
    given = _TOLERANCES.get(instrument.partition("-")[0], 0.0)
    return given if given >= 0.0 else -given * value


@dataclass(frozen=True)
class Run:
    """The trace of one row: extremes of every value, values at the asked times, events."""

    least: Mapping[str, float]
    most: Mapping[str, float]
    at: Mapping[float, Mapping[str, float]]
    events: list[PlantEvent]


def _run(row: Mapping[str, Any]) -> Run:
    plant = warm()
    simulation = Simulation(plant, Scenario())
    orders = {0.0: row["do"]}
    orders |= {parse_duration(when): what for when, what in row.get("then", {}).items()}
    asked = {parse_duration(when) for when in row.get("values", {})}
    least, most = _numbers(plant), _numbers(plant)
    at: dict[float, Mapping[str, float]] = {}
    for _ in range(round(parse_duration(row["run"]) / plant.step_s)):
        for order in orders.pop(plant.time_s, ()):
            _obey(simulation, order)
        simulation.step()
        values = _numbers(plant)
        for tag, value in values.items():
            least[tag] = min(least[tag], value)
            most[tag] = max(most[tag], value)
        if plant.time_s in asked:
            at[plant.time_s] = values
    assert not orders, "an order's time is no multiple of the step"
    return Run(least, most, at, plant.drain_events())


def _numbers(plant: CoolingWater) -> dict[str, float]:
    return {tag: float(value) for tag, value in plant.measurements().items()}


def _obey(simulation: Simulation, order: str) -> None:
    verb, _, what = order.partition(" ")
    match verb:
        case "fault":
            simulation.apply(parse_fault(what))
        case "field":
            simulation.apply(parse_field(what))
        case _:
            tag, value = what.split()
            simulation.plant.write(tag, float(value))


def _pair(entry: Any, tolerance: float) -> tuple[float, float]:
    if isinstance(entry, list):
        value, tolerance = cast(list[float], entry)
        return value, tolerance
    return float(entry), tolerance


def _expected(tag: str, entry: Any) -> Any:
    value, tolerance = _pair(entry, 0.0)
    return pytest.approx(value, abs=tolerance or _tolerance(tag, value), rel=0.0)


def _when(entry: Any) -> Any:
    time_s, within_s = _pair(entry, 0.0)
    usual_s = 1.0 if time_s < 60.0 else 0.02 * time_s
    return pytest.approx(time_s, abs=within_s or usual_s, rel=0.0)


@pytest.mark.parametrize("row", ROWS, ids=[row["row"] for row in ROWS])
def test_oracle(row: Mapping[str, Any]) -> None:
    run = _run(row)
    for when, values in row.get("values", {}).items():
        seen = run.at[parse_duration(when)]
        assert {tag: seen[tag] for tag in values} == {
            tag: _expected(tag, entry) for tag, entry in values.items()
        }, when
    for extreme, seen in (("least", run.least), ("most", run.most)):
        for tag, entry in row.get(extreme, {}).items():
            assert seen[tag] == _expected(tag, entry), f"{extreme} {tag}"
    happened = {e.tag: e.time_s for e in reversed(run.events) if e.kind not in _DONE_BY_US}
    for tag, entry in row.get("events", {}).items():
        assert happened.get(tag) == _when(entry), f"{tag} in {happened}"
    assert not set(row.get("never", ())) & happened.keys()
    if row.get("quiet"):
        assert happened == {}


_DONE_BY_US = {"fault", "field", "write"}


def test_every_row_asks_for_something() -> None:
    assert len(ROWS) == 16
    for row in ROWS:
        assert {"values", "events", "least", "most"} & row.keys(), row["row"]
