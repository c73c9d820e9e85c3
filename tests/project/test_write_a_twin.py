"""The twin of the reference page foretells a course, with the code taken from the page."""

from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.lookahead.foretell import foretell
from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.lookahead.twin import Move
from handwheel.connectors.model.values import GOOD, DataValue

from .pages.doc_shell import blocks
from .pages.doc_tables import DOCS, text_of

PAGE = DOCS / "reference/twins.md"


def test_the_twin_of_the_page_foretells_the_pressure_after_a_write() -> None:
    (code,) = [
        "\n".join(each.lines) for each in blocks(text_of(PAGE)) if each.title == "header_twin.py"
    ]
    module: dict[str, type] = {}
    exec(compile(code, "header_twin.py", "exec"), module)
    twin = module["HeaderTwin"]()
    windows = Windows(twin.tags)
    for at_s in range(0, 130, 5):
        values = {"PT-102.pv": 350.0, "PIC-102.sp": 350.0}
        read = {tag: DataValue(each, GOOD, None, None, 1.0) for tag, each in values.items()}
        windows.observe(read, float(at_s))
    found = foretell(
        SiteTwin("header", twin, 0.02, 600.0), windows, [Move("PIC-102.sp", 370.0, 60.0)]
    )
    assert found.without.series["PT-102.pv"][-1] == 350.0
    assert round(found.with_plan.series["PT-102.pv"][-1]) == 370
