"""The pages of the small plants list exactly what the plants have."""

import re

import pytest

from handwheel.hmi.plants import create_plant
from handwheel.sim_plant.model import Node, Number, PlantTag

from .doc_tables import DOCS, SPAN, Row, sections, text_of

PLANTS = pytest.mark.parametrize("name", ["cstr", "quadtank"])


def _span(span: tuple[float, float] | None) -> str:
    return f"{span[0]:g}..{span[1]:g}" if span else ""


def _row(tag: PlantTag) -> Row:
    at = tag.address
    where = at.folder if isinstance(at, Node) else f"Modbus {at.table} {at.address} {at.encoding}"
    members = ", ".join(f"{word} {number}" for word, number in tag.members.items())
    kind = f"{tag.kind} ({members})" if members else tag.kind
    spans = _span(tag.span), _span(tag.write)
    return (f"`{tag.name}`", where, kind, tag.unit, *spans, tag.description)


@PLANTS
def test_the_page_lists_exactly_the_plants_tags_and_alarms(name: str) -> None:
    tables, plant = sections(DOCS / f"reference/{name}.md"), create_plant(name)
    assert tables["Tags"] == [_row(tag) for tag in plant.tags]
    assert tables["Alarms"] == [
        (
            f"`{a.tag}`", f"{a.measures} {'>' if a.is_high else '<'} {a.limit:g}",
            f"{a.deadband:g}", f"{a.delay_s:g} s", f"{a.priority} {a.priority.name.lower()}",
            a.consequence, a.response, a.respond_within,
        )
        for a in plant.alarms
    ]  # fmt: skip


@PLANTS
def test_the_page_lists_exactly_the_plants_modes_faults_and_field_actions(name: str) -> None:
    page = DOCS / f"reference/{name}.md"
    tables, plant = sections(page), create_plant(name)
    own = [fault for fault in plant.faults.values() if not fault.id.startswith("SENSOR-")]
    for row, fault in zip(tables["Faults"], own, strict=True):
        assert (row[0], row[1], *row[3:]) == (
            f"`{fault.id}`",
            fault.title,
            fault.tell,
            fault.response,
        )
        assert dict(re.findall(r"`(\w+)` \(([^:)]+)", row[2])) == {
            key: f"{each.default:g}" if isinstance(each, Number) else each.default
            for key, each in fault.parameters.items()
        }
    actions = {row[0].strip("`"): row[1] for row in tables.get("Field actions", [])}
    assert actions == plant.field_actions
    assert set(plant.modes) <= set(SPAN.findall(text_of(page)))
