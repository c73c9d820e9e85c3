"""The pages of the small plants list exactly what the plants have."""

import pytest

from handwheel.evaluation.plants.installed_plants import create_plant

from .pages import plant_pages
from .pages.doc_tables import DOCS, SPAN, sections, text_of

PLANTS = pytest.mark.parametrize("name", ["cstr", "quadtank"])


@PLANTS
def test_the_page_lists_exactly_the_plants_tags_and_alarms(name: str) -> None:
    tables, plant = sections(DOCS / f"reference/{name}.md"), create_plant(name)
    others = plant_pages.tags_besides_alarms(plant.tags, plant.alarms)
    assert tables["Tags"] == [plant_pages.placed_row(tag) for tag in others]
    assert tables["Alarms"] == [plant_pages.alarm_row(alarm) for alarm in plant.alarms]


@PLANTS
def test_the_page_lists_exactly_the_plants_modes_faults_and_field_actions(name: str) -> None:
    page = DOCS / f"reference/{name}.md"
    tables, plant = sections(page), create_plant(name)
    own = [fault for fault in plant.faults.values() if not fault.id.startswith("SENSOR-")]
    for row, fault in zip(tables["Faults"], own, strict=True):
        assert (*row[:2], *row[3:]) == plant_pages.fault_row(fault)
        assert plant_pages.parameters(row[2]) == plant_pages.defaults(fault)
    actions = {row[0].strip("`"): row[1] for row in tables.get("Field actions", [])}
    assert actions == plant.field_actions
    assert set(plant.modes) <= set(SPAN.findall(text_of(page)))
