"""Residuals of pumps, strainers and trends on windows of known duties of cw-100."""

from collections.abc import Mapping
from math import exp

import pytest

from handwheel.agents.diagnosis.windows import Windows

from .residuals import measured, read

# Measured in the steady state, then with each fault: see docs/reference/cw-100.md.
HEALTHY = {
    "running": 1.0, "peer": 0.0, "speed": 88.8, "current": 9.33, "pressure": 350.0,
    "level": 70.0, "loss": 4.19, "flow": 36.56, "vibration": 1.13, "temperature": 38.7,
}  # fmt: skip
WORN_IMPELLER = {"speed": 96.3, "current": 9.72}  # 0.85 of the head is left
PASSING_VALVE = {"speed": 93.15, "current": 11.87}  # 2.0 m3/h per square root of m
WORN_BEARING = {"vibration": 3.91, "temperature": 52.1}
PLUGGED = {
    "speed": 100.0, "current": 9.9, "pressure": 259.0, "loss": 105.0, "flow": 34.6,
    "vibration": 5.5,
}  # fmt: skip
SHEET = {"span": 3.0, "kw_per_a": 0.53, "rated_flow": 50.0, "efficiency": 0.75, "idle": 0.4}
CONSTANTS: Mapping[str, float] = {
    **SHEET, "shutoff": 50.0, "drop": 10.0, "atmosphere": 9.98, "required": 1.5, "usual": 1.2,
    "at_speed": 1.3, "off_flow": 1.0, "ambient": 25.0, "rise": 15.0, "clean": 0.00313,
    "limit": 5.0, "floor": 1.1, "errors": 0.0,
}  # fmt: skip
ALIASES = {"dp": "loss", "value": "vibration"}


def windows_of(changed: Mapping[str, float | None], noise: float = 0.0) -> Windows:
    """Returns windows that have seen one duty for 50 min, `None` for a value of bad quality."""
    found = Windows(HEALTHY)
    for n in range(601):
        shaken = {"pressure": 350.0 + noise * (-1.0) ** n} if noise else {}
        found.observe(read({**HEALTHY, **changed, **shaken}), n * 5.0)
    return found


def residual(method: str, windows: Windows) -> float | None:
    return measured(method, windows, CONSTANTS, ALIASES)


@pytest.mark.parametrize(
    ("method", "changed", "expected", "within"),
    [
        ("head_lost", {}, 0.0, 0.003),
        ("head_lost", WORN_IMPELLER, 0.15, 0.005),
        ("head_lost", PASSING_VALVE, 0.0, 0.003),
        ("head_below_curve", {}, 0.0, 0.003),
        ("head_below_curve", WORN_IMPELLER, 0.15, 0.005),
        ("head_below_curve", PASSING_VALVE, 0.091, 0.005),
        ("flow_back", {}, 0.0, 0.2),
        ("flow_back", WORN_IMPELLER, 0.0, 0.3),
        ("flow_back", PASSING_VALVE, 11.6, 0.3),
        ("suction_margin", {}, 9.35, 0.05),
        ("suction_margin", PLUGGED, -0.9, 0.1),
        ("vibration_excess", {}, 0.07, 0.02),
        ("vibration_excess", WORN_BEARING, 2.85, 0.02),
        ("bearing_heat", {}, 0.4, 0.05),
        ("bearing_heat", WORN_BEARING, 13.8, 0.05),
        ("strainer_resistance", {}, 0.0, 0.01),
        ("strainer_resistance", {"loss": 62.8}, 14.0, 0.1),
    ],
)
def test_a_residual_is_that_of_the_duty(
    method: str, changed: dict[str, float], expected: float, within: float
) -> None:
    assert residual(method, windows_of(changed)) == pytest.approx(expected, abs=within)


def test_a_cavitating_pump_has_a_noisy_header() -> None:
    usual, noisy = (residual("delivery_noise", windows_of({}, noise=each)) for each in (0.85, 10.0))
    assert usual == pytest.approx(0.0, abs=0.05)
    assert noisy == pytest.approx(12.9, abs=0.1)


_OF_ONE_PUMP = ("head_below_curve", "flow_back")
_OF_PUMPS = (*_OF_ONE_PUMP, "head_lost", "suction_margin", "vibration_excess", "bearing_heat")


@pytest.mark.parametrize(
    ("methods", "changed"),
    [
        (_OF_PUMPS, {"running": 0.0}),
        (_OF_PUMPS, {"speed": None}),
        (_OF_PUMPS, {"running": None}),
        (_OF_PUMPS[:-1], {"pressure": None}),
        (_OF_ONE_PUMP, {"peer": 1.0}),
        (("strainer_resistance",), {"flow": 5.0}),
        (("strainer_resistance",), {"loss": None}),
        (("delivery_noise",), {"pressure": None}),
        (("time_to_limit",), {"vibration": None}),
    ],
)
def test_a_residual_is_unknown_without_its_duty(
    methods: tuple[str, ...], changed: dict[str, float | None]
) -> None:
    windows = windows_of(changed)
    assert [residual(each, windows) for each in methods] == [None] * len(methods)


@pytest.mark.parametrize("speeds", [(60.0, 88.8), (88.8, 60.0)])
def test_a_pump_that_changes_its_speed_is_not_judged(speeds: tuple[float, float]) -> None:
    windows = Windows(HEALTHY)
    for n in range(241):
        windows.observe(read(HEALTHY | {"speed": speeds[n > 230]}), float(n))
    assert residual("vibration_excess", windows) is None


@pytest.mark.parametrize(("tau_h", "expected"), [(1.0, 1.59), (1e9, 1000.0), (-1.0, 1000.0)])
def test_time_to_a_limit_is_that_of_exponential_growth(tau_h: float, expected: float) -> None:
    windows = Windows(["vibration"])
    for n in range(721):
        value = 1.1 + 0.8 * exp((n - 720) / 720.0 / tau_h)
        windows.observe(read({"vibration": value}), n * 5.0)
    assert residual("time_to_limit", windows) == pytest.approx(expected, rel=0.05)
