"""Models of a pool that fail in each way, each told in one line."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from handwheel.agents.planning.model.exchange import NoAnswer, RawAnswer
from handwheel.agents.planning.model.pool import ModelPool
from handwheel.agents.planning.model.pooled_model import SELF_TEST
from handwheel.agents.planning.model.question import Question
from handwheel.agents.questions.model import answer_freely
from handwheel.agents.questions.site_model import NoWordModel, SiteModel
from handwheel.connectors.model.language_models import Method
from handwheel.connectors.model.site import Site

from ..planning.model.fake_models import FakeEndpoint, pooled
from .known_site import KnownSite

ORDERS = json.dumps({"questions": [{"question": "orders", "parameters": []}]})


class _Slow(FakeEndpoint):
    async def ask(self, question: Question, method: Method) -> RawAnswer:
        if question is not SELF_TEST:
            await asyncio.sleep(60.0)
        return await super().ask(question, method)


FAILING: dict[str, tuple[Callable[[], Any], str]] = {
    "absent": (lambda: ImportError("no model"), "model a: ImportError: no model"),
    "slow": (lambda: _Slow(lambda _: ORDERS), "model a: it took more than 0.2 s"),
    "empty": (lambda: FakeEndpoint(lambda _: ""), "model a: its answer is empty"),
    "cut off": (
        lambda: FakeEndpoint(lambda _: RawAnswer(ORDERS, "length")),
        "model a: its answer was cut off",
    ),
    "nonsense": (
        lambda: FakeEndpoint(lambda _: "8e15"),
        "model a: its answer is outside the schema",
    ),
}


def _model(endpoint: Any) -> SiteModel:
    return SiteModel(ModelPool([pooled("a", endpoint, roles=["phrase"])]))


@pytest.mark.parametrize("how", FAILING)
def test_model_that_fails_gives_no_answer_and_one_line(how: str, site: Site) -> None:
    endpoint, fault = FAILING[how]
    with _model(endpoint()) as model, pytest.raises(NoAnswer) as raised:
        answer_freely("anything to do", KnownSite.of(site), model)
    assert str(raised.value) == fault


def test_model_of_a_site_answers_in_two_calls(site: Site) -> None:
    said = [ORDERS, json.dumps({"sentences": ["W-G6H2RQ43 is due on 2026-12-01 [F1]."]})]
    endpoint = FakeEndpoint(lambda _: said[min(len(endpoint.asked) - 1, 1)])
    with _model(endpoint) as model:
        found = answer_freely("anything to do", KnownSite.of(site), model)
    assert (found.model, found.sentences) == ("a", ["W-G6H2RQ43 is due on 2026-12-01 [F1]."])
    assert len(endpoint.asked) == 2


def test_site_without_such_a_model_says_so(site: Site) -> None:
    with pytest.raises(NoWordModel, match="no model b with the role phrase; models with it: none"):
        SiteModel.of(site, "b")
