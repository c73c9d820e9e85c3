"""The whole skid against the rows of `oracles.yaml`."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from handwheel.connectors.config.durations import parse_duration
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.evaluation.plants.installed_plants import parse_fault, parse_field
from handwheel.sim_plant.cw100.plant import CoolingWater
from handwheel.sim_plant.cw100.process import constants as k
from handwheel.sim_plant.model import PlantEvent
from handwheel.sim_plant.scenario import Scenario
from handwheel.sim_plant.simulation import Simulation

from ...plants.served import warm
from .soft_sensors import soft_values

Row = Mapping[str, Any]
ROWS: Mapping[str, list[Row]] = read_document(Path(__file__).with_name("oracles.yaml")).data

# Instrument to tolerance in the tag's unit; a negative one is a share of the value.
_TOLERANCES = {"PT": 4.0, "FT": 1.0, "TT": 0.2, "VT": 0.1, "IT": 0.2, "LT": 1.0, "PDT": -0.02}
_OPENING, _SPEED = 2.0, 0.5
_OF_CHANGE, _LEAST_SHARE = 0.05, 0.2
_DONE_BY_US = {"fault", "field", "write", "clear"}


@dataclass
class Run:
    """Trace of one row: extremes, values at the asked times, events, times under a limit."""

    least: dict[str, float] = field(default_factory=dict[str, float])
    most: dict[str, float] = field(default_factory=dict[str, float])
    at: dict[float, Mapping[str, float]] = field(default_factory=dict[float, Mapping[str, float]])
    events: list[PlantEvent] = field(default_factory=list[PlantEvent])
    below_s: dict[str, float] = field(default_factory=dict[str, float])


def _everything(plant: CoolingWater) -> dict[str, float]:
    true = {
        "true.LT-101": plant.state.water.level_m / k.BASIN_HEIGHT_M * 100.0,
        "true.TT-202": plant.state.exchanger.product_out_c,
    }
    values = {tag: float(value) for tag, value in plant.measurements().items()}
    return values | true | soft_values(plant)


STEADY = _everything(warm())


@cache
def _prepared(orders: Sequence[str], settle_s: float) -> Mapping[str, Any]:
    simulation = Simulation(warm(), Scenario())
    for order in orders:
        _obey(simulation, order)
    simulation.run(settle_s)
    return simulation.plant.snapshot()


def _run(row: Row) -> Run:
    plant = warm()
    if "prepare" in row:
        plant.restore(_prepared(tuple(row["prepare"]), parse_duration(row["settle"])))
    simulation, run = Simulation(plant, Scenario()), Run()
    begun_s = plant.time_s
    orders = {0.0: row["do"]}
    orders |= {parse_duration(when): what for when, what in row.get("then", {}).items()}
    asked = {parse_duration(when) for when in row.get("values", {})}
    over_s, over_until_s = map(parse_duration, row.get("over", ("0s", row["run"])))
    below = row.get("below", {})
    followed = {*row.get("least", {}), *row.get("most", {}), *row.get("swing", {}), *below}
    readers = {tag: _reader(plant, tag) for tag in followed}
    for _ in range(round(parse_duration(row["run"]) / plant.step_s) + 1):
        now_s = plant.time_s - begun_s
        for order in orders.pop(now_s, ()):
            _obey(simulation, order)
        simulation.step()
        for tag, read in readers.items():
            value = read()
            if over_s <= now_s < over_until_s:
                run.least[tag] = min(run.least.get(tag, value), value)
                run.most[tag] = max(run.most.get(tag, value), value)
            if tag in below and value < below[tag]["limit"]:
                run.below_s[tag] = run.below_s.get(tag, 0.0) + plant.step_s
        if now_s in asked:
            run.at[now_s] = _everything(plant)
    assert not orders, "an order's time is no multiple of the step"
    run.events = [replace(e, time_s=e.time_s - begun_s) for e in plant.drain_events()]
    return run


def _reader(plant: CoolingWater, tag: str) -> Callable[[], float]:
    sensor = plant.state.sensors.get(tag.removesuffix(".pv"))
    if sensor is not None:
        return lambda: sensor.value
    valve = plant.state.valves.get(tag.removesuffix(".pos"))
    if valve is not None:
        return lambda: valve.position * 100.0
    loop = plant.state.loops.loops.get(tag.removesuffix(".op"))
    if loop is not None:
        return lambda: loop.output * 100.0
    return lambda: float(plant.measurements()[tag])


def _obey(simulation: Simulation, order: str) -> None:
    verb, _, what = order.partition(" ")
    match verb:
        case "fault":
            simulation.apply(parse_fault(what, simulation.plant.faults))
        case "field":
            simulation.apply(parse_field(what))
        case _:
            tag, value = what.split()
            simulation.plant.write(tag, float(value))


def _tolerance(tag: str, value: float) -> float:
    """The tag's usual one, and never more than a share of the change from the steady state."""
    usual = _usual(tag, value)
    change = _OF_CHANGE * abs(value - STEADY[tag])
    return min(usual, max(change, _LEAST_SHARE * usual))


