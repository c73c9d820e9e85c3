"""Residuals of valves, fans, loops and noise on windows of courses that are given."""

from collections.abc import Callable, Mapping

import pytest

from handwheel.agents.diagnosis.windows import Windows

from .residuals import measured, read

Course = Callable[[float], float | None]
CONSTANTS = {"least": 0.3, "usual": 0.5, "limit": 100.0, "gain": 1.0}


def ramp(now_s: float) -> float:
    return 57.0 + now_s / 3600.0 * 10.0


def stands(now_s: float) -> float:
    del now_s
    return 57.0


def jumps(now_s: float) -> float:
    return 57.0 if now_s < 905.0 else 59.0


def gap(now_s: float) -> float | None:
    return None if 300.0 <= now_s < 400.0 else ramp(now_s)


def bad(now_s: float) -> None:
    del now_s


def step(now_s: float) -> float:
    return 57.0 if now_s < 905.0 else 63.0


VALVES: list[tuple[str, Course, Course, float, float]] = [
    ("valve_deviation", ramp, ramp, 0.0, 0.01),
    ("valve_deviation", ramp, stands, 4.0, 0.2),
    ("valve_band", ramp, lambda now_s: ramp(now_s - 3.0), 0.0, 0.1),
    ("valve_band", ramp, jumps, 2.5, 0.2),
    ("valve_following", ramp, ramp, 1.0, 0.01),
    ("valve_following", ramp, stands, 0.0, 0.01),
    ("valve_jump", ramp, ramp, 0.0, 0.01),
    ("valve_jump", ramp, stands, 0.0, 0.01),
    ("valve_jump", ramp, jumps, 2.0, 0.1),
    ("valve_jump", gap, jumps, 2.0, 0.1),
    ("valve_jump", step, step, 0.0, 0.01),
]
OTHERS: list[tuple[str, dict[str, Course], float]] = [
    ("fan_deviation", {"signal": lambda _: 64.0, "speed": lambda _: 64.0}, 0.0),
    ("fan_deviation", {"signal": lambda _: 100.0, "speed": lambda _: 0.0}, 100.0),
    ("loop_room", {"output": lambda _: 100.0}, 0.0),
    ("loop_room", {"output": lambda _: 57.5}, 42.5),
    ("changed", {"signal": stands}, 0.0),
    ("changed", {"signal": step}, 6.0),
    ("noise_share", {"signal": stands}, 0.0),
    ("noise_share", {"signal": lambda now_s: 70.0 + now_s % 4.0 / 2.0}, 1.414),
]


def residual(method: str, courses: Mapping[str, Course], lasts_s: float = 1500.0) -> float | None:
    windows = Windows(courses)
    for n in range(int(lasts_s / 2.0) + 1):
        windows.observe(read({name: one(n * 2.0) for name, one in courses.items()}), n * 2.0)
    return measured(method, windows, CONSTANTS, {})


@pytest.mark.parametrize(("method", "signal", "position", "expected", "within"), VALVES)
def test_residual_of_a_valve_is_how_it_answers_its_signal(
    method: str, signal: Course, position: Course, expected: float, within: float
) -> None:
    found = residual(method, {"signal": signal, "position": position})
    assert found == pytest.approx(expected, abs=within)


def test_a_valve_that_is_not_asked_to_move_cannot_be_told_to_stand() -> None:
    assert residual("valve_following", {"signal": stands, "position": stands}) is None


@pytest.mark.parametrize(("method", "courses", "expected"), OTHERS)
def test_residual_of_a_fan_a_loop_or_a_signal_is_its_size(
    method: str, courses: Mapping[str, Course], expected: float
) -> None:
    assert residual(method, courses) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("method", "names"),
    [("valve_deviation", ("signal", "position")), ("valve_band", ("signal", "position")),
     ("valve_following", ("signal", "position")), ("valve_jump", ("signal", "position")),
     ("fan_deviation", ("signal", "speed")), ("loop_room", ("output",)),
     ("changed", ("signal",)), ("noise_share", ("signal",))],
)  # fmt: skip
def test_residual_of_bad_quality_cannot_be_told(method: str, names: tuple[str, ...]) -> None:
    assert residual(method, dict.fromkeys(names, bad)) is None
