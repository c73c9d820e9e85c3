"""A stepped room whose model fails in each way: the rules carry on, and people are told."""

import asyncio
from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import pytest

from handwheel.agents.planning.model.exchange import RawAnswer
from handwheel.agents.planning.model.pooled_model import SELF_TEST
from handwheel.agents.planning.model.question import Question
from handwheel.agents.planning.planner import PlanningCase
from handwheel.agents.planning.planners import Planners
from handwheel.connectors.model.language_models import Method
from handwheel.evaluation.trial import agents
from handwheel.hmi.cases.case_why import why_lines, why_steps

from ...testbed.stepped_agents import OUT_A, START_B, STOP_A, AgentsRoom
from .fake_models import FakeEndpoint, candidate, planners_with, pooled, said

CHANGEOVER = "cw/pump-bearing-changeover (P-101A, P-101B)"


def _ask(room: AgentsRoom, planners: Planners, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(agents, "planners_of", Mock(return_value=planners))


class _Killed(FakeEndpoint):
    async def ask(self, question: Question, method: Method) -> RawAnswer:
        if question is not SELF_TEST:
            raise ConnectionResetError("by peer")
        return await super().ask(question, method)


class _Slow(FakeEndpoint):
    async def ask(self, question: Question, method: Method) -> RawAnswer:
        if question is not SELF_TEST:
            await asyncio.sleep(60.0)
        return await super().ask(question, method)


def _never(_: Question) -> str:
    raise AssertionError("it is not asked")


FAILING: dict[str, tuple[Callable[[], Any], str]] = {
    "absent": (lambda: ImportError("no model"), "model a: ImportError: no model"),
    "killed": (lambda: _Killed(_never), "model a: ConnectionResetError: by peer"),
    "slow": (lambda: _Slow(_never), "model a: it took more than 0.2 s"),
    "empty": (lambda: FakeEndpoint(lambda _: ""), "model a: its answer is empty"),
    "cut off": (
        lambda: FakeEndpoint(lambda _: RawAnswer(said(CHANGEOVER), "length")),
        "model a: its answer was cut off",
    ),
    "nonsense": (
        lambda: FakeEndpoint(lambda _: "8e15"),
        "model a: its answer is outside the schema",
    ),
    "hijacked, another playbook": (
        lambda: FakeEndpoint(lambda _: said("cw/shutdown")),
        "model a: it chose 'cw/shutdown', which was not offered",
    ),
    "hijacked, other values": (
        lambda: FakeEndpoint(lambda _: said(CHANGEOVER, values={"vib_high": 8e15})),
        "model a: its value of vib_high is none that it may have",
    ),
}


@pytest.mark.parametrize("name", FAILING)
async def test_with_a_failing_model_the_rules_carry_on(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    create, fault = FAILING[name]
    _ask(idle, await planners_with(pooled("a", create())), monkeypatch)
    await idle.start_agents()
    await idle.reach_request(1)
    body = idle.case.judgement
    await idle.approved(1)
    await idle.approved(2)
    await idle.reach("COMPLETE")
    assert idle.frames == [START_B, STOP_A, OUT_A]  # as with the rules
    assert body["plan"]["problem"] == f"planner model: {fault}; the rules carry on"
    assert body["choice"] == CHANGEOVER
    proposer = idle.request(1).request.proposer
    assert (proposer.model, proposer.prompt_hash) == (None, None)
    told = "\n".join(why_lines(why_steps(idle.desk.database.find_rows(idle.case.case_id), {})))
    assert f"failed  planner model: {fault}; the rules carry on" in told


async def test_the_choice_of_a_model_is_named_in_request_case_and_journal(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = FakeEndpoint(lambda _: said(CHANGEOVER, "it shakes", values={"vib_high": 4.5}))
    _ask(idle, await planners_with(pooled("small", endpoint)), monkeypatch)
    await idle.start_agents()
    await idle.reach_request(1)
    request, body = idle.request(1).request, idle.case.judgement
    (asked, *_) = endpoint.asked
    assert (request.proposer.model, request.proposer.prompt_hash) == ("small", asked.sha256)
    words = "model small says, unverified: “it shakes”"
    assert request.reason.endswith(words)  # last, after what code has written
    assert (body["reason"], body["plan"]["author"]) == (words, "model small")
    exchange = body["plan"]["exchange"]
    assert exchange["prompt"].endswith(asked.text)
    assert exchange["asked"][0]["answer"] == said(CHANGEOVER, "it shakes", values={"vib_high": 4.5})
    assert idle.run.opening["given"] == {"vib_high": "4.5 mm/s"}


async def test_a_model_that_chooses_none_leaves_a_case_to_people(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = FakeEndpoint(lambda _: said("none", "nothing fits"))
    _ask(idle, await planners_with(pooled("small", endpoint)), monkeypatch)
    await idle.start_agents()
    for _ in range(120):
        await idle.scan()
        if endpoint.asked and idle.case.judgement:
            break
    assert (idle.case.judgement["choice"], idle.requests()) == ("", [])
    assert idle.case.judgement["reason"] == "model small says, unverified: “nothing fits”"


def _saying(text: str) -> FakeEndpoint:
    return FakeEndpoint(lambda _: text)


async def test_a_model_decides_nothing_against_a_named_fault() -> None:
    hypotheses = [{"id": "worn A", "title": "Worn", "total_db": 12.0, "evidence": ()}]
    ranking = {"named": ["worn A"], "hypotheses": hypotheses}
    own, other = candidate("own", answers=["worn A"]), candidate("other", answers=["plugged"])
    case = PlanningCase("C-1", "", (), (other, own), ranking)
    for said_of_it, fault in (
        (
            said("none", "nobody is home"),
            "it chose none of the candidates, though a fault is named",
        ),
        (said("other"), "model small: it chose 'other', which was not offered"),
    ):
        planners = await planners_with(pooled("small", _saying(said_of_it)))
        plan = await planners.plan(case, None)
        assert (plan.candidate, plan.author) == ("own", "rules")
        assert plan.problem.startswith(f"planner model: {fault}")


async def test_a_case_without_a_choice_is_not_put_to_a_model() -> None:
    endpoint = FakeEndpoint(_never)
    planners = await planners_with(pooled("small", endpoint))
    shut = candidate("shut", code="permissive", reason="no water")
    plan = await planners.plan(PlanningCase("C-1", "", (), (shut,)), None)
    assert (plan.kind, plan.because, plan.problem) == ("abstain", "no water", "")
    assert endpoint.asked == []
