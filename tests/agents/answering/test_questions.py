from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from handwheel.agents.answering.examples import examples
from handwheel.agents.answering.grammar import parse_question
from handwheel.agents.answering.question import NotUnderstood
from handwheel.connectors.config.yaml_documents import read_document
from handwheel.connectors.model.site import Site

_LISTED: Any = read_document(Path(__file__).parent / "questions.yaml").data
ASKED: Mapping[str, Mapping[str, Any]] = {each["text"]: each for each in _LISTED}
_TOLD = (
    "quantity", "day", "at", "last_s", "ago_s", "request_id", "case_id", "statistic", "verdict",
    "is_closed",
)  # fmt: skip
_EVENT = ("direction", "state")
_TOLD_OF: Mapping[str, tuple[str, ...]] = {
    "why": _EVENT, "since": _EVENT, "changed": (*_EVENT, "anchor"), "decided": ("verb",),
    "waiting": ("verb",),
}  # fmt: skip


def _meaning(text: str, site: Site) -> dict[str, Any]:
    """Returns a question as the grammar understands it, without what it does not name."""
    try:
        found = parse_question(text, site)
    except NotUnderstood as error:
        return {} if len(error.nearest) == 3 else {"nearest": error.nearest}
    parts = {name: getattr(found, name) for name in (*_TOLD, *_TOLD_OF.get(found.intent, ()))}
    if anchor := parts.get("anchor"):
        parts["anchor"] = anchor.name
    parts["ignored"] = list(found.ignored)
    about = [each.name for each in found.subjects]
    return {"intent": found.intent, "about": about} | {k: v for k, v in parts.items() if v}


def _intent(text: str, site: Site) -> str:
    try:
        return parse_question(text, site).intent
    except NotUnderstood as error:
        return "" if len(error.nearest) == 3 else "without the nearest"


def test_questions_of_people_are_understood_as_they_mean_them(site: Site) -> None:
    meant: dict[str, Any] = {
        text: {} if each.get("refused") or not each["intent"] else dict(each)
        for text, each in ASKED.items()
    }
    for each in meant.values():
        each.pop("text", "")
    assert len(ASKED) > 170
    assert sum(bool(each) for each in meant.values()) > 110
    assert {text: _meaning(text, site) for text in ASKED} == meant


def test_every_question_that_is_suggested_can_be_answered(site: Site) -> None:
    intents = [_intent(each, site) for each in examples(site)]
    assert "" not in intents
    assert len(set(intents)) == 15


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("what is pt-102", "PT-102.pv"),
        ("PT-102.pv", "PT-102.pv"),
        ("header pressure now", "PT-102.pv"),
        ("strainer dp", "PDT-101.pv"),
        ("how is pump B", "P-101B"),
        ("bearing vibration of P-101A", "VT-101A.pv"),
        ("product outlet temperature", "TT-202.pv"),
        ("101a ok", "P-101A"),
    ],
)
def test_subject_is_found_by_name_or_label(text: str, name: str, site: Site) -> None:
    subject = parse_question(text, site).subject
    assert subject is not None
    assert subject.name == name


@pytest.mark.parametrize(
    "text", ["approve R-7K3MQ2XA", "set PIC-102.sp to 330", "delete the journal", "start P-101B"]
)
def test_command_is_no_question(text: str, site: Site) -> None:
    with pytest.raises(NotUnderstood, match="a question changes nothing"):
        parse_question(text, site)


def test_long_question_is_refused(site: Site) -> None:
    with pytest.raises(NotUnderstood, match="at most 300"):
        parse_question("why is PT-102 high " * 30, site)
