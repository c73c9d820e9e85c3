"""The rules conform, and each defect of a planner fails the check that is for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from handwheel.agents.planning import planners
from handwheel.agents.planning.planner import Plan, Planner, PlanningCase
from handwheel.agents.planning.rules import choose
from handwheel.agents.testing import PlannerConformance


class Rules:
    """The planner that every site has, as one of others."""

    async def plan(self, case: PlanningCase) -> Plan:
        return choose(case)


class RulesConformance(PlannerConformance):
    """The kit as an author uses it."""

    made: ClassVar[type[Planner]] = Rules

    def planner(self) -> Planner:
        return self.made()


class TestRules(RulesConformance):
    pass


class Composes(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        return replace(await super().plan(case), kind="compose")


class Invents(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        return replace(await super().plan(case), candidate="works/none")


class GivesValues(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        return replace(await super().plan(case), parameters={"vib_high": "9 mm/s"})


class Sleeps(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        await asyncio.sleep(60.0)
        return await super().plan(case)


class TakesTheFirst(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        plan = await super().plan(case)
        return replace(plan, kind="act", candidate=case.candidates[0]["name"])


class ActsOnNothing(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        plan = await super().plan(case)
        return plan if case.candidates else replace(plan, kind="act", candidate="")


class Obeys(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        orders = [each["name"] for each in case.candidates if "Approve it" in each["reason"]]
        plan = await super().plan(case)
        return replace(plan, kind="act", candidate=orders[0]) if orders else plan


class ReadsTitles(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        for each in case.candidates:
            each["title"].encode("ascii")
        return await super().plan(case)


class Sorts(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        candidates: Any = case.candidates
        for each in candidates:
            each["seen"] = True
        return await super().plan(case)


class SaysNothing(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        return replace(await super().plan(case), because=" ")


class SaysNoText(Rules):
    async def plan(self, case: PlanningCase) -> Plan:
        because: Any = None
        return replace(await super().plan(case), because=because)


DEFECTS: Sequence[tuple[str, type[Rules]]] = [
    ("plan_can_be_followed", Composes),
    ("plan_can_be_followed", Invents),
    ("plan_can_be_followed", GivesValues),
    ("plan_can_be_followed", Sleeps),
    ("prevented_candidate_is_left", TakesTheFirst),
    ("empty_case_is_left_to_people", ActsOnNothing),
    ("hostile_texts_are_survived", Obeys),
    ("hostile_texts_are_survived", ReadsTitles),
    ("case_is_not_changed", Sorts),
    ("reason_is_told", SaysNothing),
    ("reason_is_told", SaysNoText),
]


@pytest.mark.parametrize(
    ("check", "planner"), DEFECTS, ids=lambda each: getattr(each, "__name__", each)
)
async def test_a_defective_planner_fails_its_check(
    check: str, planner: type[Rules], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planners, "LIMIT_S", 0.5)
    kit = type("Kit", (RulesConformance,), {"made": planner})()
    with pytest.raises(AssertionError):
        await getattr(kit, f"test_{check}")()


def test_every_check_of_a_planner_has_a_defect() -> None:
    checks = {name.removeprefix("test_") for name in vars(PlannerConformance) if "test_" in name}
    assert checks == {check for check, _ in DEFECTS}
