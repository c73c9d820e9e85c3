"""The page of tep has the plant's analysers, numbers, loops and modes."""

from itertools import groupby

from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.sim_plant.model import PlantTag, Register
from handwheel.sim_plant.tep.control.loops import TUNING
from handwheel.sim_plant.tep.tags import VALVES, XMEAS

from .pages.doc_tables import DOCS, SPAN, sections

PAGE = DOCS / "reference/tep.md"


def _analysers() -> list[PlantTag]:
    return [tag for tag in create_plant("tep").tags if tag.name.startswith("XI-")]


def test_the_page_lists_exactly_the_plants_analysers() -> None:
    groups = [list(tags) for _, tags in groupby(_analysers(), lambda tag: tag.name[:7])]
    for row, tags in zip(sections(PAGE)["Analysers"], groups, strict=True):
        wires = [tag.address for tag in tags if isinstance(tag.address, Register)]
        first, last = wires[0].address, wires[-1].address
        assert row[:2] == (f"`{tags[0].name}` to `{tags[-1].name}`", f"input {first} to {last}")
        assert wires == [Register("input", at, "float32") for at in range(first, last + 2, 2)]


def test_the_page_gives_the_numbers_of_measurements_and_valves() -> None:
    measured, analysed, moved = sections(PAGE)["XMEAS and XMV"]
    analysers = [tag.name for tag in _analysers()]
    assert list(XMEAS) == [*SPAN.findall(measured[1]), *analysers]
    assert SPAN.findall(moved[1]) == [f"{valve}.pos" for valve in VALVES]
    numbers = [row[0] for row in (measured, analysed, moved)]
    assert numbers == ["XMEAS 1 to 22", "XMEAS 23 to 41", f"XMV 1 to {len(VALVES)}"]


def test_the_page_lists_exactly_the_plants_loops_and_modes() -> None:
    tables, plant = sections(PAGE), create_plant("tep")
    start = plant.measurements()
    assert [(row[0], row[4], row[5], row[7]) for row in tables["Loops"]] == [
        (f"`{name}`", f"{pi.gain:g}", f"{pi.reset_h * 3600:g} s", f"{start[f'{name}.sp']:.5g}")
        for name, pi in TUNING.items()
    ]
    assert [row[0].strip("`") for row in tables["Modes"]] == list(plant.modes)
