"""A real local model in its own process. `HANDWHEEL_GGUF` names its file."""

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from handwheel.agents.planning.model.llama_endpoint import LlamaEndpoint
from handwheel.agents.planning.model.pooled_model import PooledModel
from handwheel.agents.planning.model.question import question_of
from handwheel.connectors.model.language_models import LocalModel
from handwheel.evaluation.benchmark.triage.run_triage import ask_model
from handwheel.evaluation.benchmark.triage.tasks import load_tasks

from ..agents.planning.model.fake_models import CASE, planners_with

GGUF = os.environ.get("HANDWHEEL_GGUF", "")
pytestmark = [
    pytest.mark.soak,
    pytest.mark.timeout(3000),
    pytest.mark.skipif(not GGUF, reason="HANDWHEEL_GGUF names no file"),
]
pytest.importorskip("xllamacpp", reason="xllamacpp is not installed, see the extra local-llm")


def _model() -> tuple[PooledModel, LlamaEndpoint]:
    spec = LocalModel.model_validate(
        {"name": "local", "kind": "llama", "file": GGUF, "within": "5 min"}
    )
    endpoint = LlamaEndpoint(spec, Path())
    return PooledModel(spec, lambda: endpoint), endpoint


async def test_a_local_model_answers_within_its_schema() -> None:
    model, _ = _model()
    row = await ask_model(model, load_tasks()[:4], lambda: None)
    await model.close()
    assert (row.valid, model.method) == (4, "json_schema")


async def test_a_model_that_is_killed_while_it_answers_leaves_the_rules() -> None:
    model, endpoint = _model()
    planners = await planners_with(model)
    asking = asyncio.create_task(planners.plan(CASE, None))
    await asyncio.sleep(0.3)  # until it is at work
    assert endpoint.process_id is not None
    os.kill(endpoint.process_id, signal.SIGKILL)
    plan = await asking
    assert plan.problem == "planner model: model local: its process has ended; the rules carry on"
    assert (plan.candidate, plan.author) == ("first", "rules")
    plan = await planners.plan(CASE, None)
    assert plan.problem.startswith("planner model: model local: its process has ended")


async def test_the_loop_of_the_agents_is_not_held_up_while_a_model_answers() -> None:
    model, endpoint = _model()
    planners = await planners_with(model)
    asking = asyncio.create_task(planners.plan(CASE, None))
    turns = 0
    while not asking.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns > 10
    assert (await asking).problem == ""
    closing = asyncio.run_coroutine_threadsafe(model.close(), planners.started_loop())
    await asyncio.wrap_future(closing)
    assert endpoint.process_id is None
    assert question_of(CASE).sha256 == (await asking).exchange["prompt_hash"]


def test_a_file_that_is_no_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "odd.gguf").write_bytes(b"GGUF" + bytes(1000))
    spec = LocalModel(name="odd", kind="llama", file="odd.gguf")
    model = PooledModel(spec, partial(LlamaEndpoint, spec, tmp_path))
    asyncio.run(model.start())
    assert model.fault == "json_schema: its process does not start"
