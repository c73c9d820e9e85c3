"""Answers that real models have given, replayed. A prompt that has changed is recorded anew.

`HANDWHEEL_RECORD=1 HANDWHEEL_GGUF=FILE` asks the model of a GGUF file and writes its answers, with
what `ask` has made of them.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.answering.phrasing.site_model import SiteModel
from handwheel.agents.answering.phrasing.worded import Level
from handwheel.agents.answering.question import NotUnderstood
from handwheel.agents.planning.model.exchange import RawAnswer
from handwheel.agents.planning.model.llama_endpoint import LlamaEndpoint
from handwheel.agents.planning.model.pool import ModelPool
from handwheel.agents.planning.model.pooled_model import SELF_TEST
from handwheel.agents.planning.model.question import Question
from handwheel.connectors.model.language_models import LocalModel, Method
from handwheel.connectors.model.site import Site
from handwheel.hmi.ask.ask_site import ask_site

from ...planning.model.fake_models import FakeEndpoint, pooled
from ..known_site import KnownSite

FOLDER = Path(__file__).parent / "recorded"
GGUF = os.environ.get("HANDWHEEL_GGUF", "")
IS_RECORDED = os.environ.get("HANDWHEEL_RECORD") == "1"
FILES = sorted(FOLDER.glob("*.json"))
CASES: Mapping[str, Level] = {
    "anything fishy with how the header behaves": "route",
    "does the mechanic have paperwork lying about": "route",
    "whose autograph sits below that last thing": "route",
    "any fishy noises near the basin, chief": "route",
    "why is LT-101 falling": "select",
    "which pump runs": "select",
    "what is LT-101": "phrase",
    "why is PDT-101 rising": "phrase",
}  # fmt: skip


class _Recorder:
    """Endpoint of a real model that keeps what it has answered."""

    def __init__(self) -> None:
        spec = LocalModel(name="local", kind="llama", file=GGUF)
        self.settings = spec.model_dump(mode="json", include={"kind", "context", "threads"})
        self.answers: dict[str, Any] = {}
        self._endpoint = LlamaEndpoint(spec, Path())
        self.methods = self._endpoint.methods
        self.close = self._endpoint.close

    async def ask(self, question: Question, method: Method) -> RawAnswer:
        raw = await self._endpoint.ask(question, method)
        if question is not SELF_TEST:
            self.answers[question.sha256] = raw._asdict()
        return raw


def _outcomes(site: Site, model: SiteModel) -> dict[str, dict[str, Any]]:
    known = KnownSite(site, {"LT-101.pv": 60.0}, {"LT-101.pv": -0.5, "PDT-101.pv": 0.4})
    found: dict[str, dict[str, Any]] = {}
    for text, level in CASES.items():
        try:
            told = ask_site(text, known, level, model)
        except NotUnderstood as error:
            found[text] = {"refused": error.reason}
            continue
        found[text] = {
            "intent": told.question.intent,
            "subjects": [each.name for each in told.question.subjects],
            "level": told.shown.level, "left_out": told.shown.left_out,
            "dropped": told.shown.dropped, "fault": told.fault,
            "sentences": [each.template for each in told.shown.sentences],
        }  # fmt: skip
    return found


def _with(endpoint: Any, within: str) -> SiteModel:
    return SiteModel(ModelPool([pooled("local", endpoint, roles=["phrase"], within=within)]))


@pytest.mark.skipif(not (IS_RECORDED and GGUF), reason="needs HANDWHEEL_RECORD=1, HANDWHEEL_GGUF")
@pytest.mark.timeout(1800)
def test_answers_are_recorded_anew(site: Site) -> None:
    recorder = _Recorder()
    with _with(recorder, "5 min") as model:
        outcomes = _outcomes(site, model)
    content = {
        "model": Path(GGUF).stem, "settings": recorder.settings, "outcomes": outcomes,
        "answers": recorder.answers,
    }  # fmt: skip
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{Path(GGUF).stem}.json").write_text(f"{json.dumps(content, indent=1)}\n", "utf-8")


@pytest.mark.parametrize("path", FILES, ids=lambda each: each.stem)
def test_recorded_answers_lead_to_the_same_answers(path: Path, site: Site) -> None:
    recorded = json.loads(path.read_text("utf-8"))
    answers: dict[str, Any] = recorded["answers"]

    def answer(question: Question) -> RawAnswer:
        raw = answers.get(question.sha256)
        assert raw, f"the prompt has changed; HANDWHEEL_RECORD=1 records {path.stem} anew"
        return RawAnswer(**raw)

    endpoint = FakeEndpoint(answer)
    with _with(endpoint, "1 min") as model:
        assert _outcomes(site, model) == recorded["outcomes"]
    assert {each.sha256 for each in endpoint.asked} == answers.keys()
