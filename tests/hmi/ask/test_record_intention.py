"""Which plan of an answer is recorded, and by which key."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from handwheel.agents.answering.question import Question
from handwheel.agents.answering.sources import FoundPlans, PossiblePlan
from handwheel.agents.answering.subjects import Subject
from handwheel.agents.planning.planner import COMPOSED
from handwheel.hmi.ask import record_intention as module
from handwheel.hmi.ask.record_intention import offer_lines, record_intention
from handwheel.tools.errors import InvalidArguments

TEXT = "plan: take P-101A out on 2026-12-03 at 14:00"
NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def _asked(
    text: str = TEXT,
    routed_by: str = "",
    plans: Sequence[str] | None = ("cw/p",),
    at: str = "14:00",
) -> tuple[Mock, Mock]:
    """An answer to a question, and the sources in which the plans were found."""
    subjects = (Subject("equipment", "P-101A"),)
    question = Question(text, "plan", subjects, day="2026-12-03", at=at)
    made = [PossiblePlan(each, each, {"duty": "P-101A"}, True, ()) for each in plans or ()]
    found = None if plans is None else FoundPlans(made, ())
    return Mock(question=question, routed_by=routed_by), Mock(now=NOW, found=found)


@pytest.fixture
def posted(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """Fields of what is recorded with the agents."""
    fields = list[Mapping[str, Any]]()

    def ask_agents(
        _site: object, _so: str, ask: Callable[[Any], Coroutine[Any, Any, Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        link = Mock(post=AsyncMock(return_value={"intention": {}}))
        found = asyncio.run(ask(link))
        fields.append(link.post.call_args.args[1])
        return found

    monkeypatch.setattr(module, "ask_agents", ask_agents)
    return fields


def test_key_is_the_same_for_the_same_words_only(posted: list[Mapping[str, Any]]) -> None:
    other = TEXT.replace("take P-101A out", "take P-101A out for maintenance")
    for text in (TEXT, TEXT, other):
        record_intention(*_asked(text))
    first, again, differs = (each["key"] for each in posted)
    assert first == again != differs
    assert [each["text"] for each in posted] == [TEXT, TEXT, other]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"routed_by": "local-1"}, "only a model has understood the question"),
        ({"plans": ()}, "there is no plan"),
        ({"plans": None}, "there is no plan"),
        ({"at": ""}, "the question names no time"),
    ],
)
def test_what_is_not_clear_is_neither_recorded_nor_offered(
    posted: list[Mapping[str, Any]], changes: dict[str, Any], words: str
) -> None:
    told, sources = _asked(**changes)
    with pytest.raises(InvalidArguments, match=words):
        record_intention(told, sources)
    assert (posted, list(offer_lines(told, sources))) == ([], [])


@pytest.mark.parametrize(
    ("changes", "offered"),
    [
        ({}, [f"next: handwheel ask --record '{TEXT}'"]),
        ({"plans": (f"{COMPOSED}cw-p",)}, []),
        ({"text": f"{TEXT}\u202e"}, []),
    ],
)
def test_only_a_plan_that_can_be_recorded_is_offered(
    changes: dict[str, Any], offered: list[str]
) -> None:
    assert list(offer_lines(*_asked(**changes))) == offered
