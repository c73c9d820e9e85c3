"""Windows: what they come to, when they are unknown, and that thinning loses no extreme."""

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from math import isclose
from random import Random
from statistics import linear_regression, mean, median, stdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handwheel.tools.conditions import (
    Condition,
    ConditionError,
    History,
    Truth,
    parse_condition,
    parse_expression,
)
from handwheel.tools.conditions.series import BUCKETS

from .samples import TAGS, reading

Known = list[tuple[float, float]]
Samples = list[tuple[float, float | None]]

VT = "VT-101A.pv"
WINDOW_S = 10.0
U, T, F = Truth.UNKNOWN, Truth.TRUE, Truth.FALSE


def observe(history: History, samples: Samples) -> None:
    for now_s, value in samples:
        history.observe({VT: reading(value)}, now_s)


def watched(text: str) -> tuple[Condition, History]:
    condition = parse_condition(text, TAGS, windows=True)
    return condition, History([condition])


def value_of(text: str, samples: Samples) -> object:
    expression = parse_expression(text, TAGS, windows=True)
    history = History([expression])
    observe(history, samples)
    return expression.value({}, history)


def covering(samples: Samples, window_s: float) -> tuple[float, Known]:
    """What good samples cover of a window, and these samples, computed anew from all."""
    start = samples[-1][0] - window_s
    first = max((at for at, _ in samples if at <= start), default=samples[0][0])
    kept = [(at, value) for at, value in samples if at >= first]
    steps = [after[0] - before[0] for before, after in pairwise(kept)]
    covered, known = 0.0, Known()
    for n, ((at, value), step) in enumerate(zip(kept, [*steps, 0.0], strict=True)):
        sides = [side for side in (steps[:n][-5:], steps[n + 1 :][:5]) if side]
        usual = max(map(median, sides)) if sides else step
        end = at + min(step, 3 * usual)
        if value is not None and (end > start or at >= start):
            covered += end - max(at, start)
            known.append((at, value))
    return covered, known


def naive(samples: Samples, window_s: float = WINDOW_S) -> Known | None:
    """The good samples of a window, nothing if they are too few."""
    covered, known = covering(samples, window_s)
    return known if covered >= 0.8 * window_s - 1e-6 and len(known) >= 5 else None


def _in_time(rows: Sequence[tuple[float, float | None]]) -> Samples:
    return list(zip(accumulate(step for step, _ in rows), (v for _, v in rows), strict=True))


quarters = st.integers(0, 40).map(lambda n: n / 4)
often_good = st.one_of(st.none(), quarters, quarters, quarters, quarters, quarters)
spacings = st.sampled_from([0.5, 1.0, 1.0, 1.0, 1.25, 2.0, 7.0])
gappy = st.lists(st.tuples(spacings, often_good), min_size=1, max_size=40)
steady = st.lists(st.tuples(st.sampled_from([0.75, 1.0, 1.25]), quarters), min_size=9, max_size=30)
plants = gappy.map(_in_time) | steady.map(_in_time)

STATISTICS: dict[str, Callable[[list[float], list[float]], float]] = {
    "avg": lambda times, values: mean(values),
    "min": lambda times, values: min(values),
    "max": lambda times, values: max(values),
    "stdev": lambda times, values: stdev(values),
    "delta": lambda times, values: values[-1] - values[0],
    "rate": lambda times, values: 3600 * linear_regression(times, values).slope,
}


@given(st.sampled_from(sorted(STATISTICS)), plants)
def test_a_window_is_what_all_its_samples_come_to(name: str, samples: Samples) -> None:
    found, known = value_of(f"{name}({VT}, 10 s)", samples), naive(samples)
    if known is None:
        assert found is None
        return
    expected = STATISTICS[name]([at for at, _ in known], [value for _, value in known])
    assert isinstance(found, int | float)
    assert isclose(found, expected, abs_tol=1e-9)


@settings(max_examples=20)
@given(st.integers(), st.sampled_from([60.0, 200.0]))
def test_a_window_asked_now_and_then_is_what_all_its_samples_come_to(
    seed: int, window_s: float
) -> None:
    chance = Random(seed)
    asked = {
        name: parse_expression(f"{name}({VT}, {window_s:g} s)", TAGS, windows=True)
        for name in STATISTICS
    }
    history, samples, at = History(asked.values()), Samples(), 0.0
    for _ in range(700):
        at += chance.choice([0.5, 0.75, 1.0, 1.0, 1.0, 1.25] * 4 + [4.0, 7.0])
        value = chance.choice([None, *(chance.uniform(0, 10) for _ in range(12))])
        samples.append((at, value))
        observe(history, samples[-1:])
        if chance.random() > 0.03:
            continue
        covered, known = covering(samples, window_s)[0], naive(samples, window_s)
        lost_s = min(window_s, at - samples[0][0]) - covered
        assert history.series[VT, window_s].summary().lost_s == pytest.approx(lost_s, abs=1e-6)
        for name, each in asked.items():
            found = each.value({}, history)
            if known is None:
                assert found is None, name
                continue
            expected = STATISTICS[name]([at for at, _ in known], [value for _, value in known])
            assert found == pytest.approx(expected, abs=1e-7), name


@given(plants)
def test_held_is_false_for_one_false_and_true_only_if_covered(samples: Samples) -> None:
    condition, history = watched(f"held({VT} < 8 mm/s, 10 s)")
    observe(history, samples)
    truth, known = condition.evaluate({}, history), naive(samples)
    start = samples[-1][0] - WINDOW_S
    if any(value is not None and value >= 8 for at, value in samples if at >= start):
        assert truth is F
    elif known is None:
        assert truth is not T
    else:
        assert truth is (T if all(value < 8 for _, value in known) else F)


