"""Soft sensors beyond the skid's own course: trends, odd readings, an open balance."""

from dataclasses import replace

import pytest

from handwheel.tools import soft_sensors as soft

from ...plants.served import warm
from .soft_sensors import readings

CLEAN = readings(warm())


def test_days_to_the_limit_are_clamped_and_need_a_day_and_a_trend() -> None:
    for hourly, days in (
        ([1e-4 + 1e-6 * hour for hour in range(23)], None),
        ([1e-4] * 200, None),
        ([1e-4 + 1e-7 / 24.0 * 0.99 * hour for hour in range(200)], None),
        ([1e-7 / 24.0 * 1.5 * hour for hour in range(200)], 365.0),
        ([2e-4 + 1e-6 * hour for hour in range(200)], 0.0),
        ([9e-4] * 500 + [1e-6 * hour for hour in range(168)], (3e-4 - 167e-6) / 24e-6),
    ):
        assert soft.days_to_limit(hourly) == (days and pytest.approx(days)), days


def test_what_the_readings_do_not_allow_is_no_value() -> None:
    for name, value in (
        ("product", 0.0), ("water", 0.0), ("product_out_c", 80.0), ("product_out_c", 26.0),
        ("water_out_c", 80.0),
    ):  # fmt: skip
        assert soft.fouling(replace(CLEAN, **{name: value})) is None, name
    assert soft.imbalance(replace(CLEAN, product=0.0)) is None


def test_where_both_ends_are_equally_far_apart_the_mean_is_theirs() -> None:
    even = replace(
        CLEAN, water_out_c=CLEAN.product_in_c - 22.0, water_in_c=CLEAN.product_out_c - 22.0
    )
    near = replace(even, water_out_c=even.water_out_c + 0.02)
    assert soft.fouling(even) == pytest.approx(soft.fouling(near), rel=1e-2)


def test_fouling_is_believed_only_while_the_heat_balance_closes() -> None:
    for share, is_balanced in ((1.0, True), (1.079, True), (1.081, False), (0.919, False)):
        assert soft.is_balanced(replace(CLEAN, water=CLEAN.water * share)) == is_balanced, share
