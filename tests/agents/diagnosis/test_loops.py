"""Residuals of control loops and of spikes, on courses of an hour that are given."""

from collections.abc import Mapping
from math import exp, pi, sin
from random import Random

import pytest

from .test_valves import Course, residual

_DRAW = Random(5)
NOISE = [_DRAW.gauss(0.0, 1.0) for _ in range(2000)]
"""Noise of a sample every 2 s."""


def noise(now_s: float) -> float:
    return NOISE[int(now_s / 2.0)]


def swings(now_s: float) -> float:
    return 48.0 + 2.0 * sin(2.0 * pi * now_s / 600.0) + 0.2 * noise(now_s)


def decays(now_s: float) -> float:
    return 48.0 + 4.0 * exp(-now_s / 500.0) + 0.2 * noise(now_s)


def returns(now_s: float) -> float:
    return 48.0 + 40.0 * exp(-now_s / 2000.0)


def integrates(now_s: float) -> float:
    """An integral that goes on as long as the value is above its set point."""
    return 50.0 + 6.0 * (1.0 - exp(-now_s / 2000.0))


def follows(now_s: float) -> float:
    return 50.0 + 6.0 * exp(-now_s / 2000.0)


def spiky(now_s: float) -> float:
    return 70.0 + 0.1 * noise(now_s) + (9.0 if now_s % 600.0 == 304.0 else 0.0)


def steps(now_s: float) -> float:
    return 70.0 + 0.1 * noise(now_s) + (9.0 if now_s > 2404.0 else 0.0)


METHODS: list[tuple[str, Mapping[str, Course], float, float]] = [
    ("loop_oscillation", {"value": swings}, 0.8, 1.0),
    ("loop_oscillation", {"value": noise}, 0.0, 0.35),
    ("loop_oscillation", {"value": decays}, 0.0, 0.35),
    ("loop_oscillation", {"value": lambda _: 48.0}, 0.0, 0.0),
    ("loop_sluggishness", {"value": returns, "output": follows}, 1.0, 1.0),
    ("loop_sluggishness", {"value": returns, "output": integrates}, -1.0, -1.0),
    ("spikes", {"signal": spiky}, 3.0, 3.0),
    ("spikes", {"signal": steps}, 0.0, 0.0),
]


@pytest.mark.parametrize(("method", "courses", "least", "most"), METHODS)
def test_a_method_of_a_loop_measures_its_course(
    method: str, courses: Mapping[str, Course], least: float, most: float
) -> None:
    found = residual(method, courses, 3600.0)
    assert found is not None
    assert least <= found <= most


def test_a_loop_that_stands_says_nothing_about_its_speed() -> None:
    assert residual("loop_sluggishness", {"value": lambda _: 48.0, "output": follows}) is None
