"""A plant's tags as tables in Markdown and CSV."""

import csv
from collections.abc import Sequence
from io import StringIO

from handwheel.sim_plant.base import Plant
from handwheel.sim_plant.model import Node, PlantTag, namespace_uri
from handwheel.sim_plant.simulation import CLOCK_TAGS

_COLUMNS = (
    "tag", "description", "type", "unit", "low", "high", "write_low", "write_high", "equipment",
    "protocol", "address", "encoding",
)  # fmt: skip


def tags_csv(plant: Plant) -> str:
    """Returns one row a tag, under a row with the names of the columns."""
    table = StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_rows(plant))
    return table.getvalue()


def tags_fields(plant: Plant) -> list[dict[str, str]]:
    """Returns one row a tag as fields for JSON, with the names and texts of the CSV."""
    return [dict(zip(_COLUMNS, row, strict=True)) for row in _rows(plant)]


def tags_markdown(plant: Plant) -> str:
    """Returns a heading and a table with one row a tag."""
    head = ("Tag", "Is", "Type", "Unit", "Range", "Writable", "Equipment", "Address")
    lines = [f"# The tags of {plant.model}", "", f"{plant.title}", "", _line(head)]
    lines.append(f"|{'---|' * len(head)}")
    for tag, is_, kind, unit, low, high, *write, equipment, protocol, address, encoding in _rows(
        plant
    ):
        where = f"OPC UA `{address}`" if protocol == "opcua" else f"Modbus {address} {encoding}"
        cells = (f"`{tag}`", is_, kind, unit, _range(low, high), _range(*write), equipment, where)
        lines.append(_line(cells))
    return "\n".join(lines) + "\n"


def _rows(plant: Plant) -> list[tuple[str, ...]]:
    return [_row(tag, namespace_uri(plant.model)) for tag in (*plant.tags, *CLOCK_TAGS)]


def _row(tag: PlantTag, uri: str) -> tuple[str, ...]:
    if isinstance(tag.address, Node):
        place = ("opcua", f"nsu={uri};s={tag.name}", "")
    else:
        place = ("modbus", f"{tag.address.table} {tag.address.address}", tag.address.encoding)
    words = ", ".join(f"{word} {number}" for word, number in tag.members.items())
    kind = f"{tag.kind} ({words})" if words else tag.kind
    ends = (*_ends(tag.span), *_ends(tag.write))
    return (tag.name, tag.description, kind, tag.unit, *ends, tag.equipment, *place)


def _ends(limits: tuple[float, float] | None) -> tuple[str, str]:
    return (f"{limits[0]:g}", f"{limits[1]:g}") if limits else ("", "")


def _range(low: str, high: str) -> str:
    return f"{low}..{high}" if low else ""


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
