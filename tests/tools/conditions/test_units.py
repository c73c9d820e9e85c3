"""Units in conditions: what converts, what is refused, and that the usual ones cost nothing."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.tools.conditions import ConditionError, Truth, parse_condition, parse_expression
from handwheel.tools.conditions.units import product, quotient, scale

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
        ("kPag", "kPa"), ("kscmh", "m3/h"), ("", "%"), ("degC", "K"), ("mm H2O", "kPa"),
    ]:  # fmt: skip
        assert scale(source, target) is None, source


@given(pairs.filter(lambda pair: pair[0] not in FAMILIES[1]), pairs)
def test_a_product_divided_by_a_factor_is_one(one: tuple[str, str], other: tuple[str, str]) -> None:
    unit, _ = product(one[0], other[0])
    left, _ = quotient(unit, other[0])
    by = scale(left, one[0])
    assert by is not None
    assert by.factor == pytest.approx(1.0)


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
        ("24 degC", "degF", 75.2, "degF"),
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
assert "pint" not in sys.modules
parse_condition("PT-102.pv > 3 bar", TAGS)
assert "pint" in sys.modules
"""


def test_a_parser_and_pint_are_loaded_where_they_are_needed_only() -> None:
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", LOADS], check=True, timeout=60, cwd=root)
