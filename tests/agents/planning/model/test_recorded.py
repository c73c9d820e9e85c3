"""Answers that real models have given, replayed. A prompt that has changed is recorded anew.

`HANDWHEEL_RECORD=1 HANDWHEEL_GGUF=FILE` asks the model of a GGUF file and writes its answers.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.planning.model.exchange import RawAnswer
from handwheel.agents.planning.model.llama_endpoint import LlamaEndpoint
from handwheel.agents.planning.model.question import Question, question_of
from handwheel.agents.planning.planner import PlanningCase
from handwheel.connectors.model.language_models import LocalModel, Method
from handwheel.evaluation.benchmark.triage.tasks import load_tasks

from .fake_models import CASE, FakeEndpoint, planners_with, pooled

FOLDER = Path(__file__).parent / "recorded"
GGUF = os.environ.get("HANDWHEEL_GGUF", "")
IS_RECORDED = os.environ.get("HANDWHEEL_RECORD") == "1"
FILES = sorted(FOLDER.glob("*.json"))


def _cases() -> Mapping[str, PlanningCase]:
    wanted = ("bearing", "make-up-valve", "warm-weather", "a-feed")
    tasks = {each.name: each.case for each in load_tasks() if each.order == 0}
    return {"values": CASE, **{name: tasks[name] for name in wanted}}


def _write(name: str, text: str) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_text(text, "utf-8")


def _answers_of(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(path.read_text("utf-8"))["answers"]
    return found


@pytest.mark.skipif(not (IS_RECORDED and GGUF), reason="needs HANDWHEEL_RECORD=1, HANDWHEEL_GGUF")
@pytest.mark.timeout(600)
async def test_answers_are_recorded_anew() -> None:
    path = Path(GGUF)
    spec = LocalModel(name="local", kind="llama", file=GGUF)
    endpoint, found = LlamaEndpoint(spec, Path()), dict[str, Any]()
    method: Method = "json_schema"
    for name, case in _cases().items():
        question = question_of(case)
        raw = await endpoint.ask(question, method)
        found[name] = {"prompt_hash": question.sha256, "raw": raw._asdict()}
    await endpoint.close()
    settings = spec.model_dump(mode="json", include={"kind", "context", "threads"})
    content = {"model": path.stem, "method": method, "settings": settings, "answers": found}
    _write(f"{path.stem}.json", f"{json.dumps(content, indent=1)}\n")


@pytest.mark.parametrize("path", FILES, ids=lambda each: each.stem)
async def test_recorded_answers_are_replayed(path: Path) -> None:
    answers = _answers_of(path)
    assert answers.keys() == _cases().keys()

    def answer(question: Question) -> RawAnswer:
        same = [each for each in answers.values() if each["prompt_hash"] == question.sha256]
        assert same, f"the prompt has changed; HANDWHEEL_RECORD=1 records {path.stem} anew"
        return RawAnswer(**same[0]["raw"])

    planners = await planners_with(pooled(path.stem, FakeEndpoint(answer)))
    for name, case in _cases().items():
        plan = await planners.plan(case, None)
        kept = plan.exchange["asked"][0]
        assert (plan.problem, kept["answer"]) == ("", answers[name]["raw"]["text"])
        said = json.loads(kept["answer"])["answer"]
        assert plan.because == f"model {path.stem} says, unverified: “{said['because']}”"
        assert plan.candidate == ("" if said["choice"] == "none" else said["choice"])
