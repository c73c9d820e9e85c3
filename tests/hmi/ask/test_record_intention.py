"""Which plan of an answer is recorded, at which moment, and by which key."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from handwheel.agents.planning.planner import COMPOSED
from handwheel.agents.questions.catalogue import catalogue
from handwheel.agents.questions.question import Answer
from handwheel.agents.questions.sources import FoundPlans, PossiblePlan
from handwheel.hmi.ask import record_intention as module
from handwheel.hmi.ask.record_intention import moment_of, offer_lines, record_intention
from handwheel.tools.errors import InvalidArguments

NOW = datetime(2026, 12, 1, 9, 0, tzinfo=UTC).astimezone()
SITE: Any = Mock()


def _asked(
    at: str = "2026-12-03 14:00", plans: Sequence[str] | None = ("cw/p",)
) -> tuple[Answer, FoundPlans | None]:
    made = [PossiblePlan(each, each, {"duty": "P-101A"}, True, ()) for each in plans or ()]
    given = {"equipment": "P-101A", "at": at}
    answer = Answer(catalogue()["plan-out"], given, (), (), ())
    return answer, None if plans is None else FoundPlans(made, ())


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


def test_key_is_the_same_for_the_same_plan_only(posted: list[Mapping[str, Any]]) -> None:
    for at in ("2026-12-03 14:00", "2026-12-03 14:00", "2026-12-03 15:00"):
        record_intention(*_asked(at), SITE, NOW)
    first, again, differs = (each["key"] for each in posted)
    assert first == again != differs
    assert posted[0]["text"] == "plan-out P-101A 2026-12-03 14:00"
    assert posted[0]["roles"] == {"duty": "P-101A"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"plans": ()}, "there is no plan"),
        ({"plans": None}, "there is no plan"),
        ({"at": ""}, "is no time"),
    ],
)
def test_what_is_not_clear_is_neither_recorded_nor_offered(
    posted: list[Mapping[str, Any]], changes: dict[str, Any], words: str
) -> None:
    asked = _asked(**changes)
    with pytest.raises(InvalidArguments, match=words):
        record_intention(*asked, SITE, NOW)
    assert (posted, list(offer_lines(*asked, NOW))) == ([], [])


def test_only_a_plan_that_can_be_recorded_is_offered() -> None:
    offered = "next: handwheel ask --record plan-out P-101A '2026-12-03 14:00'"
    assert list(offer_lines(*_asked(), NOW)) == [offered]
    assert list(offer_lines(*_asked(plans=(f"{COMPOSED}cw-p",)), NOW)) == []


@pytest.mark.parametrize(
    ("text", "day"),
    [("23:59", 1), ("0:00", 2), ("today 23:59", 1), ("tomorrow 9:30", 2), ("2026-12-03 14:00", 3)],
)
def test_moment_is_that_of_the_wall(text: str, day: int) -> None:
    found = moment_of(text, NOW)
    assert (found.day, found.tzinfo is not None) == (day, True)
    assert f"{found:%H:%M}" == f"{text.rsplit(maxsplit=1)[-1]:0>5}"


@pytest.mark.parametrize(
    "text", ["", "now", "14", "25:00", "yesterday 14:00", "2026-02-30 14:00", "14:00 CET",
             "today 0:00", "2026-11-30 14:00", "14:00+01:00"],
)  # fmt: skip
def test_moment_that_is_not_clear_is_refused(text: str) -> None:
    with pytest.raises(InvalidArguments):
        moment_of(text, NOW)
