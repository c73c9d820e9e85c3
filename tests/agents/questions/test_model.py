"""Free words answered by a scripted model: its questions are checked, and so is each sentence."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.agents.planning.model.answer import ModelFault
from handwheel.agents.planning.model.exchange import Exchange, NoAnswer
from handwheel.agents.planning.model.question import Question as Prompt
from handwheel.agents.questions.answer import Fact
from handwheel.agents.questions.model import answer_freely, is_cited
from handwheel.connectors.model.site import Site

from .known_site import KnownSite

T = TypeVar("T")
_ASKED = {"questions": [{"question": "value", "parameters": ["PT-102"]}]}
_FACTS = [
    Fact("F1", "PT-102.pv", "351.25 kPa", "2026-11-30T21:00:00.000Z", "read now, good"),
    Fact("F2", "PT-102.pv", "290 kPa", "2026-11-30T21:00:00.000Z", "tags file"),
]
_LINES = ["PT-102.pv of HDR-1 is 351.25 kPa [F1]; alarm below 290 kPa [F2]."]


class ScriptedModel:
    """Model that gives its answers one after the other."""

    name = "scripted"

    def __init__(self, *said: object) -> None:
        self._said = list(said)
        self.asked: list[Prompt] = []

    def ask(self, prompt: Prompt, check: Callable[[str], T]) -> T:
        self.asked.append(prompt)
        said = self._said.pop(0)
        try:
            return check(said if isinstance(said, str) else json.dumps(said))
        except ModelFault as error:
            raise NoAnswer([Exchange(self.name, "", fault=str(error))]) from None


def _sentences(*said: str) -> dict[str, Any]:
    return {"sentences": list(said)}


def test_sentences_that_cite_facts_are_kept_and_others_dropped(site: Site) -> None:
    model = ScriptedModel(_ASKED, _sentences(
        "PT-102.pv is at 351.25 kPa [F1].", "It is at 360 kPa [F1].", "All is well.",
    ))  # fmt: skip
    found = answer_freely("how is the header", KnownSite.of(site), model)
    assert found.sentences == ["PT-102.pv is at 351.25 kPa [F1]."]
    assert (found.dropped, found.model) == (2, "scripted")
    assert [each.question.id for each in found.answers] == ["value"]
    assert "PT-102.pv" in model.asked[0].text.split("Names:")[1]
    assert '"untrusted_text": "351.25 kPa"' in model.asked[1].text


def test_facts_of_several_questions_have_different_ids(site: Site) -> None:
    orders: dict[str, Any] = {"question": "orders", "parameters": []}
    both = {"questions": [*_ASKED["questions"], orders]}
    model = ScriptedModel(both, _sentences())
    first, second = answer_freely("anything", KnownSite.of(site), model).answers
    assert first.facts is second.facts
    assert len({each.id for each in second.facts}) == len(second.facts)


def test_model_that_finds_no_question_is_asked_no_more(site: Site) -> None:
    model = ScriptedModel({"questions": []})
    assert not answer_freely("start P-101B", KnownSite.of(site), model).answers
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("", "empty"),
        ("no JSON", "no JSON"),
        ({"questions": [{"question": "start", "parameters": ["P-101B"]}]}, "was not offered"),
        ({"questions": [{"question": "value", "parameters": ["PT-999"]}]}, "there is no tag"),
        ({"questions": [{"question": "value"}]}, "TAG is missing"),
        ({"questions": [], "write": "P-101B.run_cmd"}, "outside the schema"),
    ],
)
def test_choice_outside_the_catalogue_and_the_site_is_a_fault(
    said: object, fault: str, site: Site
) -> None:
    with pytest.raises(NoAnswer, match=fault):
        answer_freely("how is the header", KnownSite.of(site), ScriptedModel(said))


@pytest.mark.parametrize(
    ("sentence", "is_kept"),
    [
        ("PT-102.pv is at 351.25 kPa [F1] and its alarm at 290 kPa [F2].", True),
        ("The header HDR-1 is well above its alarm [F1][F2].", True),
        ("PT-102.pv is at 290 kPa [F1].", False),  # the number of another fact
        ("PT-102.pv is at 351.25 kPa [F3].", False),  # no such fact
        ("PT-102.pv is at 351.25 kPa.", False),  # cites none
        ("PT-103.pv is at 351.25 kPa [F1].", False),  # another tag
        ("It is twice its alarm [F1].", False),
        ("It is at ٣٥١ kPa [F1].", False),
        ("It is ½ of it [F1].", False),
        ("It is\u202e high [F1].", False),
        (f"It is {'very ' * 60}high [F1].", False),
    ],
)
def test_sentence_counts_only_with_citations_numbers_and_names_of_facts(
    sentence: str, is_kept: bool
) -> None:
    assert is_cited(sentence, _FACTS, _LINES) is is_kept


@given(st.floats(-1e6, 1e6).map(lambda each: f"{each:.3g}"))
def test_invented_number_is_dropped_wherever_it_stands(number: str) -> None:
    if number.lstrip("-") not in {"351.25", "290"}:
        assert not is_cited(f"It is at {number} kPa [F1][F2].", _FACTS, _LINES)
        assert not is_cited(f"{number}: it is at 351.25 kPa [F1].", _FACTS, _LINES)
