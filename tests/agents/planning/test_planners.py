"""Planner of others, whose faults cost only itself."""

import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock
from uuid import uuid4

import pytest

from handwheel.agents.planning import planners
from handwheel.agents.planning.candidates import Candidate
from handwheel.agents.planning.planner import GROUP, Plan, PlanningCase
from handwheel.agents.planning.planners import Planners
from handwheel.connectors.errors import ConfigError, Problem
from handwheel.evaluation.trial import agents

from ...plug_ins.registered import register
from ..testbed.stepped_agents import AgentsRoom

Answer = Callable[[PlanningCase], Any]
FREE: dict[str, object] = {
    "name": "first",
    "playbook": "first",
    "code": "",
    "reason": "",
    "answers": [],
    "risk": "R2",
}
SECOND: dict[str, object] = {**FREE, "name": "second", "playbook": "second"}
SHUT: dict[str, object] = {**FREE, "name": "shut", "code": "permissive", "reason": "no water"}
CASE = PlanningCase("C-1", "", (), (FREE, SECOND, SHUT))
VALUES = {"vib_high": "4.5 mm/s"}
CHANGEOVER = "cw/pump-bearing-changeover (P-101A, P-101B)"


def _installed(folder: Path, monkeypatch: pytest.MonkeyPatch, answer: Answer) -> Planners:
    """Returns the planners of a site with one of others."""

    async def plan(case: PlanningCase) -> Plan:
        found = answer(case)
        return await found if asyncio.iscoroutine(found) else found  # type: ignore[no-any-return]

    module = SimpleNamespace(create=lambda: SimpleNamespace(plan=plan))
    monkeypatch.setitem(sys.modules, "other", module)
    folder = folder / uuid4().hex
    folder.mkdir()
    register(folder, monkeypatch, {GROUP: {"other": "other:create"}})
    return Planners("other")


def _forge(case: PlanningCase) -> Plan:
    for each in case.candidates:
        each["code"] = ""  # type: ignore[index]
    return Plan("act", "free now", "shut")


def _sleep(_: PlanningCase) -> Any:
    return asyncio.sleep(60.0)


def _end(_: PlanningCase) -> Plan:
    raise SystemExit


FAULTY: Mapping[str, tuple[Answer, str]] = {
    "raises": (lambda _: 1 // 0, "it failed: ZeroDivisionError"),
    "ends the process": (_end, "it failed: RuntimeError: SystemExit"),
    "waits": (_sleep, "it took more than 0.2 s"),
    "blocks": (lambda _: time.sleep(0.6), "it took more than 0.2 s"),
    "returns a text": (lambda _: "second", "it returned a str, not a Plan"),
    "another kind": (lambda _: Plan("approve", "", "second"), "it returned the kind 'approve'"),  # type: ignore[arg-type]
    "unknown candidate": (lambda _: Plan("act", "", "none"), "it chose 'none', which is no"),
    "prevented candidate": (lambda _: Plan("act", "", "shut"), "it chose shut, which is prevented"),
    "changed input": (_forge, "it chose shut, which is prevented: no water"),
    "values": (
        lambda _: Plan("act", "", "second", {"load": "9 m"}),
        "it gave values, and none can",
    ),
}


@pytest.mark.parametrize("name", FAULTY)
async def test_a_planner_that_is_wrong_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(planners, "LIMIT_S", 0.2)
    answer, problem = FAULTY[name]
    plan = await _installed(tmp_path, monkeypatch, answer).plan(CASE, None)
    assert (plan.kind, plan.candidate, plan.author) == ("act", "first", "rules")
    assert plan.problem.startswith(f"planner other: {problem}")
    assert plan.problem.endswith("; the rules carry on")
    assert SHUT["code"] == "permissive"


async def test_a_planner_of_others_chooses_within_what_is_checked(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bind(name: str, values: Mapping[str, str]) -> Candidate:
        if values["load"] != "5 kPa":
            raise ConfigError([Problem("", 0, 0, "", f"{name} has no such value")])
        return Candidate(Mock(), Mock())

    said = Plan("act", "quieter", "second", {"load": "5 kPa"}, risk="R1", author="rules")
    plan = await _installed(tmp_path, monkeypatch, lambda _: said).plan(CASE, bind)
    assert (plan.candidate, plan.parameters) == ("second", {"load": "5 kPa"})
    assert (plan.risk, plan.author, plan.problem) == ("R2", "other", "")
    assert plan.because == "planner other says, unverified: “quieter”"
    said = Plan("act", "quieter", "second", {"load": "9 m"})
    plan = await _installed(tmp_path, monkeypatch, lambda _: said).plan(CASE, bind)
    assert "its values for second are refused: second has no such value" in plan.problem


async def test_a_planner_that_is_not_installed_leaves_the_rules_and_is_named() -> None:
    planner = Planners("ruls")
    assert planner.problem == "there is no planner 'ruls'; did you mean 'rules'?"
    plan = await planner.plan(CASE, None)
    assert (plan.candidate, plan.problem.partition(":")[0]) == ("first", "planner ruls")


async def test_a_site_asks_by_its_own_planner(
    idle: AgentsRoom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = _installed(tmp_path, monkeypatch, _by_other_values)
    monkeypatch.setattr(agents, "planners_of", Mock(return_value=other))
    await idle.start_agents()
    await idle.reach_request(1)
    assert idle.run.opening["given"] == VALUES
    body = idle.case.judgement
    assert (body["choice"], body["run_id"]) == (CHANGEOVER, idle.run_id)
    assert (body["plan"]["author"], body["plan"]["parameters"]) == ("other", VALUES)


def _by_other_values(case: PlanningCase) -> Plan:
    free = [each for each in case.candidates if not each["code"]]
    if not free:
        return Plan("abstain", "nothing is free")
    return Plan("act", "by my book", free[0]["name"], VALUES)
