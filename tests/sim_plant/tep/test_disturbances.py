"""Disturbances of the process: step changes, and the walks' shape, bounds and independence."""

from dataclasses import asdict, replace
from itertools import pairwise

import pytest

from handwheel.sim_plant.tep.process.physics.boundary import Boundary, boundary
from handwheel.sim_plant.tep.process.physics.disturbances import Walk, advance, initial_walks

STEP_H = 0.01

# Walk: IDV, centre, span, shortest and longest segment in h. Downs and Vogel 1993, as programmed.
WALKS = {
    "ac_feed_a": (8, 0.485, 0.03, 0.3, 0.7),
    "ac_feed_b": (8, 0.005, 0.003, 0.3, 1.7),
    "d_feed_c": (9, 45.0, 10.0, 0.25, 0.75),
    "ac_feed_c": (10, 45.0, 10.0, 0.3, 1.7),
    "reactor_water_c": (11, 35.0, 10.0, 0.1, 0.4),
    "condenser_water_c": (12, 40.0, 10.0, 0.1, 0.4),
    "rate_1": (13, 1.0, 0.25, 1.0, 3.0),
    "rate_2": (13, 1.0, 0.25, 1.0, 3.0),
    "stripper_heat": (16, 0.0, 0.25, 0.1, 0.9),
}
EPISODES = {
    "reactor_heat": (17, 0.5, 3.5),
    "condenser_heat": (18, 1.0, 5.0),
    "effluent": (20, 0.5, 3.5),
}

Change = float | tuple[float, ...]

# IDV to what it changes outside the process, and to what; or only what it makes wander
STEPS: dict[int, tuple[str, Change]] = {
    1: ("ac_feed", (0.455, 0.005, 0.54)),
    2: ("ac_feed", (0.48256281, 0.01, 0.50743719)),
    3: ("d_feed_c", 50.0),
    4: ("reactor_water_c", 40.0),
    5: ("condenser_water_c", 45.0),
    6: ("a_supply", 0.0),
    7: ("ac_supply", 0.8),
}
WANDERING = {
    8: {"ac_feed"},
    9: {"d_feed_c"},
    10: {"ac_feed_c"},
    11: {"reactor_water_c"},
    12: {"condenser_water_c"},
    13: {"rate_1", "rate_2"},
    16: {"stripper_heat"},
    17: {"reactor_heat"},
    18: {"condenser_heat"},
    20: {"effluent"},
}


def _idv(*numbers: int) -> list[float]:
    return [1.0 if number in numbers else 0.0 for number in range(1, 21)]


def _segments(name: str, idv: list[float], hours: float) -> list[Walk]:
    walks = initial_walks()
    seen = [replace(walks[name])]
    for step in range(round(hours / STEP_H)):
        advance(walks, idv, step * STEP_H, 4)
        walk = walks[name]
        assert walk.value == pytest.approx(_at(walk, step * STEP_H)[0], abs=1e-12)
        if walk.segment != seen[-1].segment:
            seen.append(replace(walk))
    return seen


def _at(walk: Walk, time_h: float) -> tuple[float, float]:
    h = time_h - walk.start_h
    value = walk.a + h * (walk.b + h * (walk.c + h * walk.d))
    return value, walk.b + h * (2.0 * walk.c + 3.0 * h * walk.d)


def test_a_step_changes_one_thing_in_proportion_to_its_severity() -> None:
    for number, (name, changed) in STEPS.items():
        rest = asdict(boundary(initial_walks(), _idv()))
        full = asdict(boundary(initial_walks(), _idv(number)))
        half = asdict(boundary(initial_walks(), [0.5 * value for value in _idv(number)]))
        assert full == rest | {name: pytest.approx(changed, rel=1e-9)}, number
        pairs = zip(_floats(rest[name]), _floats(full[name]), strict=True)
        assert _floats(half[name]) == pytest.approx([(a + b) / 2.0 for a, b in pairs]), number


def _floats(value: Change) -> tuple[float, ...]:
    return value if isinstance(value, tuple) else (value,)


def test_a_random_disturbance_moves_its_own_walks_only() -> None:
    for number, wandering in WANDERING.items():
        walks = initial_walks()
        rest = boundary(walks, _idv())
        moved: set[str] = set()
        for step in range(600):
            advance(walks, _idv(number), step * STEP_H, 1)
            moved |= _changed(rest, boundary(walks, _idv(number)))
        assert moved == wandering


def test_walks_reach_the_process_in_their_published_sizes() -> None:
    walks = initial_walks()
    for walk in walks.values():
        walk.value = 0.2
    seen = boundary(walks, _idv())
    assert seen.ac_feed == pytest.approx((0.2, 0.2, 0.6))
    assert (seen.rate_1, seen.rate_2) == (0.2, 0.2)
    assert seen.stripper_heat == pytest.approx(1.2)
    assert seen.reactor_heat == pytest.approx(0.93)
    assert seen.condenser_heat == seen.effluent == pytest.approx(0.95)


def _changed(one: Boundary, two: Boundary) -> set[str]:
    before, after = asdict(one), asdict(two)
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("name", WALKS)
def test_walks_join_smoothly_within_their_bounds(name: str) -> None:
    number, centre, span, shortest, longest = WALKS[name]
    segments = _segments(name, _idv(number), 150.0)
    assert segments[0].end_h == 0.1
    assert len(segments) > 40
    targets: list[float] = []
    for last, this in pairwise(segments):
        assert this.start_h == last.end_h
        assert shortest <= this.end_h - this.start_h <= longest
        assert _at(this, this.start_h) == pytest.approx(_at(last, last.end_h), abs=1e-9)
        target, slope = _at(this, this.end_h)
        assert slope == pytest.approx(0.0, abs=1e-9)
        targets.append((target - centre) / span)
    assert -1.0 <= min(targets) < -0.8
    assert 0.8 < max(targets) <= 1.0


@pytest.mark.parametrize("name", EPISODES)
def test_episodes_rise_to_one_and_decay_within_a_tenth_of_an_hour(name: str) -> None:
    number, shortest, longest = EPISODES[name]
    segments = _segments(name, _idv(number), 100.0)[1:]
    assert len(segments) > 30
    for rise, decay in zip(segments[::2], segments[1::2], strict=False):
        assert shortest <= rise.end_h - rise.start_h <= longest
        assert _at(rise, rise.start_h) == (0.0, 0.0)
        assert _at(rise, rise.end_h)[0] == pytest.approx(1.0)
        assert decay.end_h - decay.start_h == pytest.approx(0.1)
        assert _at(decay, decay.start_h) == pytest.approx(_at(rise, rise.end_h))
        assert _at(decay, decay.end_h) == pytest.approx((0.0, 0.0), abs=1e-9)


def test_a_walk_that_is_switched_off_returns_within_a_segment() -> None:
    walks = initial_walks()
    for step in range(1000):
        time_h = step * STEP_H
        advance(walks, _idv(13, 17) if time_h < 3.0 else _idv(), time_h, 1)
    for name, walk in walks.items():
        assert walk.value == pytest.approx(initial_walks()[name].value, abs=1e-9)


def test_walks_depend_on_seed_and_time_but_not_on_the_other_walks() -> None:
    alone, together, other = initial_walks(), initial_walks(), initial_walks()
    for step in range(500):
        advance(alone, _idv(13), step * STEP_H, 1)
        advance(together, _idv(8, 11, 13, 17), step * STEP_H, 1)
        advance(other, _idv(13), step * STEP_H, 2)
    assert alone["rate_1"] == together["rate_1"] != other["rate_1"]
    assert alone["rate_1"].value != alone["rate_2"].value
