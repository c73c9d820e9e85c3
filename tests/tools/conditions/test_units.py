"""Units in conditions, and what a condition refuses with its place."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.errors import HandwheelError
from handwheel.tools.conditions import ConditionError, Truth, parse_condition, parse_expression
from handwheel.tools.conditions.units import is_known, product, quotient, scale

from .samples import TAGS, reading

READINGS = {
    "PT-102.pv": reading(320.0),
    "TT-105.pv": reading(24.0),
    "TT-106.pv": reading(20.0),
    "LT-101.pv": reading(60.0),
    "VT-101A.pv": reading(2.0),
    "P-101A.starts": reading(8),
}
FAMILIES = [
    ["Pa", "kPa", "MPa", "bar", "mbar"],
    ["degC", "°C", "degF", "°F"],
    ["K", "degR"],
    ["mm/s", "m/h", "cm/min"],
    ["mm/s/h", "m/s/min", "m/s^2"],
    ["m3/h", "l/min", "m3/s"],
    ["kg/h", "t/d", "g/s"],
    ["W", "kW", "MW", "kJ/s", "J/ms"],
    ["rpm", "Hz", "1/h"],
    ["mm", "cm", "m"],
    ["ms", "s", "min", "h", "d"],
    ["m2K/W", "m2·K/kW", "m2·K/kJ·s"],
    ["kscmh", "kscm/min"],
    ["%/min", "%/h"],
    ["h/s", "m/mm", ""],
]
pairs = st.sampled_from(FAMILIES).flatmap(
    lambda units: st.tuples(st.sampled_from(units), st.sampled_from(units))
)


@given(pairs, st.floats(-1e6, 1e6))
def test_a_number_comes_back_from_another_unit(pair: tuple[str, str], number: float) -> None:
    there, back = scale(*pair), scale(*reversed(pair))
    assert there is not None
    assert back is not None
    converted = number * there.factor + there.offset
    assert converted * back.factor + back.offset == pytest.approx(number, rel=1e-9, abs=1e-8)


@given(st.lists(st.sampled_from(FAMILIES), min_size=2, max_size=2, unique_by=lambda each: each[0]))
def test_units_of_different_kinds_do_not_convert(families: list[list[str]]) -> None:
    assert all(scale(a, b) is None for a in families[0] for b in families[1])


def test_what_cannot_be_known_from_the_unit_does_not_convert() -> None:
    for source, target in [
        ("kPag", "degC"),
        ("kscmh", "m3/h"),
        ("", "%"),
        ("degC", "K"),
        ("", "mm/s"),
        ("s", ""),
        ("min", "h^2"),
    ]:
        assert scale(source, target) is None, source


@given(pairs.filter(lambda pair: pair[0] not in FAMILIES[1]), pairs)
def test_a_product_divided_by_a_factor_is_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    unit, _ = product(one[0], other[0])
    left, _ = quotient(unit, other[0])
    by = scale(left, one[0])
    assert by is not None
    assert by.factor == pytest.approx(1.0)


def test_units_of_the_table_when_converted_have_the_factor_and_offset() -> None:
    for source, target, factor, offset in [
        ("kPag", "kPa", 1.0, 101.325), ("kPa", "kPag", 1.0, -101.325),
        ("kPag", "bar", 0.01, 1.01325), ("bar", "kPag", 100.0, -101.325),
        ("kPag/min", "kPa/min", 1.0, 0.0), ("kPag/h", "Pa/s", 1000 / 3600, 0.0),
        ("m2K/W", "m2K/kW", 1000.0, 0.0), ("m2K/W", "m2·K/W", 1.0, 0.0),
        ("kscmh", "kscm/min", 1 / 60, 0.0), ("m3/h", "l/min", 1000 / 60, 0.0),
        ("degC", "degF", 1.8, 32.0), ("d", "s", 86400.0, 0.0), ("rpm", "Hz", 1 / 60, 0.0),
    ]:  # fmt: skip
        by = scale(source, target)
        assert by is not None, source
        assert by == pytest.approx((factor, offset)), (source, target)


def test_gauge_pressures_when_compared_are_points_and_their_difference_is_none() -> None:
    gauge = {n: replace(TAGS["PT-102.pv"], name=n, unit="kPag") for n in ("PG-1.pv", "PG-2.pv")}
    names = {**TAGS, **gauge}
    readings = READINGS | {"PG-1.pv": reading(218.675), "PG-2.pv": reading(200.0)}
    for text in [
        "PG-1.pv == 320 kPa",
        "PG-1.pv == 3.2 bar",
        "PG-1.pv == PT-102.pv",
        "PT-102.pv == 218.675 kPag",
        "PG-1.pv - PG-2.pv in 18.6 kPa .. 18.7 kPa",
        "PG-1.pv - PG-2.pv < 19 kPag",
        "PG-2.pv + 18.7 kPa > PG-1.pv",
        "(PG-1.pv - PG-2.pv) * 2 in 37.3 kPa .. 37.4 kPa",
    ]:
        assert parse_condition(text, names).evaluate(readings) is Truth.TRUE, text
    for text, message in [
        ("PG-1.pv * 2 > 3 kPag", "PG-1.pv is a gauge pressure in kPag; only a difference A - B"),
        ("PG-1.pv + PG-2.pv > 3 kPag", "gauge pressures in kPag are not added"),
        ("PG-1.pv - PG-2.pv > PG-2.pv", "kPa beside a gauge pressure is a difference"),
        ("PG-1.pv > 3", "PG-1.pv is a number in kPag; write 3 kPag"),
    ]:
        with pytest.raises(ConditionError, match=re.escape(message)):
            parse_condition(text, names)


def test_what_a_condition_with_other_units_says() -> None:
    for text in [
        "PT-102.pv == 3.2 bar",
        "PT-102.pv - 1.1 bar == 210 kPa",
        "min(PT-102.pv, 3 bar) == 300 kPa",
        "VT-101A.pv == 7.2 m/h",
        "TT-105.pv > 70 degF",
        "TT-105.pv - TT-106.pv == 4 K",
        "TT-105.pv - TT-106.pv == 7.2 degF",
        "5 K + TT-106.pv > TT-105.pv",
        "TT-105.pv - 4 K == TT-106.pv",
        "LT-101.pv * 50 % == 30 %",
        "PT-102.pv / 50 % == 640 kPa",
        "LT-101.pv / 30 min == 2 %/min",
        "P-101A.starts / 4 h < 0.04 rpm",
    ]:
        assert parse_condition(text, TAGS).evaluate(READINGS) is Truth.TRUE, text


def test_an_expression_has_a_value_and_a_unit() -> None:
    for text, unit, value, comes_out in [
        ("PT-102.pv * (100 % - 10 %)", "kPa", 288.0, "kPa"),
        ("PT-102.pv", "bar", 3.2, "bar"),
        ("TT-105.pv - TT-106.pv", None, 4.0, "K"),
        ("PT-102.pv / VT-101A.pv", None, 160.0, "kPa·s/mm"),
        ("P-101A.running", None, None, ""),
        ("'auto'", None, "auto", ""),
    ]:
        expression = parse_expression(text, TAGS, unit=unit)
        found = expression.value(READINGS)
        assert found == (pytest.approx(value) if isinstance(value, float) else value), text
        assert expression.unit == comes_out, text


def test_an_expression_that_does_not_come_to_the_unit_is_refused() -> None:
    for text, unit, message in [
        ("5", "kPa", "1:1: what is asked for is a number in kPa; write 5 kPa"),
        ("PT-102.pv", "degC", "1:1: what is asked for is a number in degC, "
         "PT-102.pv is a number in kPa; these units do not convert"),
        ("TT-105.pv - TT-106.pv", "degC", "1:1: what is asked for is a number in degC, TT-105.pv "
         "- TT-106.pv is a difference in K; K beside a temperature is a difference"),
        ("'auto'", "kPa", "1:1: 'auto' is a word, not a number"),
    ]:  # fmt: skip
        with pytest.raises(ConditionError) as caught:
            parse_expression(text, TAGS, unit=unit)
        assert str(caught.value) == message, text


LOADS = """\
import sys
from handwheel.tools.conditions import parse_condition
from tests.tools.conditions.samples import TAGS
assert "lark" not in sys.modules
parse_condition("PT-102.pv - 2 * PIC-102.sp in 3 kPa .. 5 kPa and LT-101.pv * 90 % > 30 %", TAGS)
parse_condition("TT-105.pv - TT-106.pv < 0.5 degC", TAGS)
parse_condition("LT-101.pv / 4 h < 0.04 %/min", TAGS)
assert "pint" not in sys.modules
parse_condition("PT-102.pv > 3 bar", TAGS)
assert "pint" in sys.modules
"""


def test_a_parser_and_pint_are_loaded_where_they_are_needed_only() -> None:
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", LOADS], check=True, timeout=60, cwd=root)


PIECES = st.sampled_from([
    "and", "or", "not", "in", "..", "==", "!=", "<", ">=", "+", "-", "(", ")", ",", "=", "!", "&",
    ".", "'", '"', "*", "/", "min(", "held(", "abs(", "2 s", "3 bar",
    "good", "true", "false", "PT-102.pv", "TT-105.pv", "P-101A.running",
    "P-101A.mode", "'remote'", "'x'", "320", "5e3", "320kPa", "5%", "degC", "kPa", "P-101A", "pv",
    "#", "×", "³", "\u202e", "\0", "\n", "\t",
])  # fmt: skip


@given(st.text() | st.lists(PIECES, max_size=12).map(" ".join) | st.lists(PIECES).map("".join))
def test_any_text_is_a_condition_or_a_condition_error(text: str) -> None:
    try:
        condition = parse_condition(text, TAGS, windows=True)
    except ConditionError as error:
        check_place(error, text)
    else:
        assert condition.text.isprintable()
        assert isinstance(condition.evaluate({}), Truth)
        assert parse_condition(condition.bound, TAGS, windows=True) == condition


def check_place(error: ConditionError, text: str) -> None:
    assert isinstance(error, HandwheelError)
    assert error.text == text
    assert str(error) == f"{error.line}:{error.column}: {error.reason}"
    assert error.reason.isprintable()
    lines = text.split("\n")
    assert 1 <= error.line <= len(lines)
    assert 1 <= error.column <= len(lines[error.line - 1]) + 1


WRONG = [
    ("", "1:1: the condition is empty"),
    ("P-101A.running and (true", "1:25: the condition ends too early"),
    ("P-101A.running P-101B.running", "1:16: 'P-101B.running' cannot stand here"),
    ("P-101A.running AND true", "1:16: write 'and' in lower case"),
    ("P-101A.running && true", "1:16: write 'and'"),
    ("PT-102.pv = 3 kPa", "1:11: write == to compare"),
    ('P-101A.mode == "remote"', "1:16: words stand in single quotes"),
    ("P-101A.mode == 'remote", "1:16: the quote is not closed"),
    ("P-101A.mode == remote", "1:16: there is no tag 'remote'; write a word of a tag in quotes: "
     "'remote'"),
    ("true and \u202etrue", "1:10: the character U+202E cannot be seen, so it cannot stand here"),
    ("true and\n  PT-102 > 3 kPa", "2:3: there is no tag 'PT-102'; did you mean 'PT-102.pv'?"),
    ("good(XYZ.pv)", "1:6: there is no tag 'XYZ.pv'"),
    ("god(PT-102.pv)", "1:1: there is no function 'god'; "
     "there is: abs, age, ago, avg, before, delta, done, good, held, max, min, rate, stdev"),
    ("true and done(relieve)", "1:10: done asks about a step of a run, and no step has begun here"),
    ("abs(PT-102.pv, 3 kPa) > 3 kPa", "1:1: abs takes one number: abs(X)"),
    ("min(PT-102.pv) > 3 kPa", "1:1: min takes two or more numbers, or one and a time: min(X, T)"),
    ("max(PT-102.pv, P-101A.running) > 3 kPa", "1:16: P-101A.running is true or false, "
     "not a number"),
    ("held(P-101A.running)", "1:1: held takes what it looks at and a time: held(X, 5 min)"),
    ("held(P-101A.running, 5 kPa)", "1:22: 5 kPa is no time; write one such as 5 min"),
    ("held(PT-102.pv, 5 s)", "1:6: PT-102.pv is a number in kPa, not a condition"),
    ("held(true, 5 s)", "1:6: true reads no tag, so there is nothing to look back at"),
    ("good(not P-101A.running)", "1:1: good asks about one tag: good(TAG)"),
    ("PT-102.pv", "1:1: PT-102.pv is a number in kPa, not a condition; compare it with something"),
    ("PT-102.pv > 320", "1:13: PT-102.pv is a number in kPa; write 320 kPa"),
    ("PT-102.pv > 3.2 mm", "1:13: PT-102.pv is a number in kPa, not in mm; "
     "these units do not convert"),
    ("TT-105.pv > 300 K", "1:13: TT-105.pv is a number in degC, not in K; "
     "K beside a temperature is a difference"),
    ("TT-105.pv - TT-106.pv > TT-105.pv", "1:25: TT-105.pv - TT-106.pv is a difference in K, "
     "TT-105.pv is a number in degC; K beside a temperature is a difference"),
    ("0.8 * TT-105.pv > 20 degC", "1:7: TT-105.pv is a temperature in degC; "
     "only a difference A - B can be multiplied or turned round"),
    ("PT-102.pv / 0 > 1 kPa", "1:11: 0 is zero; nothing is divided by it"),
    ("PT-102.pv > 1e299 bar", "1:13: the number is too large"),
    ("P-101A.starts > 5 s", "1:17: P-101A.starts is a number without a unit; write 5"),
    ("RT-1.pv > 5 mm", "1:11: RT-1.pv is a number in mm H2O; "
     "this unit cannot be written in a condition"),
    ("TT-105.pv + 3 degC > 20 degC", "1:11: temperatures in degC are not added; "
     "add a difference in K"),
    ("PT-102.pv in 5 kPa .. 3 kPa", "1:14: 5 kPa .. 3 kPa is empty; write the low end first"),
    ("300 kPa < PT-102.pv < 400 kPa", "1:21: comparisons are not chained; "
     "write A < B and B < C, or B in A .. C"),
    ("P-101A.running == 1", "1:19: P-101A.running is true or false, "
     "1 is a number without a unit; they cannot be compared"),
    ("P-101A.running > false", "1:16: P-101A.running is true or false; "
     "it can be compared by == and != only"),
    ("P-101A.mode == 'remot'", "1:16: P-101A.mode is never 'remot'; "
     "it is one of 'local', 'remote', 'maintenance'"),
    ("3 < 4", "1:1: '3 < 4' compares no tag"),
    ("P-101A.starts < 1e999", "1:17: the number is too large"),
    ("P-101A.starts < " + "9" * 485, "1:501: a condition has at most 500 characters"),
    ("(" * 21 + "true" + ")" * 21, "1:21: a condition is nested at most 20 deep"),
    ("-" * 480 + "5 < P-101A.starts", "1:21: a condition is nested at most 20 deep"),
]  # fmt: skip


def test_every_error_says_where_and_what_to_do() -> None:
    for text, message in WRONG:
        with pytest.raises(ConditionError) as caught:
            parse_condition(text, TAGS)
        assert str(caught.value) == message, text


def test_the_reference_shows_errors_as_they_are() -> None:
    page = Path(__file__).parents[3] / "docs/reference/conditions.md"
    shown = page.read_text(encoding="utf-8").rpartition("```text\n")[2].partition("```")[0]
    assert set(shown.splitlines()) <= {message for _, message in WRONG}
    assert shown


def test_a_unit_is_known_by_each_of_its_parts() -> None:
    assert all(map(is_known, ("", "%", "kPag", "m3/h", "rpm", "W/m2K", "kscmh", "degC/min")))
    assert not any(map(is_known, ("kpa", "m3/hour", "count", "/s")))
