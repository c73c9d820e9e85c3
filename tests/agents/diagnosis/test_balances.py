"""Residuals of balances, exchangers, basins and towers on windows of known duties of cw-100."""

from collections.abc import Callable, Mapping

import pytest

from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.methods.heat_exchanger import fouling, heat_duty

from .residuals import measured, read

Course = Callable[[float], float | None]

# The steady state of docs/reference/cw-100.md; `losses` and the tower's range are the exchanger's.
HEALTHY = {
    "hot_flow": 40.0, "hot_in": 80.0, "hot_out": 48.0, "cold_flow": 36.56, "cold_in": 26.0,
    "cold_out": 42.41, "level": 70.0, "make_up": 15.0, "speed": 63.6, "warm": 42.41, "cold": 26.0,
}  # fmt: skip
SHEET = {
    "hot_heat_capacity": 1955.0, "area": 40.0, "hot_film": 800.0, "hot_film_flow": 40.0,
    "cold_film": 3500.0, "cold_film_flow": 60.0,
}  # fmt: skip
CONSTANTS = {
    **SHEET, "cold_heat_capacity": 4171.64, "volume": 21.207, "full_make_up": 8.0,
    "losses": 0.00204, "still": 0.2, "full": 0.6, "exponent": 0.6,
}  # fmt: skip
ALIASES = {"flow": "cold_flow", "resistance": "rf"}
FOULED = {"hot_out": 48.091, "cold_flow": 60.0, "cold_out": 35.969}  # 3e-4 m2K/W
READS_HIGH = {"hot_out": 48.073, "cold_flow": 70.3, "cold_out": 35.58}
READS_LOW = {"hot_out": 48.0, "hot_flow": 40.0, "cold_flow": 22.8, "cold_out": 49.0}


def windows_of(changed: Mapping[str, float | Course | None], every_s: float = 5.0) -> Windows:
    """Returns windows that have seen 15 min, with duties and resistance computed as tags are."""
    courses: dict[str, float | Course | None] = {**HEALTHY, **changed}
    found = Windows([*courses, "hot", "cold_duty", "rf"])
    for n in range(int(900.0 / every_s) + 1):
        now = {name: one(n * every_s) if callable(one) else one for name, one in courses.items()}
        found.observe(read(now | _computed(now)), n * every_s)
    return found


def _computed(now: Mapping[str, float | None]) -> dict[str, float | None]:
    names = ("hot_flow", "hot_in", "hot_out", "cold_flow", "cold_in", "cold_out")
    known = {name: one for name in names if (one := now[name]) is not None}
    if len(known) < len(names):
        return {"hot": None, "cold_duty": None, "rf": None}
    flow, warm, cold = known["hot_flow"], known["hot_in"], known["hot_out"]
    water, out, basin = known["cold_flow"], known["cold_out"], known["cold_in"]
    return {
        "hot": heat_duty(flow=flow, warm=warm, cold=cold, heat_capacity=1955.0),
        "cold_duty": heat_duty(flow=water, warm=out, cold=basin, heat_capacity=4171.64),
        "rf": fouling(**known, **SHEET),
    }


def residual(method: str, windows: Windows) -> float | None:
    aliases = ALIASES | ({"cold": "cold_duty"} if method == "heat_balance" else {})
    return measured(method, windows, CONSTANTS, aliases)


def rising(name: str, per_h: float) -> dict[str, Course]:
    return {name: lambda now_s: HEALTHY[name] + per_h * now_s / 3600.0 + now_s % 2.0 * 0.01}


@pytest.mark.parametrize(
    ("method", "changed", "expected", "within"),
    [
        ("heat_balance", {}, 0.0, 0.2),
        ("heat_balance", READS_LOW, 12.5, 0.5),
        ("heat_balance", {"hot_flow": 44.0}, 9.1, 0.3),
        ("fouling_resistance", {}, 0.0, 5e-6),
        ("fouling_resistance", READS_LOW, -3.6e-4, 1e-5),
        ("resistance_if_hot_out_is_off", READS_LOW, 0.0, 3e-5),
        ("resistance_if_cold_flow_is_off", READS_LOW, -3.0e-4, 1e-5),
        ("resistance_if_hot_flow_is_off", {"hot_flow": 44.0}, 0.0, 5e-6),
        ("resistance_if_hot_in_is_off", {"hot_in": 84.0}, 0.0, 5e-6),
        ("resistance_if_cold_in_is_off", {"cold_in": 24.0}, 0.0, 5e-6),
        ("resistance_if_cold_out_is_off", {"cold_out": 44.0}, 0.0, 5e-6),
        ("resistance_if_cold_flow_is_off", {"cold_flow": 41.0}, 0.0, 5e-6),
        ("least_resistance", {}, 0.0, 5e-6),
        ("least_resistance", READS_HIGH, 0.0, 3e-6),  # one that is wrong explains it all
        ("least_resistance", FOULED, 3.0e-4, 3e-6),
        ("least_resistance", FOULED | {"hot_out": 51.0}, 3.0e-4, 3e-6),  # TT-202 explains least
        ("basin_leak", rising("level", 0.0), -0.03, 0.03),
        ("basin_leak", rising("level", -14.15), 2.97, 0.05),
        ("basin_leak", rising("level", 0.0) | {"make_up": 52.5}, 2.97, 0.05),
        ("wet_bulb", {}, 17.45, 0.05),  # 18 degC, and make-up of 15 degC cools the basin too
        ("wet_bulb", {"speed": 100.0, "cold": 29.0, "warm": 45.4}, 24.9, 0.2),
    ],
)
def test_residual_of_a_steady_duty_is_what_it_was_given(
    method: str, changed: Mapping[str, float | Course], expected: float, within: float
) -> None:
    assert residual(method, windows_of(changed)) == pytest.approx(expected, abs=within)


