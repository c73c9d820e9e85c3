"""Rows of the tables of a plant's page, built from the plant's own lists."""

import re
from collections.abc import Mapping, Sequence

from handwheel.sim_plant.alarm import AlarmDefinition
from handwheel.sim_plant.model import FaultKind, Node, Number, PlantTag

from .doc_tables import Row


def _span(span: tuple[float, float] | None) -> str:
    return f"{span[0]:g}..{span[1]:g}" if span else ""


def type_of(tag: PlantTag) -> str:
    """Returns type, range and unit of a tag; a float with a range needs no type."""
    members = ", ".join(f"{word} {number}" for word, number in tag.members.items())
    kind = "" if tag.kind == "float" and tag.span else tag.kind
    parts = (kind, f"({members})" if members else "", _span(tag.span), tag.unit)
    return " ".join(part for part in parts if part)


def tag_row(tag: PlantTag) -> Row:
    """Returns name, type and range, write range and description of a tag."""
    return (f"`{tag.name}`", type_of(tag), _span(tag.write), tag.description)


def placed_row(tag: PlantTag) -> Row:
    """Returns the row of a tag with its folder or Modbus address after its name."""
    at = tag.address
    where = at.folder if isinstance(at, Node) else f"{at.table} {at.address} {at.encoding}"
    name, *rest = tag_row(tag)
    return (name, where, *rest)


def alarm_row(alarm: AlarmDefinition) -> Row:
    """Returns a row of the table of alarms."""
    return (
        f"`{alarm.tag}`", f"{alarm.measures} {'>' if alarm.is_high else '<'} {alarm.limit:g}",
        f"{alarm.deadband:g}", f"{alarm.delay_s:g} s",
        f"{alarm.priority} {alarm.priority.name.lower()}",
        alarm.consequence, alarm.response, alarm.respond_within,
    )  # fmt: skip


def tags_besides_alarms(
    tags: Sequence[PlantTag], alarms: Sequence[AlarmDefinition]
) -> list[PlantTag]:
    """Returns the tags that a page lists one by one.

    The alarms' tags follow from the table of alarms, which is asserted here: each is a read-only
    bool in the folder `Alarms`, with the response in its description.
    """
    places = {tag.name: tag for tag in tags if tag.address == Node("Alarms")}
    assert list(places) == [f"{alarm.tag}.active" for alarm in alarms]
    for tag, alarm in zip(places.values(), alarms, strict=True):
        assert (type_of(tag), tag.write) == ("bool", None)
        assert tag.description.endswith(f": {alarm.response}")
    return [tag for tag in tags if tag.name not in places]


def by_folder(tags: Sequence[PlantTag]) -> Mapping[str, list[Row]]:
    """Returns the rows of the tags on OPC UA by their folder."""
    found: dict[str, list[Row]] = {}
    for tag in tags:
        if isinstance(tag.address, Node):
            found.setdefault(tag.address.folder, []).append(tag_row(tag))
    return found


def parameters(cell: str) -> dict[str, str]:
    """Returns the parameters and their defaults in a cell of a table of faults."""
    return dict(re.findall(r"`(\w+)` \(([^\s:)]+)", cell))


def defaults(fault: FaultKind) -> dict[str, str]:
    """Returns the parameters and their defaults of a fault."""
    return {
        name: f"{each.default:g}" if isinstance(each, Number) else str(each.default)
        for name, each in fault.parameters.items()
    }


def fault_row(fault: FaultKind) -> Row:
    """Returns a row of the table of faults without its parameters."""
    title = f"{fault.title}, a decoy" if fault.is_decoy else fault.title
    return (f"`{fault.id}`", title, fault.symptoms, fault.response)
