"""Models that answer as a test wants, and a case for them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from handwheel.agents.planning.model.exchange import RawAnswer
from handwheel.agents.planning.model.model_planner import ModelPlanner
from handwheel.agents.planning.model.pool import ModelPool
from handwheel.agents.planning.model.pooled_model import SELF_TEST, PooledModel
from handwheel.agents.planning.model.question import NONE, Question
from handwheel.agents.planning.planner import PlanningCase
from handwheel.agents.planning.planners import Planners
from handwheel.connectors.model.language_models import LocalModel, Method

Answer = Callable[[Question], RawAnswer | str]

CUT = {
    "name": "cut", "type": "quantity", "default": "30 %", "unit": "%", "low": "10 %",
    "high": "30 %",
}  # fmt: skip


def candidate(name: str, **fields: object) -> dict[str, object]:
    own = {"name": name, "playbook": name, "title": f"Title of {name}", "code": "", "reason": ""}
    return {**own, "answers": [], "risk": "R2", "adjusted": [], **fields}


FREE, SECOND = candidate("first"), candidate("second", adjusted=[CUT])
SHUT = candidate("shut", code="permissive", reason="no water")
CASE = PlanningCase("C-1", "", ({"id": "alarm A-1"},), (FREE, SECOND, SHUT))


def said(choice: str, because: str = "it fits", **more: object) -> str:
    return json.dumps({"answer": {"choice": choice, "because": because, **more}})


class FakeEndpoint:
    """Endpoint that passes the self-test by one method, and answers what a test wants."""

    def __init__(self, answer: Answer, methods: tuple[Method, ...] = ("json_schema",)) -> None:
        self._answer, self.methods = answer, methods
        self.asked: list[Question] = []

    async def ask(self, question: Question, method: Method) -> RawAnswer:
        if question is SELF_TEST:
            return RawAnswer(said(NONE), "stop", 20, 10)
        self.asked.append(question)
        found = self._answer(question)
        return found if isinstance(found, RawAnswer) else RawAnswer(found, "stop", 100, 20)

    async def close(self) -> None:
        await asyncio.sleep(0)


def pooled(name: str, endpoint: Any, **fields: Any) -> PooledModel:
    """A model of a pool whose endpoint is given, or raised if it is an error."""
    spec = LocalModel.model_validate(
        {"name": name, "kind": "llama", "file": "x.gguf", "within": "200 ms", **fields}
    )

    def open_it() -> Any:
        if isinstance(endpoint, Exception):
            raise endpoint
        return endpoint

    return PooledModel(spec, open_it)


async def planners_with(*models: PooledModel) -> Planners:
    """The planner of a site with these models, tested already in the loop that asks them."""
    pool = ModelPool(models)
    planners = Planners("model", models=ModelPlanner(pool))
    tests = asyncio.run_coroutine_threadsafe(pool.start(), planners.started_loop())
    await asyncio.wrap_future(tests)
    return planners
