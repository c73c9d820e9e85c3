"""Models of a pool that fail in each way: the answer is as without them."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from handwheel.agents.answering.phrasing.site_model import NoWordModel, SiteModel
from handwheel.agents.planning.model.exchange import RawAnswer
from handwheel.agents.planning.model.pool import ModelPool
from handwheel.agents.planning.model.pooled_model import SELF_TEST
from handwheel.agents.planning.model.question import Question
from handwheel.connectors.model.language_models import Method
from handwheel.connectors.model.site import Site
from handwheel.hmi.ask.ask_site import ask_site

from ...planning.model.fake_models import FakeEndpoint, pooled
from ..known_site import KnownSite

TEXT = "why is LT-101 falling"
ORDER = json.dumps({"order": ["S2"]})


class _Slow(FakeEndpoint):
    async def ask(self, question: Question, method: Method) -> RawAnswer:
        if question is not SELF_TEST:
            await asyncio.sleep(60.0)
        return await super().ask(question, method)


FAILING: dict[str, tuple[Callable[[], Any], str]] = {
    "absent": (lambda: ImportError("no model"), "model a: ImportError: no model"),
    "slow": (lambda: _Slow(lambda _: ORDER), "model a: it took more than 0.2 s"),
    "empty": (lambda: FakeEndpoint(lambda _: ""), "model a: its answer is empty"),
    "cut off": (
        lambda: FakeEndpoint(lambda _: RawAnswer(ORDER, "length")),
        "model a: its answer was cut off",
    ),
    "nonsense": (
        lambda: FakeEndpoint(lambda _: "8e15"),
        "model a: its answer is outside the schema",
    ),
}


def _model(endpoint: Any) -> SiteModel:
    return SiteModel(ModelPool([pooled("a", endpoint, roles=["phrase"])]))


def _known(site: Site) -> KnownSite:
    return KnownSite(site, {"LT-101.pv": 60.0}, {"LT-101.pv": -0.5})


@pytest.mark.parametrize("how", FAILING)
@pytest.mark.parametrize("level", ["select", "phrase"])
def test_model_that_fails_changes_nothing_but_one_line(how: str, level: Any, site: Site) -> None:
    endpoint, fault = FAILING[how]
    usual = list(ask_site(TEXT, _known(site), "grammar", None).lines)
    with _model(endpoint()) as model:
        told = ask_site(TEXT, _known(site), level, model)
    assert list(told.lines) == usual
    assert told.fault == fault


def test_model_of_a_site_puts_sentences_into_order(site: Site) -> None:
    endpoint = FakeEndpoint(lambda _: ORDER)
    with _model(endpoint) as model:
        told = ask_site(TEXT, _known(site), "select", model)
    first, second, _, note, *_ = told.lines
    assert first.startswith("LT-101.pv was falling over the last 30 min [F5], by ")
    assert second == "No open case of the agents explains it."
    assert note.startswith("(Model a chose 2 of 3 sentences and their order; ")
    assert len(endpoint.asked) == 1


def test_site_without_such_a_model_says_so(site: Site) -> None:
    with pytest.raises(NoWordModel, match="no model b with the role phrase; models with it: none"):
        SiteModel.of(site, "b")
