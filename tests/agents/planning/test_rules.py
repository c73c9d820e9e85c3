"""Choice among candidates by rules, and the time that a deviation leaves."""

from unittest.mock import Mock

import pytest

from handwheel.agents.cases.reask import MOST_REPLANS, after_pause, once_steady
from handwheel.agents.deviations.case import Case
from handwheel.agents.deviations.deviation import motions
from handwheel.agents.diagnosis.windows import Windows
from handwheel.agents.planning.candidates import Candidate
from handwheel.agents.planning.planner import Plan, PlanningCase
from handwheel.agents.planning.rules import choose
from handwheel.connectors.model.tags import NodeAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.tools.requests.timestamps import parse_stamp

NAMED: dict[str, object] = {
    "named": ["bearing-worn P-101A"],
    "line": "A bearing of P-101A is worn, 99 % probable",
    "hypotheses": [{"id": "bearing-worn P-101A", "title": "A bearing of P-101A is worn"}],
}  # fmt: skip


def _candidate(name: str, *answers: str, code: str = "") -> dict[str, object]:
    return {"name": name, "code": code, "reason": f"no {name}", "answers": list(answers)}


def _choose(candidates: list[dict[str, object]], ranking: dict[str, object]) -> Plan:
    return choose(PlanningCase("C-1", "", (), candidates, ranking))


OWN = _candidate("changeover", "bearing-worn P-101A")
NEUTRAL, OTHER = _candidate("load-cut"), _candidate("strainer", "strainer-plugged")


def test_the_playbook_of_the_named_fault_goes_first() -> None:
    found = _choose([OTHER, NEUTRAL, OWN], NAMED)
    assert (found.kind, found.candidate) == ("act", "changeover")
    assert found.because.startswith("A bearing of P-101A is worn; ")
    (passed,) = found.passed_over
    assert passed["name"] == "strainer"
    assert "it answers another fault (strainer-plugged)" in passed["reason"]


def test_a_candidate_for_another_fault_is_never_the_second_choice() -> None:
    blocked = _candidate("changeover", "bearing-worn P-101A", code="permissive")
    assert _choose([OTHER, blocked, NEUTRAL], NAMED).candidate == "load-cut"
    found = _choose([OTHER, blocked], NAMED)
    assert (found.kind, found.candidate) == ("abstain", "")
    assert "strainer: it answers another fault" in found.because
    assert "changeover: no changeover" in found.because


def test_without_a_named_fault_the_first_free_candidate_is_chosen() -> None:
    assert _choose([OTHER, NEUTRAL], {}).candidate == "strainer"
    assert _choose([], {"line": "A or B; to decide: look"}).because == "A or B; to decide: look"
    assert _choose([], NAMED).because.endswith("; no playbook answers it")


def test_people_decide_after_three_replans() -> None:
    at = "2026-11-25T08:00:00.000Z"
    case = Case(
        "C-1", returned={"run_id": "U-4", "state": "STOPPED", "reason": "rejected by anna"},
        returned_at=at, failures=MOST_REPLANS + 1,
    )  # fmt: skip
    free = Candidate(Mock(), Mock())
    later = parse_stamp("2026-11-26T08:00:00.000Z")
    (found,) = after_pause(case, [free], later, 0.0, {})
    assert found.code == "people"
    assert "4 runs of it were rejected, stopped or aborted, the last one U-4" in found.reason


def test_evidence_without_a_trigger_must_last() -> None:
    free_since_s: dict[str, float] = {}
    plan = Mock(id="cw/one", roles={}, given={})
    free, shut = Candidate(plan, Mock()), Candidate(plan, Mock(), "evidence")

    def code(candidate: Candidate, now_s: float, *wanted: str) -> str:
        (found,) = once_steady([candidate], wanted, now_s, free_since_s)
        return found.code

    assert code(free, 0.0, "cw/one") == ""
    assert [code(free, 0.0), code(free, 9.0), code(free, 10.0)] == ["steady", "steady", ""]
    assert [code(shut, 11.0), code(free, 12.0), code(free, 21.0)] == [
        "evidence", "steady", "steady",
    ]  # fmt: skip


def test_a_tag_that_rises_tells_when_it_reaches_its_next_limit() -> None:
    tag = Tag(
        "VT.pv", "dcs", "float", NodeAddress("x"), "mm/s", alarm=(None, 5.0), trip=(None, 8.0)
    )
    windows = Windows([tag.name])
    for second in range(1900):  # 2 mm/s at the end, 6 mm/s/h, with a ripple
        value = 2.0 + (second - 1900) * 6.0 / 3600.0 + (0.02 if second // 10 % 2 else -0.02)
        windows.observe({tag.name: DataValue(value, GOOD, None, None, 0.0)}, float(second))
    (found,) = motions([tag.name], {tag.name: tag}, windows)
    assert (found.limit, found.kind) == (5.0, "alarm")
    assert found.per_h == pytest.approx(6.0, rel=0.02)
    expected, earliest, latest = found.in_min
    assert earliest < expected < latest
    assert expected == pytest.approx(30.5, abs=1.0)
    assert found.trip_min == pytest.approx(60.5, abs=2.0)
