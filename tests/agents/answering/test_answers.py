import re
from math import sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.agents.answering.answer_question import answer_question
from handwheel.agents.answering.examples import examples
from handwheel.agents.answering.fact import Answer, UncitedNumber, check_numbers
from handwheel.agents.answering.question import NotUnderstood
from handwheel.agents.lookahead.prediction import Margin, Prediction
from handwheel.agents.lookahead.twin import Course as Foretold
from handwheel.connectors.model.site import Site

from .known_site import Course, KnownSite

_NAMES = re.compile(r"\b[A-Z]{1,6}-[0-9A-Z]+(?:[.-][A-Za-z0-9_]+)*")
_NUMBERS = re.compile(r"\d+(?:[.:]\d+)*")


@pytest.mark.parametrize("number", range(18))
def test_each_number_of_an_answer_is_that_of_a_cited_fact(number: int, site: Site) -> None:
    text = examples(site)[number]
    _, answer = answer_question(
        text, KnownSite(site, {"VAH-101A.active": True}, {"LT-101.pv": -0.5})
    )
    assert answer.claims
    facts = {each.id: each for each in answer.facts}
    for claim, line in zip(answer.claims, answer.lines, strict=True):
        shown = " ".join(facts[each].value for each in claim.cites)
        left = _NAMES.sub("", re.sub(r"\[F\d+\]", "", line))
        left = left.replace("cw/change-over", "")
        assert [each for each in _NUMBERS.findall(left) if each not in shown] == [], line
    assert all(each.source for each in answer.facts)


@given(st.characters(categories=["Nd", "Nl", "No"]), st.sampled_from(["{F1} and ", "P-101A is "]))
def test_number_without_a_fact_is_refused_in_every_script(digit: str, before: str) -> None:
    with pytest.raises(UncitedNumber):
        check_numbers(f"{before}{digit}")


def test_names_and_places_of_facts_are_no_numbers() -> None:
    check_numbers("PT-102.pv of P-101A in C-338DBDB1 is {F12}")


def test_equal_fact_is_listed_once() -> None:
    answer = Answer()
    places = {answer.fact("PT-102.pv", "350 kPa", "read now") for _ in range(3)}
    assert places == {"{F1}"}


def test_value_that_is_not_good_is_no_value(site: Site) -> None:
    _, answer = answer_question("what is PT-102", KnownSite(site, is_down=True))
    assert answer.lines[0] == (
        "PT-102.pv (header pressure) has no value to rely on: BadNoCommunication [F1]."
    )


@pytest.mark.parametrize(
    ("text", "slope", "told"),
    [
        ("why is PT-102 falling", -2.0, "PT-102.pv was falling over the last 30 min"),
        ("why is PT-102 falling", 2.0, "PT-102.pv is not falling: it was rising over"),
        ("why is PT-102 falling", 0.0, "PT-102.pv is not falling: it was steady over"),
    ],
)
def test_why_does_not_take_the_direction_for_granted(
    text: str, slope: float, told: str, site: Site
) -> None:
    _, answer = answer_question(text, KnownSite(site, {"PT-102.pv": 350.0}, {"PT-102.pv": slope}))
    assert any(each.startswith(told) for each in answer.lines), answer.lines


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("at 14:00", "14:00"), ("tomorrow at 14:00", "14:00 tomorrow"),
        ("on 2026-12-03 at 14:00", "14:00 on 2026-12-03"),
    ],
)  # fmt: skip
def test_question_of_a_plan_starts_nothing(when: str, told: str, site: Site) -> None:
    _, answer = answer_question(f"plan: take P-101A out {when}", KnownSite(site))
    assert "It is not released, so two people must approve each of its requests." in answer.lines
    assert answer.lines[-1].startswith(
        f"It is no standing approval: nothing is started at {told} [F"
    )
    (step,) = answer.next_steps
    assert step.startswith("next: handwheel playbooks plan cw/change-over --role duty=P-101A")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("how long until PT-102 reaches 400 kPa", "PT-102.pv reaches 400 kPa [F3] in about"),
        ("how long until PT-102 reaches 300", "moves away from 300 kPa"),
        (
            "average of PT-102 over the last 5 min",
            "The average of PT-102.pv (header pressure) over",
        ),
        ("highest PT-102 in the last 5 min", "The highest value of PT-102.pv (header pressure)"),
        ("what if PIC-102.sp = 430", "The policy would not allow it: PIC-102.sp: 430 lies outside"),
        ("what if PIC-102.sp = 430", "It would be refused now: PIC-102.sp is in the lease of R-"),
    ],
)
def test_number_of_a_question_is_answered_and_not_dropped(text: str, told: str, site: Site) -> None:
    known = KnownSite(site, {"PT-102.pv": 350.0}, {"PT-102.pv": 2.0})
    _, answer = answer_question(text, known)
    assert any(told in each for each in answer.lines), answer.lines


