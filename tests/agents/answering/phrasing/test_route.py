import pytest

from handwheel.agents.answering.phrasing.route import routed_question, understood
from handwheel.agents.answering.question import NotUnderstood
from handwheel.connectors.model.site import Site
from handwheel.hmi.ask.ask_site import ask_site

from ..known_site import KnownSite
from .fake_model import FakeModel, SilentModel

ODD = "anything fishy with how the header behaves"


def _said(intent: str, *subjects: str) -> FakeModel:
    return FakeModel({"intent": intent, "subjects": list(subjects)})


def test_model_maps_a_question_to_kind_and_names_of_the_site(site: Site) -> None:
    told = ask_site(ODD, KnownSite(site), "route", _said("why", "PT-102.pv"))
    first, _, second, *_ = told.lines
    meaning = "why is a value as it is, or why does it move: PT-102.pv"
    assert first == f"Model fake understands, unverified: {meaning}"
    assert second.startswith("PT-102.pv (header pressure) is 351.25 kPa [F1]")
    assert told.fields["understood_by"] == "fake"


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
        _said("value", "P-101A"),
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
    asked = routed_question("pic-102 wiggled around 355 kPa wibble wobble zzz", site, FakeModel(
        {"intent": "what-if", "subjects": ["LIC-101.sp"]}
    ))  # fmt: skip
    assert (asked.subjects[0].name, asked.quantity) == ("PIC-102.sp", "355 kPa")
    assert understood(asked).endswith("set point: PIC-102.sp; 355 kPa")


def test_model_that_does_not_answer_is_named_with_the_nearest(site: Site) -> None:
    with pytest.raises(NotUnderstood, match="model silent: it took more") as error:
        ask_site(ODD, KnownSite(site), "select", SilentModel())
    assert len(error.value.nearest) == 3
