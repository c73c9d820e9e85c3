"""Pool of models: health, budgets, order, and what is kept."""

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.planning.model import pooled_model
from handwheel.agents.planning.model.answer import ModelChoice, checked_choice
from handwheel.agents.planning.model.exchange import NoAnswer, RawAnswer
from handwheel.agents.planning.model.pool import ModelPool, UsageFile
from handwheel.agents.planning.model.pooled_model import PooledModel
from handwheel.agents.planning.model.question import Question, question_of
from handwheel.connectors.model.language_models import Method

from .fake_models import CASE, FakeEndpoint, pooled, said

QUESTION = question_of(CASE)
CHECK = partial(checked_choice, question=QUESTION)


async def ask(pool: ModelPool) -> ModelChoice:
    return (await pool.ask("plan", QUESTION, CHECK))[0]


async def fault_of(model: PooledModel) -> str:
    with pytest.raises(NoAnswer) as error:
        await ask(ModelPool([model]))
    return str(error.value)


def _empty(_: Question) -> str:
    return ""


async def test_the_next_model_answers_for_one_that_does_not() -> None:
    first = pooled("a", FakeEndpoint(_empty))
    second = pooled("b", FakeEndpoint(lambda _: said("second")))
    phrasing = pooled("c", FakeEndpoint(lambda _: said("first")), roles=["phrase"])
    pool = ModelPool([phrasing, first, second])
    await pool.start()
    choice, exchanges = await pool.ask("plan", QUESTION, CHECK)
    assert choice.candidate == "second"
    told = [(each.model, each.fault) for each in exchanges]
    assert told == [("a", "its answer is empty"), ("b", "")]
    assert (exchanges[1].prompt_tokens, exchanges[1].answer_tokens) == (100, 20)


async def test_a_model_is_down_after_two_wrong_answers_and_is_tested_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers = ["", "", said("first")]
    endpoint = FakeEndpoint(lambda _: answers.pop(0))
    model = pooled("a", endpoint)
    await model.start()
    for _ in range(2):
        assert await fault_of(model) == "model a: its answer is empty"
    assert "model a: is down: its answer is empty; it is tested again in 5 min" in caplog.text
    assert await fault_of(model) == "model a: its answer is empty"
    assert len(endpoint.asked) == 2
    monkeypatch.setattr(pooled_model, "monotonic", lambda: 1e9)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        assert (await fault_of(model)).endswith("it is being tested")  # no case waits for it
        await model.start()  # after that test, since it asks one question at a time
    assert "model a: is back, by json_schema" in caplog.text
    assert (await ask(ModelPool([model]))).candidate == "first"


class _Picky(FakeEndpoint):
    """Provider that answers 500 to one method, `None` to the next, and then as asked for."""

    async def ask(self, question: Question, method: Method) -> RawAnswer:
        if method == "json_schema":
            raise RuntimeError("Error code: 500")
        if method == "function_calling":
            return RawAnswer("null")
        return await super().ask(question, method)


async def test_a_self_test_finds_the_method_that_works() -> None:
    every: tuple[Method, ...] = ("json_schema", "function_calling", "json_mode")
    model = pooled("a", _Picky(_empty, every))
    await model.start()
    assert model.method == "json_mode"
    model = pooled("a", _Picky(_empty, every[:2]))
    await model.start()
    told = "json_schema: RuntimeError: Error code: 500; function_calling: its answer is outside the"
    assert model.fault.startswith(told)


async def test_a_model_that_is_absent_is_down_and_no_case_waits() -> None:
    model = pooled("a", ImportError("no langchain"))
    assert (await fault_of(model)) == "model a: it was not tested yet; it is being tested"
    await model.start()
    assert await fault_of(model) == "model a: ImportError: no langchain"


async def test_an_answer_that_was_cut_off_or_is_late_is_a_failure() -> None:
    cut = pooled("a", FakeEndpoint(lambda _: RawAnswer(said("first"), "length")))
    await cut.start()
    assert await fault_of(cut) == "model a: its answer was cut off"

    class _Slow(FakeEndpoint):
        async def ask(self, question: Question, method: Method) -> RawAnswer:
            found = await super().ask(question, method)
            await asyncio.sleep(60.0 if self.asked else 0.0)
            return found

    slow = pooled("a", _Slow(lambda _: said("first")))
    await slow.start()
    assert await fault_of(slow) == "model a: it took more than 0.2 s"
    assert slow.method == ""  # it is down at once, so that no other case waits as long


@pytest.mark.parametrize(
    ("budget", "spent"), [({"calls": 3}, "3 calls"), ({"tokens": 200}, "200 tokens")]
)
async def test_a_spent_budget_leaves_the_model_alone(
    budget: dict[str, int], spent: str, tmp_path: Path
) -> None:
    model = pooled("a", FakeEndpoint(lambda _: said("first")), budget=budget)
    usage = UsageFile(tmp_path)
    model.on_change = lambda: usage.write([model])
    await model.start()
    for _ in range(2):
        await ask(ModelPool([model]))
    fault = await fault_of(model)
    assert fault.startswith(f"model a: its {spent} of an hour are spent; in ")
    assert model.method  # it is not down
    kept: Any = usage.content()["models"]["a"]
    assert (kept["method"], len(kept["calls"])) == ("json_schema", 3)
    assert len(usage.read()["a"]) == 3
    again = PooledModel(model.spec, lambda: FakeEndpoint(_empty), usage.read()["a"])
    await again.start()
    assert (await fault_of(again)).startswith(f"model a: its {spent}")


@pytest.mark.parametrize("content", ["", "[]", '{"schema": "models/1", "models": {"a": 1}}'])
def test_a_damaged_file_of_usage_begins_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / "models.json").write_text(content)
    assert UsageFile(tmp_path).read() == {}
