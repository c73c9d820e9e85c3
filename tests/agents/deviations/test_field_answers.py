"""Answers of people to the questions of a case, those that count and those that do not."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.agents.cases.field_answers import Questions, make_answer, read_field_answers
from handwheel.agents.diagnosis.check_names import CheckKey
from handwheel.agents.diagnosis.failure_modes import CheckSpec
from handwheel.tools.errors import GuardrailError, InvalidArguments, PermitRefused
from handwheel.tools.guardrails.identity.roster import load_roster
from handwheel.tools.guardrails.ledger.decisions import Signed
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.policy.policy import load_policy
from handwheel.tools.guardrails.signatures.check_answers import AnswerCheck, CheckAnswer
from handwheel.tools.guardrails.signatures.context import DecisionContext

from ...gate.testbed.authority_grant import signed_word
from ...sites.in_memory import make_site
from ...sites.signed_requests import NOW

CASE, OTHER = "C-7K3MQ2XA", "C-7K3MQ2XB"
HEAT: CheckKey = "bearing-heat", "P-101A"
SPEC = CheckSpec.model_validate(
    {"title": "Feel the bearing", "ask": "How is the bearing of {pump}?", "role": "operator",
     "answers": ["hot", "cold"], "minutes": 5, "weight_db": 15}
)  # fmt: skip
QUESTIONS: Questions = {HEAT: SPEC}


@pytest.fixture
def people(tmp_path: Path) -> Iterator[DecisionContext]:
    site = make_site(tmp_path)
    with Database(site.state, site.id) as database:
        with database.transaction(NOW) as transaction:
            for each in (CASE, OTHER):
                transaction.record("case.opened", each, {"condition": "", "playbook": "p"})
        yield DecisionContext(site, database, load_policy(site), load_roster(site))


def said(people: DecisionContext, answer: str = "hot", **changes: str) -> CheckAnswer:
    made = make_answer(people.site.id, CASE, QUESTIONS, HEAT, answer)
    return CheckAnswer.model_validate(made.model_dump(by_alias=True) | changes)


def signed_by(people: DecisionContext, answer: CheckAnswer, by: str = "anna") -> Signed:
    return signed_word(people, "answer-check", answer.subject, NOW, by=by, card=answer.digest)


def answered(people: DecisionContext, answer: str = "hot", by: str = "anna") -> None:
    given = said(people, answer)
    tell(people, given, signed_by(people, given, by))


def tell(people: DecisionContext, given: CheckAnswer, signed: Signed) -> None:
    message = AnswerCheck(site=people.site.id, answer=given, signed=signed)
    message.apply(people, NOW)


def found(people: DecisionContext, case_id: str = CASE) -> tuple[Mapping[str, str], list[str]]:
    """The answers that count, by source, and why the others do not."""
    read = read_field_answers(people, QUESTIONS, case_id, NOW)
    evidence = {each.source: each.text for each in read.evidence.values()}
    return evidence, [each.partition("counts nothing: ")[2] for each in read.refused]


def test_an_answer_counts_for_its_case_alone_and_the_later_replaces_the_earlier(
    people: DecisionContext,
) -> None:
    answered(people)
    assert found(people) == ({"anna, operator, 08:50": "hot"}, [])
    assert found(people, OTHER) == ({}, [])
    answered(people, "cold", by="gina")
    assert found(people) == ({"gina, operator, 08:50": "cold"}, [])
    (evidence,) = read_field_answers(people, QUESTIONS, CASE, NOW).evidence.values()
    assert (evidence.id, evidence.weight_db) == ("bearing-heat", 15.0)


def test_an_answer_of_a_person_who_is_enrolled_no_more_counts_nothing_and_is_told(
    people: DecisionContext,
) -> None:
    answered(people)
    left = replace(people, roster=replace(people.roster, operators=()))
    read = read_field_answers(left, QUESTIONS, CASE, NOW)
    assert (read.evidence, "no valid record" in read.refused[0]) == ({}, True)


def test_a_question_that_has_changed_since_is_not_answered(people: DecisionContext) -> None:
    answered(people)
    turned: Questions = {
        HEAT: SPEC.model_copy(update={"ask": "How cold is the bearing of {pump}?"})
    }
    read = read_field_answers(people, turned, CASE, NOW)
    assert (read.evidence, "has changed since" in read.refused[0]) == ({}, True)


def test_who_lacks_the_role_or_answers_a_case_that_is_over_is_refused(
    people: DecisionContext,
) -> None:
    with pytest.raises(PermitRefused, match="max lacks a role that is needed to answer bearing-h"):
        answered(people, by="max")
    signed = signed_by(people, said(people))
    with pytest.raises(GuardrailError, match="not signed on what was shown"):
        tell(people, said(people, note="grease is out"), signed)
    with people.database.transaction(NOW) as transaction:
        transaction.record("case.closed", CASE, {"reason": "the deviation is over"})
    with pytest.raises(PermitRefused, match="is over"):
        answered(people)
    assert found(people) == ({}, [])


@pytest.mark.parametrize(
    ("key", "answer", "reason"),
    [
        (HEAT, "warm", "'warm' is no answer to bearing-heat/P-101A; known: hot, cold"),
        (("bearing-heat", ""), "hot", "no question 'bearing-heat'; known: bearing-heat/P-101A"),
    ],
)
def test_a_wrong_answer_or_question_is_told_with_the_right_ones(
    key: tuple[str, str], answer: str, reason: str
) -> None:
    with pytest.raises(InvalidArguments, match=reason):
        make_answer("site", CASE, QUESTIONS, key, answer)
