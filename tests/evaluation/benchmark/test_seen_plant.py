from types import SimpleNamespace
from typing import Any

import pytest

from handwheel.connectors.model.tags import RegisterAddress, Tag
from handwheel.connectors.model.values import BAD_SENSOR_FAILURE, GOOD, DataValue, Value
from handwheel.evaluation.benchmark.programs import seen_plant
from handwheel.evaluation.benchmark.programs.seen_plant import SeenPlant
from handwheel.sim_plant.model import PlantEvent

ITEM = RegisterAddress("holding", 1, "float64")
LEVEL = Tag("L.pv", "c", "float", ITEM, "%")
MODE = Tag("L.mode", "c", "enum", ITEM, members={"manual": 0, "auto": 1})
ALARM = Tag("LAL.active", "c", "bool", ITEM, label="L low")
SITE: Any = SimpleNamespace(tags={each.name: each for each in (LEVEL, MODE, ALARM)})


def _readings(level: float, alarm: Value = False, *, is_good: bool = True) -> dict[str, DataValue]:
    status = GOOD if is_good else BAD_SENSOR_FAILURE
    values: dict[str, Value] = {"L.pv": level, "L.mode": 1, "LAL.active": alarm}
    return {name: DataValue(each, status, None, None, 0.0) for name, each in values.items()}


def test_a_window_has_only_good_values_and_reaches_back_to_the_beginning() -> None:
    seen = SeenPlant(SITE, _readings(0.0))
    for n in range(1, 9):
        seen.observe(_readings(float(n), is_good=n not in (5, 6)), float(n))
    slots = seen.window(LEVEL, 12.0, 6)
    assert [each.ago_s for each in slots] == [12, 10, 8, 6, 4, 2]
    assert [each.mean for each in slots] == [None, 0.0, 1.5, 3.5, None, 7.5]
    assert [(each.low, each.high) for each in slots[-2:]] == [(None, None), (7.0, 8.0)]
    assert seen.reading(MODE).value == "auto"


def test_windows_keep_no_more_scans_than_they_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_plant, "MOST_SCANS", 10)
    seen = SeenPlant(SITE, _readings(0.0))
    for n in range(1, 100):
        seen.observe(_readings(float(n)), float(n))
    means = [each.mean for each in seen.window(LEVEL, 20.0, 20)]
    assert means == [None] * 10 + [float(n) for n in range(90, 100)]


def test_an_alarm_stands_from_its_scan_on_also_while_it_is_not_read() -> None:
    seen = SeenPlant(SITE, _readings(1.0))
    fault = PlantEvent(1.0, "fault", "F01", "bearing wear")
    trip = PlantEvent(1.0, "trip", "P-1", "P-1 tripped")
    seen.observe(_readings(1.0, alarm=True), 1.0, [fault, trip])
    seen.observe(_readings(1.0, is_good=False), 2.0)
    assert [(each.tag, each.text, each.since_s) for each in seen.alarms()] == [
        ("LAL.active", "L low", 1.0)
    ]
    seen.observe(_readings(1.0), 3.0)
    assert seen.alarms() == []
    assert [(each.at_s, each.kind, each.text) for each in seen.rows] == [
        (1.0, "trip", "P-1 tripped"),
        (1.0, "alarm", "LAL.active came: L low"),
        (3.0, "alarm", "LAL.active went: L low"),
    ]