def test_value_beyond_a_limit_is_told_so(site: Site) -> None:
    _, answer = answer_question("is the header pressure ok", KnownSite(site, {"PT-102.pv": 245.0}))
    assert "it is beyond the alarm limit" in answer.lines[0]


def test_question_that_nothing_can_be_told_about_is_refused(site: Site) -> None:
    with pytest.raises(NotUnderstood, match="cannot be answered about P-101A"):
        answer_question("since when is P-101A high?", KnownSite(site))


def test_decision_of_the_other_verdict_is_no_answer(site: Site) -> None:
    asked = {
        word: answer_question(f"who {word} the last request?", KnownSite(site))[1].lines
        for word in ("approved", "rejected")
    }
    assert asked["approved"] == ["The journal has no approval about any request."]
    assert "rejected R-7K3MQ2XA" in asked["rejected"][0]


@pytest.mark.parametrize("slope", [2.0, 0.0, -2.0])
def test_limit_that_is_passed_already_is_not_ahead(slope: float, site: Site) -> None:
    known = KnownSite(site, {"PT-102.pv": 245.0}, {"PT-102.pv": slope})
    _, answer = answer_question("how long until PT-102 reaches its limit", known)
    passed = [each for each in answer.lines if each.startswith("PT-102.pv is already below its")]
    assert len(passed) == 1, answer.lines
    alarm = passed[0].split("already below ")[1].split(" [")[0]
    assert not any(alarm in each for each in answer.lines if each not in passed), answer.lines


@pytest.mark.parametrize(
    ("text", "value", "told"),
    [
        ("how long until PT-102 is below 200 kPa", 192.0, "PT-102.pv is already below 200 kPa"),
        ("how long until PT-102 is above 400 kPa", 410.0, "PT-102.pv is already above 400 kPa"),
        ("how long until PT-102 is above 200 kPa", 192.0, "PT-102.pv reaches 200 kPa [F"),
    ],
)
def test_number_that_is_passed_already_is_not_ahead(
    text: str, value: float, told: str, site: Site
) -> None:
    _, answer = answer_question(text, KnownSite(site, {"PT-102.pv": value}, {"PT-102.pv": 2.0}))
    assert answer.lines[-1].startswith(told), answer.lines


def test_value_that_swings_is_not_steady(site: Site) -> None:
    courses: dict[str, Course] = {"PT-102.pv": lambda ago_s: 193.0 + 117.0 * sin(ago_s / 30.0)}
    known = KnownSite(site, courses=courses)
    for text in ("what is PT-102", "why is PT-102 falling", "how long until PT-102 reaches 400"):
        lines = "\n".join(answer_question(text, known)[1].lines)
        assert "varying between 76" in lines
        assert "310" in lines
        assert "steady" not in lines


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("what if PDT-101 = 50", "PDT-101.pv cannot be written"),
        ("what if the strainer dp is 80", "PDT-101.pv cannot be written"),
        ("what if E-101.rf = 0.1", "E-101.rf cannot be written"),
        ("what if LT-101 = 60", "With LIC-101.sp at 60 %"),
        ("what if PT-102 = 360", "With PIC-102.sp at 360 kPa"),
    ],
)
def test_what_if_changes_only_the_loop_of_that_variable(text: str, told: str, site: Site) -> None:
    _, answer = answer_question(text, KnownSite(site))
    assert any(each.startswith(told) for each in answer.lines), answer.lines


