"""`before` and `done`, whose values a run has recorded."""

import pytest

from handwheel.tools.conditions import (
    ConditionError,
    StepScope,
    Truth,
    parse_condition,
    parse_expression,
    parse_template,
)

from .samples import TAGS, reading

SCOPE = StepScope(["relieve", "tell"], "restore")
THEN = {
    "PT-102.pv": reading(300.0), "TT-105.pv": reading(24.0), "TT-106.pv": reading(20.0),
    "P-101A.mode": reading(1), "P-101A.running": reading(True), "PKG-101.note": reading("it's"),
}  # fmt: skip
NOW = THEN | {"PT-102.pv": reading(320.0), "P-101A.mode": reading(2)}


def test_step_values_when_recorded_decide_a_condition() -> None:
    for text, key, is_, written in [
        ("PT-102.pv > before(PT-102.pv) + 0.1 bar", "before(restore, PT-102.pv)", Truth.TRUE,
         "PT-102.pv > 300 kPa + 0.1 bar"),
        ("before(relieve, PT-102.pv) < 3 bar", "before(relieve, PT-102.pv)", Truth.FALSE, "false"),
        ("TT-105.pv - TT-106.pv < before(TT-105.pv-TT-106.pv) + 0.5 K",
         "before(restore, TT-105.pv-TT-106.pv)", Truth.TRUE,
         "TT-105.pv - TT-106.pv < 4 K + 0.5 K"),
        ("P-101A.mode != before(P-101A.mode)", "before(restore, P-101A.mode)", Truth.TRUE,
         "P-101A.mode != 'remote'"),
        ("before(relieve, P-101A.mode) == 'remote'", "before(relieve, P-101A.mode)", Truth.TRUE,
         "true"),
        ("PKG-101.note == before(PKG-101.note)", "before(restore, PKG-101.note)", Truth.TRUE,
         "PKG-101.note == 'it''s'"),
        ("before(P-101A.running) and P-101A.running", "before(restore, P-101A.running)",
         Truth.TRUE, "true and P-101A.running"),
    ]:  # fmt: skip
        condition = parse_condition(text, TAGS, steps=SCOPE)
        (value,) = condition.step_values
        assert (value.key, value.is_done) == (key, False), text
        then = value.at_begin(THEN)
        assert then is not None, text
        recorded = {value.key: then}
        assert condition.evaluate(NOW, recorded=recorded) is is_, text
        assert condition.evaluate(NOW) is Truth.UNKNOWN, text
        filed = condition.with_recorded(recorded)
        assert (filed.bound, filed.step_values) == (written, ()), text
        assert parse_condition(filed.bound, TAGS).evaluate(NOW) is is_, text


def test_step_values_when_unusable_are_unknown() -> None:
    condition = parse_condition("before(PT-102.pv) > 3 kPa or not done(tell)", TAGS, steps=SCOPE)
    before, done = condition.step_values
    assert before.at_begin({}) is done.at_begin(THEN) is None
    assert done.is_done
    for wrong in ("9", True, float("nan"), None):
        recorded = {before.key: wrong, done.key: True}
        assert condition.evaluate(NOW, recorded=recorded) is Truth.UNKNOWN  # type: ignore[arg-type]
    assert condition.evaluate(NOW, recorded={done.key: False}) is Truth.TRUE
    partly = condition.with_recorded({done.key: True})
    assert partly.bound == "before(restore, PT-102.pv) > 3 kPa or not true"
    shown = condition.shown(NOW, recorded={done.key: True})
    assert "before(restore, PT-102.pv) is ?, done(tell) is true]" in shown


def test_step_values_when_shown_or_computed_have_units() -> None:
    text = parse_template("from {before(relieve, PT-102.pv)}", TAGS, steps=SCOPE)
    (value,) = text.step_values
    assert text.render(NOW, recorded={value.key: 300.0}) == "from 300 kPa"
    assert text.render(NOW) == "from ?"
    half = parse_expression("before(PT-102.pv) * 50 %", TAGS, unit="bar", steps=SCOPE)
    assert half.value(NOW, recorded={"before(restore, PT-102.pv)": 300.0}) == 1.5


def test_step_values_when_out_of_place_are_refused() -> None:
    for text, scope, message in [
        ("before(P-101A.running)", None,
         "1:1: before asks about a step of a run, and no step has begun here"),
        ("before(P-101A.running)", StepScope(["relieve"]),
         "1:1: its own step has not begun here; write before(STEP, X) with an earlier step"),
        ("done(restore)", SCOPE,
         "1:6: done asks about an earlier step; here there is: relieve, tell"),
        ("done(not P-101A.running)", SCOPE,
         "1:6: done asks about an earlier step; here there is: relieve, tell"),
        ("before(1 kPa, PT-102.pv) > 3 kPa", SCOPE,
         "1:8: before asks about an earlier step or its own; here there is: relieve, tell, "
         "restore"),
        ("done()", SCOPE, "1:1: done is written done(STEP)"),
        ("before(1 kPa) > 2 kPa", SCOPE,
         "1:8: before takes what is read at one moment, and 1 kPa is not"),
        ("before(avg(PT-102.pv, 60 s)) > 2 kPa", SCOPE,
         "1:8: before takes what is read at one moment, and avg(PT-102.pv, 60 s) is not"),
        ("before(before(PT-102.pv)) > 2 kPa", SCOPE,
         "1:8: before takes what is read at one moment, and before(PT-102.pv) is not"),
        ("held(PT-102.pv > before(PT-102.pv), 60 s)", SCOPE,
         "1:1: held looks back in time, at what no step recorded"),
    ]:  # fmt: skip
        with pytest.raises(ConditionError) as caught:
            parse_condition(text, TAGS, windows=True, steps=scope)
        assert str(caught.value) == message, text
