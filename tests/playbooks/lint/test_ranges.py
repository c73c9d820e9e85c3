"""Conditions whose truth follows from the ranges of their tags."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings

from handwheel.connectors.model.values import Value
from handwheel.playbooks.lint.ranges import truth_within_ranges
from handwheel.tools.conditions import Truth, parse_condition

from ...tools.conditions.samples import TAGS, Expression, expressions, plants, reading

RANGED = {
    name: replace(tag, span=(0.0, 4.0)) if tag.kind == "float" else tag
    for name, tag in TAGS.items()
}


@settings(max_examples=25)
@given(expressions, plants)
def test_truth_within_ranges_when_known_is_that_of_each_plant(
    expression: Expression, plant: Mapping[str, Value]
) -> None:
    condition = parse_condition(expression.text(), RANGED)
    truth = truth_within_ranges(condition, RANGED)
    readings = {name: reading(value) for name, value in plant.items()}
    assert truth in {Truth.UNKNOWN, condition.evaluate(readings)}


def test_truth_within_ranges_when_computed_follows_intervals() -> None:
    for text, truth in [
        ("PT-102.pv >= 0 kPa", Truth.TRUE),
        ("PT-102.pv > 0 kPa", Truth.UNKNOWN),
        ("PT-102.pv < 1 kPa or PT-102.pv >= 1 kPa", Truth.TRUE),
        ("PT-102.pv != 1 kPa or PT-102.pv in 0 kPa .. 2 kPa", Truth.TRUE),
        ("PT-102.pv * 2 - PIC-102.sp > 9 kPa", Truth.FALSE),
        ("PT-102.pv / (PIC-102.sp + 1 kPa) <= 4", Truth.TRUE),
        ("PT-102.pv / PIC-102.sp > 2", Truth.UNKNOWN),
        ("abs(PT-102.pv - PIC-102.sp) >= 0 kPa", Truth.TRUE),
        ("5 kPa - PT-102.pv < 1 kPa", Truth.FALSE),
        ("P-101A.running or PT-102.pv < 5 kPa", Truth.TRUE),
        ("P-101A.running or not P-101A.running", Truth.TRUE),
        ("P-101A.mode == 'local' and P-101A.mode == 'remote'", Truth.FALSE),
        ("P-101A.starts >= 0 or P-101A.starts < 5", Truth.UNKNOWN),
        ("max(PT-102.pv, PIC-102.sp) < 9 kPa", Truth.UNKNOWN),
        ("good(PT-102.pv) or PT-102.pv < 9 kPa", Truth.UNKNOWN),
    ]:
        assert truth_within_ranges(parse_condition(text, RANGED), RANGED) is truth, text