@settings(max_examples=10)
@given(st.integers(), st.sets(st.integers(1000, 5999), max_size=3))
def test_thinning_keeps_every_extreme_and_bounds_the_memory(seed: int, spikes: set[int]) -> None:
    noise = Random(seed)
    samples = [(float(at), 1e3 + at if at in spikes else noise.random()) for at in range(6000)]
    held = parse_condition(f"held({VT} < 200 mm/s, 5000 s)", TAGS, windows=True)
    highest = parse_expression(f"max({VT}, 5000 s)", TAGS, windows=True)
    average = parse_expression(f"avg({VT}, 5000 s)", TAGS, windows=True)
    history = History([held, highest, average])
    observe(history, [*samples])
    assert all(len(each) <= BUCKETS + 2 for each in history.series.values())
    assert held.evaluate({}, history) is (F if spikes else T)
    exact = [value for at, value in samples if at >= 999]
    assert highest.value({}, history) in {max(exact), *(v for at, v in samples if 994 < at < 999)}
    assert average.value({}, history) == pytest.approx(mean(exact), abs=0.01)


def judged(condition: Condition, history: History) -> tuple[Truth, bool]:
    return condition.evaluate({}, history), history.is_forming(condition)


def test_a_window_forms_and_a_gap_or_a_bad_value_undoes_it() -> None:
    low, history = watched(f"held({VT} < 8 mm/s, 10 s)")
    assert judged(low, history) == (U, True)
    assert history.missing_s(low) == 8.0  # four fifths of it
    observe(history, [(float(at), 5.0) for at in range(8)])
    assert judged(low, history) == (U, True)
    assert history.missing_s(low) == 1.0
    observe(history, [(8.0, 5.0)])
    assert judged(low, history) == (T, False)
    assert history.missing_s(low) == 0.0
    observe(history, [(14.0, 5.0)])  # three of the six seconds are a gap
    assert judged(low, history) == (U, False)
    observe(history, [(float(at), 5.0) for at in range(15, 24)])
    assert judged(low, history) == (T, False)
    observe(history, [(float(at), None) for at in range(24, 28)])
    assert judged(low, history) == (U, False)
    observe(history, [(28.0, 9.0)])
    assert judged(low, history) == (F, False)
    observe(history, [(5.0, 5.0)])  # time goes back
    assert judged(low, history) == (U, True)


def test_a_window_of_windows_forms_after_them() -> None:
    calm = parse_condition(f"held(stdev({VT}, 20 s) < 1 mm/s, 10 s)", TAGS, windows=True)
    assert calm.longest_window_s == 30.0
    history = History([calm])
    for at in range(40):
        observe(history, [(float(at), 5.0)])
        assert judged(calm, history) == ((U, True) if at < 24 else (T, False)), at


def test_ago_is_the_sample_that_stood_then() -> None:
    for length, value in [
        ("20 s", 0.0), ("19.5 s", 0.0), ("18 s", None), ("14 s", 4.0), ("21 s", None),
    ]:  # fmt: skip
        seen = (0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
        samples: Samples = [(float(at), None if at == 2 else float(at)) for at in seen]
        assert value_of(f"ago({VT}, {length})", samples) == value, length


def test_ago_knows_words_and_truths_too() -> None:
    text = "ago(P-101A.mode, 6 s) == 'remote' and not ago(P-101A.running, 4 s)"
    condition, history = watched(text)
    for at in range(9):
        readings = {"P-101A.mode": reading(1 if at < 3 else 2), "P-101A.running": reading(at > 4)}
        history.observe(readings, float(at))
    assert condition.evaluate({}, history) is T
    assert value_of(f"ago({VT}, 10 s)", [(0.0, 1.0), (3600.0, 2.0)]) is None  # a gap, no rhythm


def test_a_change_of_temperature_is_a_difference() -> None:
    text = "delta(TT-105.pv, 10 s) > 1.5 degC and rate(TT-105.pv, 10 s) > 500 degC/h"
    condition, history = watched(text)
    for at in range(11):
        history.observe({"TT-105.pv": reading(20 + at / 5)}, float(at))
    assert condition.evaluate({}, history) is T


def test_a_card_shows_what_a_window_comes_to() -> None:
    condition, history = watched(f"rate({VT}, 10 s) > 1 mm/s/h")
    assert condition.evaluate({VT: reading(5.5)}) is U  # without a history
    observe(history, [(float(at), at / 2) for at in range(12)])
    assert condition.shown({VT: reading(5.5)}, history) == (
        "rate(VT-101A.pv, 10 s) > 1 mm/s/h  "
        "[VT-101A.pv is 5.5 mm/s, rate(VT-101A.pv, 10 s) is 1800 mm/s/h]"
    )


def test_one_moment_knows_no_window_but_held() -> None:
    for name in ["rate", "avg", "stdev", "delta", "ago", "min", "max"]:
        with pytest.raises(ConditionError) as caught:
            parse_condition(f"true and\n {name}({VT}, 5 min) > 3 mm/s", TAGS)
        assert str(caught.value) == (
            f"2:2: {name} looks back in time; this is evaluated on what is read at one moment"
        )
        now = parse_condition(f"held({VT} > 3 mm/s, 5 min)", TAGS)
        assert now.evaluate({VT: reading(4.0)}) is T, name
        assert now.longest_window_s == 0.0, name
