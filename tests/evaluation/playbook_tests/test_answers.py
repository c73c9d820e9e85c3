"""Each fault of cw-100 with the whole library at work: one answer to each, none to a decoy."""

import re
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.playbooks.language.libraries import library_folder
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.cw100.tags import FAULTS
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.sim_plant.tep.tags import IDV_OF_FAULT
from handwheel.tools.errors import GuardrailError
from tests.project.pages.doc_tables import DOCS

PAGE = DOCS / "reference/faults-cw-100.md"
TEP_PAGE = DOCS / "reference/disturbances-tep.md"
_AT_S, _SIGNS_AFTER_S = 30.0, 60.0


def fault(name: str, at_s: float = _AT_S, **parameters: float | str) -> FaultEvent:
    return FaultEvent(name, at_s, parameters)


WORN = fault("F01", d0=0.5, tau=3600.0)
HIGH_LOAD = fault("D01")

# By the page's name of a case: faults, minutes, and what has been answered in which way.
ANSWERS: dict[str, tuple[list[FaultEvent], int, dict[str, str]]] = {
    "F01": ([WORN], 32, {"pump-bearing-changeover": "COMPLETE"}),
    "F02": ([fault("F02")], 12, {"strainer-blocked": "COMPLETE"}),
    "F03": ([fault("F03", rf=5e-4)], 40, {"exchanger-fouling": "COMPLETE"}),
    "F04": ([fault("F04"), fault("D01", load=41.5)], 80, {"valve-stiction-test": "COMPLETE"}),
    "F05": ([fault("F05"), HIGH_LOAD], 25, {"temperature-valve-stuck": "COMPLETE"}),
    "F06": ([fault("F06")], 15, {"level-signal-lost": "COMPLETE"}),
    "F07": ([fault("F07")], 30, {"level-transmitter-check": "COMPLETE"}),
    "F08": ([fault("F08")], 40, {"product-temperature-check": "COMPLETE"}),
    "F08b": ([fault("F08b")], 50, {"product-temperature-check": "COMPLETE"}),
    "F09": ([fault("F09", leak=20.0)], 45, {"basin-low": "COMPLETE", "basin-leak": "COMPLETE"}),
    "F10": ([fault("F10")], 10, {"pump-tripped": "COMPLETE"}),
    "F10b": ([fault("F10b")], 10, {"pump-tripped": "COMPLETE"}),
    "F11": ([fault("F11")], 30, {"non-return-valve-passing": "COMPLETE"}),
    "F12": ([fault("F12")], 40, {"tower-fan": "COMPLETE"}),
    "F13": ([fault("F13"), fault("F09", leak=1.0)], 30, {"make-up-valve-stuck": "COMPLETE"}),
    "F14": ([fault("F14")], 30, {"impeller-worn": "COMPLETE"}),
    "F15": ([fault("F15", outage=900.0)], 20, {"pump-package-silent": "COMPLETE"}),
    "F16": ([fault("F16", 0.0), WORN], 32, {"pump-bearing-changeover": "ABORTED"}),
    "D01": ([HIGH_LOAD], 40, {}),
    "D02": ([fault("D02")], 40, {}),
}


@pytest.mark.soak
@pytest.mark.parametrize("name", ANSWERS)
async def test_a_fault_has_its_answer_beside_all_others(name: str, site: Site) -> None:
    faults, minutes, answers = ANSWERS[name]
    async with SteppedTrial.open(site, create, seed=1, faults=faults) as room:
        signs_at_s: dict[str, float] = {}
        while room.now_s < minutes * 60.0:
            await room.step(1.0)
            for each in room.waiting:
                asked = each.request.request_id
                if room.now_s >= signs_at_s.setdefault(asked, room.now_s + _SIGNS_AFTER_S):
                    signs_at_s[asked] += _SIGNS_AFTER_S
                    _sign(room, asked)
        runs = [(str(each.opening["playbook"]), each.state.value) for each in room.runs.values()]
        assert runs == [(f"cw/{playbook}", state) for playbook, state in answers.items()]


def _sign(room: SteppedTrial, request_id: str) -> None:
    try:
        room.people.decide("approve", request_id, "anna")
    except GuardrailError:  # its card shows a problem now, so anna tries again
        return


def _named(page: Path) -> dict[str, list[str]]:
    """Playbooks that a page names for each fault."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| ([^|]*) \|$", page.read_text("utf-8"), re.MULTILINE)
    return {name: re.findall(r"`(\w+/[\w-]+)`", told) for name, told in rows}


def test_the_page_of_disturbances_names_each_of_tep() -> None:
    named = _named(TEP_PAGE)
    assert named.keys() == set(IDV_OF_FAULT)
    assert [name for name in ("IDV3", "IDV9", "IDV15") if named[name]] == []
    for fault, answers in named.items():
        for each in answers:
            library, name = each.split("/")
            tests = (library_folder() / library / "tests" / f"{name}.yaml").read_text("utf-8")
            assert f"id: {fault}," in tests, (fault, each)


def test_the_page_of_faults_names_each_with_its_playbook() -> None:
    named = _named(PAGE)
    own = {name for name in FAULTS if not name.startswith("SENSOR-")}
    assert named.keys() == own == ANSWERS.keys()
    for name, (_, _, answers) in ANSWERS.items():
        assert named[name] == [f"cw/{each}" for each in answers], name
        assert all((library_folder() / f"{each}.yaml").is_file() for each in named[name])
