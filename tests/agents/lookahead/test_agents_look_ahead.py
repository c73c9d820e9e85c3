"""Agents that look ahead, whose twin forbids only what it is trusted to."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.lookahead.trust import LEAST_CHECKS
from handwheel.agents.lookahead.twin import Course, Move
from handwheel.hmi.cases.case_why import why_lines, why_steps

from ...playbooks.sample_playbook import loaded
from ..testbed.stepped_agents import AgentsRoom
from .lines import PRESSURE, LineTwin, RaisingTwin, own

CHANGEOVER = "cw/pump-bearing-changeover"
LESS_LOAD = """\
schema: playbook/1
id: cw/less-load
version: 1.0.0
title: Take load off
plant: cw-100
owner: operations
style: computer-assisted
trigger: {any: [{alarm: VAH-101A}], rearm: "not VAH-101A.active"}
concurrency: {key: [PUMPS-101], policy: reject}
diagnosis: {for: [{id: high, that: "VT-101A.pv > 3 mm/s"}]}
invariants: [{that: "PT-102.pv > 280 kPa", grace: 5 s, on_violation: hold}]
approval: {role: operator, within: 15 min, on_timeout: hold}
steps: [{id: less, write: {FIC-201.sp: 50 m3/h}}]
limits: {max_writes: 1, max_duration: 30 min}
"""


class _NoStart(LineTwin):
    """Twin in which only the start of a pump costs pressure."""

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        starts = [each for each in moves if each.tag == "P-101B.run_cmd"]
        return super().predict(state, starts, horizon_s)


async def _judged(room: AgentsRoom, twin: SiteTwin, residual: float | None) -> Mapping[str, Any]:
    """The judgement of the case with this twin."""
    room.twin = twin
    await room.start_agents()
    ahead = room.stepped_agents.look_ahead
    assert ahead is not None
    if residual is not None:
        for _ in range(LEAST_CHECKS):
            ahead.trust.note({PRESSURE: residual}, 0.0)
    await room.until(room.cases, "a case")
    await room.scan(15)
    return room.case.judgement


def _why(room: AgentsRoom) -> str:
    rows = room.desk.database.find_rows(room.case.case_id)
    return "\n".join(why_lines(why_steps(rows, {})))


async def test_what_a_trusted_twin_forbids_is_not_filed_and_told_once(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("handwheel.agents.cases.case_memory._FORBIDDEN_S", 30.0)
    judgement = await _judged(idle, own(LineTwin(jump=-90.0)), 0.01)
    assert (idle.runs(), idle.requests()) == ([], [])
    (candidate,) = judgement["candidates"]
    assert candidate["code"] == "twin"
    assert candidate["reason"].startswith("the twin line foretells that it breaks PT-102.pv > ")
    assert judgement["reason"] == candidate["reason"]
    assert len(idle.judged()) == 1
    assert "trusted, its error was 1 % of the range (limit 3 %)" in _why(idle)
    # It is asked again after a while, and is not trusted then.
    ahead = idle.stepped_agents.look_ahead
    assert ahead is not None
    ahead.trust.forget()
    await idle.scan(30)
    assert len(idle.requests()) == 1


async def test_the_next_candidate_is_tried_where_the_twin_forbids_one(idle: AgentsRoom) -> None:
    idle.library = [*idle.library, loaded(idle.site.state, LESS_LOAD)]
    judgement = await _judged(idle, own(_NoStart(jump=-90.0)), 0.01)
    assert judgement["choice"] == "cw/less-load"
    codes = {each["playbook"]: each["code"] for each in judgement["candidates"]}
    assert codes[CHANGEOVER] == "twin"
    assert [each["forbids"] for each in judgement["predictions"]] == [True, False]


@pytest.mark.parametrize("residual", [None, 0.04])
async def test_an_untrusted_twin_changes_only_the_text(
    idle: AgentsRoom, residual: float | None
) -> None:
    judgement = await _judged(idle, own(LineTwin(jump=-90.0)), residual)
    assert len(idle.requests()) == 1
    (found,) = judgement["predictions"]
    assert (found["is_trusted"], found["forbids"]) == (False, False)
    assert min(each["with_plan"] for each in found["margins"] if each["unit"] == "kPa") < 0.0
    assert "not trusted, " in _why(idle)


async def test_a_twin_that_raises_costs_only_its_prediction(idle: AgentsRoom) -> None:
    judgement = await _judged(idle, own(RaisingTwin()), 0.01)
    assert len(idle.requests()) == 1
    assert "line: ZeroDivisionError" in judgement["predictions"][0]["problem"]
    assert "not foretold  cw/pump-bearing-changeover" in _why(idle)
