"""What is computed from the plant's readings: exact without noise, and as noisy as published."""

from dataclasses import replace
from statistics import mean, stdev

import pytest

from ...plants.served import warm
from . import soft_sensors as soft
from .oracles import readings

CLEAN = readings(warm())


def test_noise_leaves_one_sample_coarse_and_a_mean_of_ten_minutes_sharp() -> None:
    plant = warm(seed=7)
    fouling: list[float] = []
    imbalance: list[float] = []
    for _ in range(24000):
        plant.step()
        seen = readings(plant)
        fouling.append(soft.fouling(seen) or 0.0)
        imbalance.append(soft.imbalance(seen) or 0.0)
    assert stdev(fouling) == pytest.approx(9e-6, rel=0.15)
    assert stdev(imbalance) == pytest.approx(0.010, rel=0.15)
    blocks = range(0, 24000, 1200)
    # As white noise averages, 1/sqrt(1200); over 5 min it is 3.7e-7 and 0.044 %.
    assert stdev(mean(fouling[at : at + 1200]) for at in blocks) == pytest.approx(2.6e-7, rel=0.5)
    assert stdev(mean(imbalance[at : at + 1200]) for at in blocks) == pytest.approx(3e-4, rel=0.5)


@pytest.mark.timeout(300)
def test_days_to_the_fouling_limit_come_early_on_a_kern_seaton_run() -> None:
    plant = warm()
    faster = 96.0  # a day of fouling in a quarter of an hour, in which the loops follow
    plant.inject("F03", {"rf": 5e-4, "tau": 30.0 * 86400.0 / faster})
    hourly: list[float] = []
    for _ in range(24 * 24):
        for _ in range(75):
            plant.step()
        hourly.append(soft.fouling(readings(plant)) or 0.0)
    # Kern and Seaton 1959: Rf = 5e-4 (1 - exp(-t/30 d)), at its limit of 3e-4 on day 27.5
    for day, fouling, days in ((13.0, 1.76e-4, 10.2), (20.8, 2.5e-4, 5.3), (24.0, 2.75e-4, 2.9)):
        seen = hourly[: round(day * 24)]
        assert seen[-1] == pytest.approx(fouling, rel=0.01)
        assert soft.days_to_limit(seen) == pytest.approx(days, abs=0.1)


def test_days_to_the_limit_are_clamped_and_need_a_day_and_a_trend() -> None:
    assert soft.days_to_limit([1e-4 + 1e-6 * hour for hour in range(23)]) is None
    assert soft.days_to_limit([1e-4] * 200) is None
    assert soft.days_to_limit([1e-4 + 1e-7 / 24.0 * 0.99 * hour for hour in range(200)]) is None
    slow = soft.days_to_limit([1e-7 / 24.0 * 1.5 * hour for hour in range(200)])
    assert slow == 365.0
    assert soft.days_to_limit([2e-4 + 1e-6 * hour for hour in range(200)]) == 0.0
    # Only the last week counts: 1e-6 an hour, 24e-6 a day.
    last_week = [9e-4] * 500 + [1e-6 * hour for hour in range(168)]
    assert soft.days_to_limit(last_week) == pytest.approx((3e-4 - 167e-6) / 24e-6)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"product": 0.0}, {"water": 0.0}, {"product_out_c": 80.0},
        {"product_out_c": 26.0}, {"water_out_c": 80.0},
    ],
)  # fmt: skip
def test_what_the_readings_do_not_allow_is_no_value(spoilt: dict[str, float]) -> None:
    assert soft.fouling(replace(CLEAN, **spoilt)) is None
    assert soft.imbalance(replace(CLEAN, product=0.0)) is None


def test_where_both_ends_are_equally_far_apart_the_mean_is_theirs() -> None:
    even = replace(
        CLEAN, water_out_c=CLEAN.product_in_c - 22.0, water_in_c=CLEAN.product_out_c - 22.0
    )
    near = replace(even, water_out_c=even.water_out_c + 0.02)
    assert soft.fouling(even) == pytest.approx(soft.fouling(near), rel=1e-2)


def test_fouling_is_believed_only_while_the_heat_balance_closes() -> None:
    assert soft.is_balanced(CLEAN)
    assert soft.is_balanced(replace(CLEAN, water=CLEAN.water * 1.079))
    assert not soft.is_balanced(replace(CLEAN, water=CLEAN.water * 1.081))
    assert not soft.is_balanced(replace(CLEAN, water=CLEAN.water * 0.919))