def test_basin_leak_is_told_of_one_sample_a_bucket() -> None:
    """A plant that is served 20 times as fast gives no more."""
    leaking: dict[str, Course] = {"level": lambda now_s: 70.0 - 14.15 * now_s / 3600.0}
    windows = windows_of(leaking, every_s=10.0)
    assert residual("basin_leak", windows) == pytest.approx(2.97, abs=0.05)


UNTOLD: list[tuple[str, Mapping[str, float | Course]]] = [
    ("heat_balance", rising("hot_out", 20.0)),
    ("fouling_resistance", rising("cold_out", 20.0)),
    ("resistance_if_hot_out_is_off", rising("hot_out", 20.0)),
    ("least_resistance", {"hot_flow": 0.0}),
    ("least_resistance", FOULED | {"cold_flow": 15.0}),  # films are not known at so little
    ("basin_leak", rising("cold", 20.0)),
    ("wet_bulb", rising("cold", 20.0)),
    ("basin_leak", {"level": 70.0}),  # frozen
    ("basin_leak", {"level": lambda now_s: (70.0 if now_s < 600.0 else 78.0) + now_s % 2.0}),
    ("resistance_if_hot_out_is_off", {"hot_flow": 0.0}),
    ("resistance_if_hot_out_is_off", {"hot_in": 40.0, "hot_out": 40.0}),
]


@pytest.mark.parametrize(("method", "changed"), UNTOLD)
def test_residual_of_what_moves_jumps_stands_still_or_passes_no_heat_cannot_be_told(
    method: str, changed: Mapping[str, float | Course]
) -> None:
    assert residual(method, windows_of(changed)) is None


@pytest.mark.parametrize(
    ("method", "bad"),
    [("heat_balance", "hot_out"), ("fouling_resistance", "cold_flow"), ("basin_leak", "make_up"),
     ("resistance_if_hot_out_is_off", "hot_in"), ("wet_bulb", "speed")],
)  # fmt: skip
def test_residual_with_an_input_of_bad_quality_cannot_be_told(method: str, bad: str) -> None:
    assert residual(method, windows_of({bad: None})) is None


LEVELS: list[tuple[Course, float]] = [
    (lambda now_s: 70.0 + now_s % 2.0 * 0.1, 0.0),
    (lambda now_s: 70.0 + now_s % 2.0 * 0.1 - now_s / 3600.0 * 50.0, 0.0),
    (lambda now_s: 70.0 + now_s % 2.0 * 0.1 + (8.0 if now_s > 300.0 else 0.0), 8.0),
    (lambda now_s: 70.0 + now_s % 2.0 * 0.1 + (8.0 if 300.0 < now_s < 600.0 else 0.0), 0.0),
    (lambda now_s: 70.0 if now_s < 300.0 else 62.0 + now_s % 2.0 * 0.1, 0.0),  # was frozen
]


@pytest.mark.parametrize(
    ("level", "expected"), LEVELS, ids=["steady", "leaking", "jumps", "jumps back", "mended"]
)
def test_level_jump_is_what_no_flow_explains(level: Course, expected: float) -> None:
    found = residual("level_jump", windows_of({"level": level}))
    assert found == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(
    "wrong",
    [{"hot_flow": 43.0}, {"hot_in": 82.0}, {"cold_flow": 39.0}, {"cold_in": 24.5},
     {"cold_out": 41.3}],
    ids=", ".join,
)  # fmt: skip
def test_the_product_outlet_does_not_explain_what_another_transmitter_opens(
    wrong: Mapping[str, float],
) -> None:
    windows = windows_of(wrong)
    balance = residual("heat_balance", windows)
    resistance = residual("resistance_if_hot_out_is_off", windows)
    assert balance is not None
    assert resistance is not None
    assert abs(balance) > 5.0
    assert abs(resistance) > 1e-4