@pytest.mark.parametrize("text", ["what do the agents think is wrong", "why is PDT-101 rising"])
def test_agents_that_do_not_run_are_not_said_to_have_no_case(text: str, site: Site) -> None:
    dead = "No agents of this site run"
    without = answer_question(text, KnownSite(site, no_agents=dead, has_case=False))[1].lines
    assert without[-1].endswith("so nobody judges it now.")
    assert not any("open case" in each for each in without)
    told = answer_question(text, KnownSite(site, no_agents=dead))[1].lines[-1]
    assert "so C-338DBDB1 stands as of 2026-11-30 20:59:00 UTC [F" in told
    about = answer_question("how is S-101 doing", KnownSite(site, no_agents=dead))[1].lines
    assert any("so C-338DBDB1 stands as of" in each for each in about)
    alive = answer_question(text, KnownSite(site, has_case=False))[1].lines
    assert any("open case" in each for each in alive)


def _foretold(residual: float | None, with_plan: float) -> dict[str, object]:
    course = Foretold([0.0, 3600.0], {"PT-102.pv": [350.0, 350.0]})
    margin = Margin("PT-102.pv > 280 kPa", "kPa", 70.0, 0.0, with_plan, 600.0)
    ahead = Prediction("cw-100", 3600.0, course, course, [margin], residual, 0.03, ())
    return {"ahead": ahead}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("plan: swap pumps at 3pm", "a plan is shown only for taking equipment out of service"),
        ("plan: take P-101C out at 14:00", "P-101C does not exist at this site"),
        ("plan: take P-101A and p-101c out", "P-101C does not exist at this site"),
        ("plan: take PT-102 out", "a plan is shown for one piece of equipment by its name"),
    ],
)
def test_plan_without_one_known_piece_is_refused(text: str, reason: str, site: Site) -> None:
    with pytest.raises(NotUnderstood) as error:
        answer_question(text, KnownSite(site))
    assert error.value.reason == f"{reason}. Try:"
    assert error.value.nearest[0].startswith("plan: take ")
    assert len(error.value.nearest) == 3


def test_plan_that_there_is_none_of_is_not_recorded(site: Site) -> None:
    known = KnownSite(site, has_plan=False)
    _, answer = answer_question("plan: take E-101 out at 14:00", known)
    assert answer.lines == ["No playbook of this site takes E-101 out of service."]


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"not_ahead": "this site has no twin"}, "Nothing is foretold: this site has no twin [F"),
        (_foretold(0.01, 45.0), "holds within 1 h [F7], its least margin is 45 kPa [F8] with it"),
        (_foretold(0.01, 45.0), "The twin is trusted, its error was 1 % of the range"),
        (_foretold(0.01, -5.0), "It breaks an invariant in a trusted twin, so the agents would"),
        (_foretold(0.10, -5.0), "The twin is not trusted, its error was 10 % of the range"),
        (_foretold(None, 45.0), "The twin is not trusted, compared with the plant less than"),
        ({"playbook": "composed/x-1a2b3c4d"}, "The twin does not clear it, so the agents would"),
        ({"reasons": ["no authority"]}, "It may not be asked for now: no authority [F"),
    ],
)
def test_plan_tells_what_the_twin_says_of_it(
    plan: dict[str, object], told: str, site: Site
) -> None:
    _, answer = answer_question("plan: take P-101A out", KnownSite(site, plan=plan))
    assert any(told in each for each in answer.lines), answer.lines


def test_untrusted_twin_forbids_nothing(site: Site) -> None:
    plan = _foretold(0.10, -5.0)
    _, answer = answer_question("plan: take P-101A out", KnownSite(site, plan=plan))
    assert not any("breaks an invariant" in each for each in answer.lines)
