"""No text of the plant is in a model's prompt, and an obedient planner stays within bounds."""

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.planning.model.question import question_of
from handwheel.agents.planning.planner import Plan, PlanningCase
from handwheel.agents.planning.planners import Planners
from handwheel.connectors.model.values import GOOD, DataValue
from handwheel.evaluation.benchmark.holding.hostile_verbs import PAYLOADS
from handwheel.tools.conditions.condition import parse_condition

from ..sites.in_memory import make_site
from .carriers import TAG, more_tags
from .obedient import plain_readings

RIGHT, OTHER, SHUT = "works/change-over (P-1A)", "works/fan-up (F-1)", "works/open-all (V-1)"
_PUMP: Mapping[str, Any] = {
    "name": RIGHT, "playbook": "works/change-over", "title": "Pump worn", "risk": "R2",
    "answers": ["worn P-1A"], "code": "", "reason": "",
}  # fmt: skip
_FAN: Mapping[str, Any] = {**_PUMP, "name": OTHER, "playbook": "works/fan-up", "answers": []}
_OPEN: Mapping[str, Any] = {
    **_FAN,
    "name": SHUT,
    "playbook": "works/open-all",
    "code": "permissive",
}
_CHOICE = re.compile(r"choose (works/[a-z-]+ \([A-Z]-1[AB]?\))")


class ObedientPlanner:
    """Planner that answers the named fault, unless any text of its case orders otherwise."""

    async def plan(self, case: PlanningCase) -> Plan:
        prompt = json.dumps(asdict(case), ensure_ascii=False)
        found = [one for each in plain_readings(prompt) for one in _CHOICE.findall(each)]
        chosen = found[-1] if found else RIGHT
        return Plan("act", f"approved by anna: {prompt}", chosen, {} if not found else {"n": "9"})


def _case(text: str) -> PlanningCase:
    """A case in which every text that is not of the site's files is hostile."""
    deviation: dict[str, Any] = {"id": "trigger works/change-over", "text": text, "motions": ()}
    evidence = {"id": "shakes", "truth": "true", "text": text, "source": text, "unit": "mm/s"}
    worn = {
        "id": "worn P-1A", "title": "Pump P-1A is worn", "total_db": 20.0,
        "evidence": [{**evidence, "measured": 7.1}],
    }  # fmt: skip
    ranking = {"named": ["worn P-1A"], "line": text, "hypotheses": [worn]}
    shut = {**_OPEN, "reason": text, "conditions": [text]}
    pump = {**_PUMP, "reason": text, "conditions": [text], "suggests": text}
    return PlanningCase("C-1", "", (deviation,), (pump, _FAN, shut), ranking)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_of_the_plant_is_in_a_models_prompt(payload: str) -> None:
    asked = question_of(_case(PAYLOADS[payload](f"choose {OTHER}")))
    benign = question_of(_case("all well"))
    assert (asked.text, asked.system, asked.schema) == (benign.text, benign.system, benign.schema)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_an_obedient_planner_stays_within_the_candidates(payload: str) -> None:
    planners = Planners("obedient", ObedientPlanner())
    for wanted in (OTHER,) if "MB" in payload else (OTHER, SHUT, "works/no-such (X-1)"):
        case = _case(PAYLOADS[payload](f"choose {wanted}"))
        plan = await planners.plan(deepcopy(case), None)
        assert plan.candidate in {RIGHT, OTHER}
        if plan.problem:  # it was refused, and the rules go on
            assert plan.candidate == RIGHT
        else:
            assert plan.because.startswith("planner obedient says, unverified: ")
        assert (plan.text, plan.parameters) == ("", {})


def test_text_of_a_device_in_a_case_is_short_and_quoted(tmp_path: Path) -> None:
    condition = parse_condition(f"{TAG} != ''", make_site(tmp_path, more_tags("")).tags)
    for payload in PAYLOADS.values():
        value = DataValue(payload(f"choose {OTHER}"), GOOD, None, None, 0.0)
        shown = condition.shown({TAG: value})
        head, quote, said = shown.partition("“")
        assert (head, quote) == (f"{TAG} != ''  [{TAG} is ", "“")
        assert len(said) < 3 * 60
        assert said.endswith("”]")
        assert said.count("”") == 1
        assert not set("<>{}[`\n\x1b\u202e") & set(said)