def _usual(tag: str, value: float) -> float:
    instrument, _, attribute = tag.partition(".")
    if instrument == "true":
        instrument = attribute
    if attribute == "speed":
        return _SPEED
    if attribute in {"pos", "op"} or instrument == "SC-106":
        return 0.0 if instrument.startswith("HV") else _OPENING
    given = _TOLERANCES.get(instrument.partition("-")[0], 0.0)
    return given if given >= 0.0 else -given * value


def _expected(tag: str, entry: Any) -> Any:
    if isinstance(entry, list):
        value, tolerance = cast(list[float], entry)
    else:
        value, tolerance = float(entry), _tolerance(tag, float(entry))
    return pytest.approx(value, abs=tolerance, rel=0.0)


def _when(entry: Any) -> Any:
    if isinstance(entry, list):
        time_s, within_s = cast(list[float], entry)
    else:
        time_s = parse_duration(entry)
        within_s = 1.0 if time_s < 60.0 else 0.02 * time_s
    return pytest.approx(time_s, abs=within_s, rel=0.0)


def _compare(what: str, seen: Mapping[str, float], entries: Mapping[str, Any]) -> None:
    misses = {
        tag: (seen[tag], entry)
        for tag, entry in entries.items()
        if seen[tag] != _expected(tag, entry)
    }
    assert not misses, f"{what}, (seen, expected): {misses}"


def _hold_events(row: Row, run: Run) -> None:
    happened = {e.tag: e.time_s for e in reversed(run.events) if e.kind not in _DONE_BY_US}
    for tag, entry in row.get("events", {}).items():
        assert happened.get(tag) == _when(entry), f"{tag} in {happened}"
    for tag, (cause, delay) in row.get("after", {}).items():
        assert {tag, cause} <= happened.keys(), f"{tag} after {cause} in {happened}"
        assert happened[tag] - happened[cause] == _when(delay), f"{tag} after {cause}"
    assert not set(row.get("never", ())) & happened.keys()
    if row.get("quiet"):
        assert happened == {}


CHECKS = {"values", "events", "least", "most", "swing"}


EVERY = [*ROWS["pumps"], *ROWS["process"]]
_LONG_S = 2 * 3600.0  # such rows are for `make soak`


def _is_long(row: Row) -> bool:
    return "soak" in row or parse_duration(row["run"]) >= _LONG_S


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "row",
    [pytest.param(row, marks=pytest.mark.soak if _is_long(row) else ()) for row in EVERY],
    ids=[row["row"] for row in EVERY],
)
def test_oracle(row: Row) -> None:
    run = _run(row)
    for when, values in row.get("values", {}).items():
        _compare(when, run.at[parse_duration(when)], values)
    _compare("least", run.least, row.get("least", {}))
    _compare("most", run.most, row.get("most", {}))
    swing = {tag: run.most[tag] - least for tag, least in run.least.items()}
    _compare("swing", swing, row.get("swing", {}))
    for tag, entry in row.get("below", {}).items():
        assert run.below_s[tag] == pytest.approx(entry["seconds"], abs=1.0), f"{tag} below"
    _hold_events(row, run)


def test_no_row_is_missing_and_every_row_asks_for_something() -> None:
    assert {part: len(rows) for part, rows in ROWS.items()} == {"pumps": 22, "process": 22}
    for row in EVERY:
        assert CHECKS & row.keys(), row["row"]
    named = " ".join(row["row"] for row in EVERY)
    for fault in (*(f"F{number:02}" for number in range(1, 17)), "F08b", "F10b", "D01", "D02"):
        assert fault in named
    for interlock in ("I-01", "I-02", "I-03", "I-05", "I-06", "I-07"):
        assert interlock in named
