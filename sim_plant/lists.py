"""Lists of a plant's tags, alarms, faults and equipment, from its `lists.yaml`.

Each row has the fields of its class. A tag is on OPC UA with `node`, its folder, or on Modbus with
`register`, its table, address and encoding; without a span it has that of its transmitter. `ALARMS`
among the tags stands for `X.active` of each alarm. Its text begins with the alarm's `shown`, by
default with what is measured, and high or low.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import yaml

from .alarm import AlarmDefinition, Priority
from .model import (
    ChoiceParameter,
    FaultKind,
    Node,
    Number,
    PlantEquipment,
    PlantTag,
    Register,
)
from .sensors import Sensor

_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_ALARMS = "ALARMS"

Row = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PlantLists:
    """The lists of one plant, each in the order of its file."""

    sensors: Sequence[Sensor]
    alarms: Sequence[AlarmDefinition]
    faults: Mapping[str, FaultKind]  # its own, by id
    field_actions: Mapping[str, str]  # with their meanings
    tags: tuple[PlantTag, ...]
    equipment: tuple[PlantEquipment, ...]
    others: Mapping[str, Any]  # lists that only this plant has


def read_lists(plant: str) -> PlantLists:
    """Returns the lists in the folder of a plant, such as `cstr`."""
    path = Path(__file__).with_name(plant) / "lists.yaml"
    data: dict[str, Any] = yaml.load(path.read_bytes(), _LOADER)  # noqa: S506 (a safe loader)
    sensors = tuple(_made(Sensor, row) for row in data.pop("sensors", ()))
    alarm_rows: list[Row] = data.pop("alarms")
    return PlantLists(
        sensors,
        tuple(_alarm(row) for row in alarm_rows),
        {row["id"]: _fault(row) for row in data.pop("faults")},
        data.pop("field_actions", {}),
        _tags(data.pop("tags"), alarm_rows, sensors),
        tuple(_made(PlantEquipment, row) for row in data.pop("equipment")),
        data,
    )


def _made(kind: type[T], row: Row) -> T:
    return kind(**{key: _frozen(x) for key, x in row.items()})


def _frozen(value: object) -> Any:
    return tuple(cast("list[object]", value)) if isinstance(value, list) else value


def _alarm(row: Row) -> AlarmDefinition:
    own = {key: value for key, value in row.items() if key != "shown"}
    return _made(AlarmDefinition, own | {"priority": Priority[own["priority"]]})


def _fault(row: Row) -> FaultKind:
    given: Mapping[str, Row] = row.get("parameters", {})
    parameters = {
        name: _made(ChoiceParameter, each) if "words" in each else _made(Number, each)
        for name, each in given.items()
    }
    return _made(FaultKind, row | {"parameters": parameters})


def _tags(
    rows: Sequence[Row | str], alarms: Sequence[Row], sensors: Sequence[Sensor]
) -> tuple[PlantTag, ...]:
    spans = {f"{each.name}.pv": (each.low, each.high) for each in sensors}
    tags: list[PlantTag] = []
    for row in rows:
        if isinstance(row, dict):
            tags.append(_tag(row, spans.get(row["name"])))
        else:
            assert row == _ALARMS
            tags += [_alarm_tag(alarm) for alarm in alarms]
    return tuple(tags)


def _tag(row: Row, span: tuple[float, float] | None) -> PlantTag:
    own = {key: value for key, value in row.items() if key not in {"node", "register"}}
    address = Node(row["node"]) if "node" in row else Register(*row["register"])
    return _made(PlantTag, {"span": span, **own, "address": address})


def _alarm_tag(alarm: Row) -> PlantTag:
    default = f"{alarm['measures']} {'high' if alarm['is_high'] else 'low'}"
    text = f"{alarm.get('shown', default)}: {alarm['response']}"
    return PlantTag(f"{alarm['tag']}.active", "bool", Node("Alarms"), text)
