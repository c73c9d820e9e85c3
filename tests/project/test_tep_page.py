"""The page of tep lists exactly what the plant has."""

from itertools import groupby

from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.sim_plant.model import PlantTag, Register
from handwheel.sim_plant.tep.control.loops import TUNING
from handwheel.sim_plant.tep.tags import VALVES, XMEAS

from .pages import plant_pages
from .pages.doc_tables import DOCS, SPAN, Row, sections, text_of

PAGE = DOCS / "reference/tep.md"


def _is_mode(tag: PlantTag) -> bool:
    return tag.name.endswith(".mode")


def _analysers() -> list[PlantTag]:
    return [tag for tag in create_plant("tep").tags if tag.name.startswith("XI-")]


def test_the_page_lists_exactly_the_plants_tags() -> None:
    tables, plant = sections(PAGE), create_plant("tep")
    others = plant_pages.tags_besides_alarms(plant.tags, plant.alarms)
    folders = plant_pages.by_folder([tag for tag in others if not _is_mode(tag)])
    assert {head: tables[head] for head in folders} == folders
    wired = [tag for tag in others if isinstance(tag.address, Register)]
    assert tables["AN-1000"] == [
        plant_pages.placed_row(tag) for tag in wired if tag not in _analysers()
    ]
    modes = [tag for tag in others if _is_mode(tag)]
    listed = {name: row[1:] for row in tables["Modes of the controllers"] for name in _names(row)}
    assert listed == {tag.name: plant_pages.tag_row(tag)[1:3] for tag in modes}
    for tag in modes:
        assert tag.description == f"{tag.name.removesuffix('.mode')}, mode"
        assert plant_pages.placed_row(tag)[1] == "Control"


def _names(row: Row) -> list[str]:
    return SPAN.findall(row[0])


def test_the_page_lists_exactly_the_plants_analysers() -> None:
    rows = sections(PAGE)["Analysers"]
    groups = [list(tags) for _, tags in groupby(_analysers(), lambda tag: tag.name[:7])]
    for row, tags in zip(rows, groups, strict=True):
        wires = [tag.address for tag in tags if isinstance(tag.address, Register)]
        first, last = wires[0].address, wires[-1].address
        assert row[:2] == (f"`{tags[0].name}` to `{tags[-1].name}`", f"input {first} to {last}")
        assert wires == [Register("input", at, "float32") for at in range(first, last + 2, 2)]
        for tag in tags:
            assert plant_pages.tag_row(tag)[1:] == (
                "0..100 %", "", f"{tag.name[-1].upper()} in the {row[2]}, mol%",
            )  # fmt: skip


def test_the_page_gives_the_numbers_of_measurements_and_valves() -> None:
    measured, analysed, moved = sections(PAGE)["XMEAS and XMV"]
    analysers = [tag.name for tag in _analysers()]
    assert list(XMEAS) == [*SPAN.findall(measured[1]), *analysers]
    assert SPAN.findall(moved[1]) == [f"{valve}.pos" for valve in VALVES]
    numbers = [row[0] for row in (measured, analysed, moved)]
    assert numbers == ["XMEAS 1 to 22", "XMEAS 23 to 41", f"XMV 1 to {len(VALVES)}"]


def test_the_page_lists_exactly_the_plants_loops_and_alarms() -> None:
    tables, plant = sections(PAGE), create_plant("tep")
    start = plant.measurements()
    assert [(row[0], row[4], row[5], row[7]) for row in tables["Loops"]] == [
        (f"`{name}`", f"{pi.gain:g}", f"{pi.reset_h * 3600:g} s", f"{start[f'{name}.sp']:.5g}")
        for name, pi in TUNING.items()
    ]
    assert tables["Alarms"] == [plant_pages.alarm_row(alarm) for alarm in plant.alarms]


def test_the_page_lists_exactly_the_plants_modes_and_faults() -> None:
    tables, plant = sections(PAGE), create_plant("tep")
    assert [row[0].strip("`") for row in tables["Modes"]] == list(plant.modes)
    own = [fault for fault in plant.faults.values() if not fault.id.startswith("SENSOR-")]
    assert tables["Faults"] == [plant_pages.fault_row(fault) for fault in own]
    assert not any(fault.parameters for fault in own)
    assert "SENSOR-BIAS" in SPAN.findall(text_of(PAGE))
    assert not plant.field_actions
