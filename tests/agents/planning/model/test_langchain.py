"""Chat model of LangChain on a server that answers as some providers do, over real sockets."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from handwheel.agents.planning.model.answer import checked_choice
from handwheel.agents.planning.model.exchange import NoAnswer
from handwheel.agents.planning.model.pool import ModelPool, open_endpoint
from handwheel.agents.planning.model.pooled_model import PooledModel
from handwheel.agents.planning.model.question import question_of
from handwheel.connectors.model.language_models import ChatModel

from .fake_models import CASE, said

QUESTION = question_of(CASE)
CHECK = partial(checked_choice, question=QUESTION)
Reply = dict[str, Any]
pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")


def _reply(message: Reply, finish: str = "stop") -> Reply:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 90, "completion_tokens": 12, "total_tokens": 102}
    return {
        "id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice],
        "usage": usage,
    }  # fmt: skip


def _called(answer: str) -> Reply:
    call = {"id": "1", "type": "function", "function": {"name": "answer", "arguments": answer}}
    return _reply({"content": None, "tool_calls": [call]}, "tool_calls")


class Provider:
    """Server of the OpenAI interface. `answer` replies to a body, or raises to break off."""

    def __init__(self) -> None:
        self.asked: list[Reply] = []
        self.answer: Callable[[Reply], Reply] = lambda _: _reply({"content": ""})
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        self.asked.append(body)
        try:
            return web.json_response(self.answer(body))
        except ZeroDivisionError:
            return web.json_response({"error": {"message": "schema"}}, status=500)
        except ConnectionError:
            assert request.transport
            request.transport.close()
            await asyncio.sleep(0.0)
            raise


@pytest.fixture
async def provider() -> AsyncGenerator[Provider]:
    found, app = Provider(), web.Application()
    app.router.add_post("/v1/chat/completions", found.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    found.url = f"http://{host}:{port}/v1"
    yield found
    await runner.cleanup()


def _pool(url: str, **fields: Any) -> ModelPool:
    spec = ChatModel.model_validate(
        {
            "name": "hosted",
            "kind": "langchain",
            "model": "openai:m",
            "within": "20 s",
            "arguments": {"base_url": url},
            "secret": "env:KEY_OF_TEST",
            **fields,
        }
    )
    return ModelPool([PooledModel(spec, partial(open_endpoint, spec, Path()))])


async def _ask(pool: ModelPool) -> tuple[str, str]:
    """The candidate that was chosen, or the fault."""
    try:
        choice, _ = await pool.ask("plan", QUESTION, CHECK)
    except NoAnswer as error:
        return "", error.exchanges[0].fault
    return choice.candidate, ""


async def test_the_method_that_a_provider_has_is_found_and_used(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_TEST", "k")

    def no_schema(body: Reply) -> Reply:
        return _called(said("none")) if "tools" in body else 1 // 0  # type: ignore[return-value]

    provider.answer = no_schema
    pool = _pool(provider.url)
    await pool.start()
    assert pool.models[0].method == "function_calling"
    provider.answer = lambda _: _called(said("second", values={"cut": 20}))
    assert await _ask(pool) == ("second", "")
    schema = provider.asked[-1]["tools"][0]["function"]["parameters"]
    assert schema["properties"] == QUESTION.schema["properties"]
    call = pool.models[0].calls[-1]
    assert (call.prompt_tokens, call.answer_tokens) == (90, 12)


async def test_answers_of_a_provider_that_are_no_use_are_faults(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY_OF_TEST", "k")
    pool = _pool(provider.url, structured_output="json_mode")

    async def fault_of(answer: Callable[[Reply], Reply]) -> str:
        provider.answer = lambda _: _reply({"content": said("none")})
        await pool.start()
        provider.answer = answer
        return (await _ask(pool))[1]

    assert await fault_of(lambda _: _reply({"content": None})) == (
        "json_mode gave no structured answer"
    )
    assert await fault_of(lambda _: _reply({"content": ""})) == (
        "json_mode gave no structured answer"
    )
    cut = _reply({"content": said("second")[:20]}, "length")
    assert "length limit was reached" in await fault_of(lambda _: cut)
    wrong = _reply({"content": json.dumps({"answer": "second"})})
    assert await fault_of(lambda _: wrong) == "its answer is outside the schema"

    def break_off(_: Reply) -> Reply:
        raise ConnectionError

    assert "Connection error" in await fault_of(break_off)
    assert pool.models[0].method == ""
