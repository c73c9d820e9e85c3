"""The page of tep lists exactly what the plant has."""

from handwheel.hmi.plants import create_plant
from handwheel.sim_plant.model import Node, PlantTag
from handwheel.sim_plant.tep.instruments import TAG_OF_XMEAS
from handwheel.sim_plant.tep.loops import TUNING
from handwheel.sim_plant.tep.tags import VALVES

from .doc_tables import DOCS, SPAN, Row, sections, text_of

PAGE = DOCS / "reference/tep.md"


def _span(span: tuple[float, float] | None) -> str:
    return f"{span[0]:g}..{span[1]:g}" if span else ""


def _row(tag: PlantTag) -> Row:
    at = tag.address
    where = at.folder if isinstance(at, Node) else f"Modbus {at.table} {at.address} {at.encoding}"
    members = ", ".join(f"{word} {number}" for word, number in tag.members.items())
    kind = f"{tag.kind} ({members})" if members else tag.kind
    return (
        f"`{tag.name}`", where, kind, tag.unit, _span(tag.span), _span(tag.write), tag.description,
    )  # fmt: skip


def test_the_page_lists_exactly_the_plants_tags_and_their_numbers() -> None:
    tables = sections(PAGE)
    assert tables["Tags"] == [_row(tag) for tag in create_plant("tep").tags]
    numbered = tables["XMEAS and XMV"]
    assert [(row[0], row[1].strip("`")) for row in numbered[:41]] == [
        (str(number), tag) for number, tag in TAG_OF_XMEAS.items()
    ]
    assert [(row[0], row[1]) for row in numbered[41:]] == [
        (str(number), f"`{valve[0]}.pos`") for number, valve in enumerate(VALVES, start=1)
    ]


def test_the_page_lists_exactly_the_plants_loops_and_alarms() -> None:
    tables, plant = sections(PAGE), create_plant("tep")
    start = plant.measurements()
    assert [(row[0], row[4], row[5], row[7]) for row in tables["Loops"]] == [
        (f"`{name}`", f"{pi.gain:g}", f"{pi.reset_h * 3600:g} s", f"{start[f'{name}.sp']:.5g}")
        for name, pi in TUNING.items()
    ]
    assert tables["Alarms"] == [
        (
            f"`{a.tag}`", f"{a.measures} {'>' if a.is_high else '<'} {a.limit:g}",
            f"{a.deadband:g}", f"{a.delay_s:g} s", f"{a.priority} {a.priority.name.lower()}",
            a.consequence, a.response, a.respond_within,
        )
        for a in plant.alarms
    ]  # fmt: skip


def test_the_page_lists_exactly_the_plants_modes_and_faults() -> None:
    tables, plant = sections(PAGE), create_plant("tep")
    assert [row[0].strip("`") for row in tables["Modes"]] == list(plant.modes)
    own = [fault for fault in plant.faults.values() if not fault.id.startswith("SENSOR-")]
    assert tables["Faults"] == [
        (
            f"`{fault.id}`",
            f"{fault.title}, a decoy" if fault.is_decoy else fault.title,
            fault.tell,
            fault.response,
        )
        for fault in own
    ]
    assert "SENSOR-BIAS" in SPAN.findall(text_of(PAGE))
    assert not plant.field_actions
