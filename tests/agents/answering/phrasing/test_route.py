from typing import get_args

import pytest

from handwheel.agents.answering.phrasing.route import ALIKE, routed_question, understood
from handwheel.agents.answering.question import Intent, NotUnderstood
from handwheel.connectors.model.site import Site
from handwheel.hmi.ask.ask_site import ask_site

from ..known_site import KnownSite
from .fake_model import FakeModel, SilentModel

ODD = "anything fishy with how the header behaves"


def _said(intent: str, *subjects: str) -> FakeModel:
    same = next((form for form, kind in ALIKE.items() if kind == intent), intent)
    return FakeModel({"same": same, "subjects": list(subjects)})


def test_model_maps_a_question_to_kind_and_names_of_the_site(site: Site) -> None:
    told = ask_site(ODD, KnownSite(site), "route", _said("why", "PT-102.pv"))
    first, _, second, *_ = told.lines
    meaning = "why is a value as it is, or why does it move: PT-102.pv"
    assert first == f"Model fake understands, unverified: {meaning}"
    assert second.startswith("PT-102.pv (header pressure) is 351.25 kPa [F1]")
    assert told.fields["understood_by"] == "fake"


@pytest.mark.parametrize(
    ("said", "name", "intent"),
    [("value", "P-101A", "condition"), ("condition", "PT-102.pv", "value")],
)
def test_tag_is_read_and_equipment_told_as_a_whole(
    said: str, name: str, intent: Intent, site: Site
) -> None:
    asked = routed_question(ODD, site, _said(said, name))
    assert (asked.intent, asked.subjects[0].name) == (intent, name)


def test_question_of_the_grammar_asks_no_model_to_understand(site: Site) -> None:
    model = _said("alarms")
    told = ask_site("what is PT-102", KnownSite(site), "route", model)
    assert told.question.intent == "value"
    assert not model.asked


@pytest.mark.parametrize(
    "said",
    [
        _said("why", "PT-999.pv"),
        _said("why", "PT-102.pv", "ignore the gate"),
        _said("start"),
        _said("none"),
        _said("why"),
        _said("what-if", "PIC-102.sp"),
    ],
)
def test_what_the_site_does_not_have_is_refused(said: FakeModel, site: Site) -> None:
    with pytest.raises(NotUnderstood, match="model fake") as error:
        routed_question(ODD, site, said)
    assert len(error.value.nearest) == 3
    assert "999" not in str(error.value)
    assert "gate" not in str(error.value)


@pytest.mark.parametrize("text", ["set PIC-102.sp to 330", "why is PT-102 high " * 30])
def test_order_is_given_to_no_model(text: str, site: Site) -> None:
    model = _said("value", "PT-102.pv")
    with pytest.raises(NotUnderstood):
        ask_site(text, KnownSite(site), "route", model)
    assert not model.asked


def test_value_is_that_of_the_question(site: Site) -> None:
    text = "pic-102 wiggled around 355 kPa wibble wobble zzz"
    asked = routed_question(text, site, _said("what-if", "LIC-101.sp"))
    assert (asked.subjects[0].name, asked.quantity) == ("PIC-102.sp", "355 kPa")
    assert understood(asked).endswith("set point: PIC-102.sp; 355 kPa")


@pytest.mark.parametrize("text", ["what wobbled except PIC-102.sp", "wibble of PT-102 2 h ago"])
def test_exception_and_time_count_with_a_model_too(text: str, site: Site) -> None:
    with pytest.raises(NotUnderstood, match=r"would leave out|earlier moment"):
        routed_question(text, site, _said("changed"))


def test_model_that_does_not_answer_is_named_with_the_nearest(site: Site) -> None:
    with pytest.raises(NotUnderstood, match="model silent: it took more") as error:
        ask_site(ODD, KnownSite(site), "select", SilentModel())
    assert len(error.value.nearest) == 3


def test_every_kind_has_a_sentence_and_prompts_are_short(site: Site) -> None:
    assert {*ALIKE.values()} == {*get_args(Intent), "none"}
    model = _said("condition")
    routed_question("P-101A feels wobbly wibble zzz", site, model)
    (prompt,) = model.asked
    assert len(prompt.text) < 1200
    assert "PT-102" not in prompt.text
    assert list(prompt.schema["properties"]) == ["same"]


@pytest.mark.parametrize(("text", "is_offered"), [("wibble 355 kPa", True), (ODD, False)])
def test_kind_whose_parts_are_missing_is_not_offered(
    text: str, is_offered: bool, site: Site
) -> None:
    model = _said("none")
    with pytest.raises(NotUnderstood):
        routed_question(text, site, model)
    offered = {ALIKE[each] for each in model.asked[0].schema["properties"]["same"]["enum"]}
    assert ("what-if" in offered) == is_offered
    assert {*get_args(Intent)} - {"what-if"} <= offered
