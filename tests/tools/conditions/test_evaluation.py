"""Conditions: what they mean, what they refuse, and that what is not known never acts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    GOOD,
    UNCERTAIN_LAST_USABLE,
    DataValue,
    StatusCode,
    Value,
)
from handwheel.tools.conditions import Truth, parse_condition, with_written

from .samples import TAGS, TRUTHS, Expression, expressions, expressions_with_good, plants, reading

KNOWN = {True: Truth.TRUE, False: Truth.FALSE, None: Truth.UNKNOWN}


def judge(text: str, values: dict[str, Value | None]) -> Truth:
    readings = {name: reading(value) for name, value in values.items()}
    return parse_condition(text, TAGS).evaluate(readings)


def test_what_a_condition_says() -> None:
    for text, truth in [
        ("PT-102.pv > 320 kPa", True),
        ("PT-102.pv >= 345.5 kPa and PT-102.pv <= 3.455e2 kPa", True),
        ("PT-102.pv - 5 kPa - PIC-102.sp > 1 kPa", False),
        ("PT-102.pv - (5 kPa - PIC-102.sp) > 600 kPa", True),
        ("PT-102.pv + -45.5 kPa == 300 kPa", True),
        ("PT-102.pv - 2 * 5 kPa / 4 > 342 kPa", True),
        ("P-101A.starts / 2 == 8388608.5", True),
        ("abs(PIC-102.sp - PT-102.pv) < 6 kPa", True),
        ("min(PT-102.pv, PIC-102.sp, 341 kPa) == 340 kPa", True),
        ("-abs(PIC-102.sp - PT-102.pv) < -5 kPa", True),
        ("held(P-101A.running, 5 min)", True),
        ("P-101A.starts == 16777217", True),
        ("'remote' != P-101B.mode", True),
        ("PKG-101.note == 'it''s on'", True),
        ("P-101A.running == true and not (false)", True),
        ("good(PT-102.pv) and not good (PT-102.pv) or P-101A.running", True),
    ]:
        values: dict[str, Value | None] = {
            "PT-102.pv": 345.5, "PIC-102.sp": 340.0, "P-101A.starts": 16777217,
            "P-101A.running": True, "P-101B.mode": 2, "PKG-101.note": "it's on", "RT-1.pv": 3.0,
        }  # fmt: skip
        assert judge(text, values) is KNOWN[truth], text


def test_a_value_that_the_tag_cannot_have_is_unknown() -> None:
    cases: list[tuple[str, Value]] = [
        ("PT-102.pv > 320 kPa", math.nan),
        ("PT-102.pv < 320 kPa", -math.inf),
        ("PT-102.pv > 320 kPa", True),
        ("PT-102.pv - PIC-102.sp > 320 kPa", 10**400),
        ("P-101A.starts > 5", 6.0),
        ("P-101A.running", 1),
        ("P-101A.mode != 'local'", 1.0),
        ("PKG-101.note == 'a'", 5),
    ]
    for text, value in cases:
        condition = parse_condition(text, TAGS)
        name = condition.tags[-1]
        readings = {each: reading(1.0) for each in condition.tags} | {name: reading(value)}
        assert condition.evaluate(readings) is Truth.UNKNOWN, text
        assert parse_condition(f"not ({text})", TAGS).evaluate(readings) is Truth.UNKNOWN, text
        assert parse_condition(f"good({name})", TAGS).evaluate(readings) is Truth.FALSE, text


def test_what_cannot_be_computed_is_unknown() -> None:
    for text, value in [
        ("320 kPa * PT-102.pv / PT-102.pv < 321 kPa", 0.0),
        ("PT-102.pv * PT-102.pv / PT-102.pv < 321 kPa", 1e299),
        ("PT-102.pv / 1e-100 < 321 kPa", 1e299),
    ]:
        assert judge(text, {"PT-102.pv": value}) is Truth.UNKNOWN, text
        assert judge(f"not ({text})", {"PT-102.pv": value}) is Truth.UNKNOWN, text


def test_what_is_not_good_is_unknown_and_only_good_tells() -> None:
    high = parse_condition("PT-102.pv > 320 kPa", TAGS)
    for status in (None, BAD_NO_COMMUNICATION, UNCERTAIN_LAST_USABLE, StatusCode(0xC0000000)):
        readings = {} if status is None else {"PT-102.pv": reading(345.0, status)}
        assert high.evaluate(readings) is Truth.UNKNOWN, status
        assert parse_condition("good(PT-102.pv)", TAGS).evaluate(readings) is Truth.FALSE, status
    assert high.evaluate({"PT-102.pv": reading(345.0)}) is Truth.TRUE


def test_a_truth_is_no_boolean() -> None:
    for truth in Truth:
        with pytest.raises(TypeError, match=r"truth is Truth\.TRUE"):
            bool(truth)


@given(expressions_with_good, plants, st.sets(st.sampled_from(sorted(TAGS))))
def test_readings_of_which_some_are_lost_give_what_another_evaluator_says(
    expression: Expression, plant: dict[str, Value], lost: set[str]
) -> None:
    left = {name: value for name, value in plant.items() if name not in lost}
    assert judge(expression.text(), {**left}) is TRUTHS[expression.judge(left)]


@given(
    expressions,
    plants,
    st.dictionaries(
        st.sampled_from(sorted(TAGS)),
        st.none()
        | st.builds(
            reading,
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            st.integers(0x40000000, 0xFFFFFFFF).map(StatusCode),
        ),
    ),
)
def test_less_information_never_turns_an_answer_round(
    expression: Expression, plant: dict[str, Value], spoilt: dict[str, DataValue | None]
) -> None:
    condition = parse_condition(expression.text(), TAGS)
    good = {name: reading(value) for name, value in plant.items()}
    less = {name: value for name, value in {**good, **spoilt}.items() if value is not None}
    assert condition.evaluate(less) in {condition.evaluate(good), Truth.UNKNOWN}


@given(
    expressions_with_good,
    st.dictionaries(
        st.sampled_from(sorted(TAGS)),
        st.builds(reading, st.booleans() | st.integers() | st.floats() | st.text()),
    ),
)
def test_no_reading_breaks_judging(expression: Expression, readings: dict[str, DataValue]) -> None:
    condition = parse_condition(expression.text(), TAGS)
    assert isinstance(condition.evaluate(readings), Truth)
    assert condition.shown(readings).isprintable()


@given(expressions_with_good)
def test_the_text_of_a_condition_is_the_same_condition(expression: Expression) -> None:
    spread = expression.text().replace(" ", "\n  ")
    condition = parse_condition(f"\t{spread}\r\n", TAGS)
    assert condition.text == expression.text()
    assert condition == parse_condition(condition.text, TAGS)
    assert list(condition.tags) == sorted(set(condition.tags))


def test_the_deepest_condition_needs_no_deep_stack() -> None:
    # Each level takes the most frames that a level can; the length allows no more than 18 levels.
    text = "P-101A.running"
    for _ in range(18):
        text = f"(true or true and {text}==true)"

    def judged(frames: int) -> Truth:
        return judged(frames - 1) if frames else judge(text, {"P-101A.running": True})

    assert judged(300) is Truth.TRUE


def test_a_write_is_applied_to_a_copy_and_to_one_tag_only() -> None:
    condition = parse_condition("P-101A.run_cmd and P-101A.running", TAGS)
    readings = {
        "P-101A.run_cmd": reading(True, BAD_NO_COMMUNICATION),
        "P-101A.running": reading(True),
    }
    after = with_written(readings, "P-101A.run_cmd", False)
    assert condition.evaluate(readings) is Truth.UNKNOWN
    assert condition.evaluate(after) is Truth.FALSE
    assert after == {**readings, "P-101A.run_cmd": reading(False)}
    assert after["P-101A.run_cmd"].status == GOOD
    assert with_written({}, "P-101A.run_cmd", True)["P-101A.run_cmd"].value is True


def test_the_age_of_a_reading_is_counted_to_the_given_moment() -> None:
    for received_s, truth in [(93.0, Truth.TRUE), (89.0, Truth.FALSE)]:
        fresh = parse_condition("age(PT-102.pv) < 10 s", TAGS)
        good = DataValue(345.0, GOOD, None, None, received_s)
        assert fresh.evaluate({"PT-102.pv": good}, now_s=100.0) is truth, received_s
        bad = good.with_status(BAD_NO_COMMUNICATION)
        assert fresh.evaluate({"PT-102.pv": bad}, now_s=100.0) is Truth.UNKNOWN, received_s
        assert fresh.evaluate({"PT-102.pv": good}) is not Truth.UNKNOWN, received_s
