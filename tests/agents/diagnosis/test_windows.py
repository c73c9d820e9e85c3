"""Windows of the plant's values, against the samples that they sum up."""

import pickle
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.agents.diagnosis.windows import Windows
from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, GOOD, DataValue, StatusCode

TAG = "PT-102.pv"


def windows_of(values: list[float | None], every_s: float = 1.0) -> Windows:
    """Returns windows that have seen a value a second, `None` for a bad one."""
    found = Windows([TAG])
    for n, value in enumerate(values):
        status: StatusCode = GOOD if value is not None else BAD_NO_COMMUNICATION
        found.observe({TAG: DataValue(value or 0.0, status, None, None, 0.0)}, n * every_s)
    return found


@given(st.lists(st.floats(-1e6, 1e6), min_size=121, max_size=240))
def test_mean_and_extremes_are_those_of_the_closed_samples(values: list[float]) -> None:
    found = windows_of([*values])
    closed = values[: (len(values) - 1) // 10 * 10][-60:]
    window_s = 60.0 + (len(values) - 1) % 10  # the open bucket is not in it
    assert found.mean(TAG, window_s) == pytest.approx(mean(closed))
    assert (found.low(TAG, window_s), found.high(TAG, window_s)) == (min(closed), max(closed))


def test_slope_of_a_ramp_is_its_rate_without_an_error() -> None:
    slope = windows_of([n / 60.0 for n in range(1200)]).slope(TAG, 900.0)
    assert slope is not None
    assert slope.per_h == pytest.approx(60.0)
    assert slope.error_per_h == pytest.approx(0.0, abs=1e-6)


def test_noise_of_a_ramp_leaves_out_what_moves_slowly() -> None:
    ramp = windows_of([n / 60.0 for n in range(600)]).noise(TAG, 300.0)
    shaken = windows_of([n / 60.0 + (-1) ** n for n in range(600)]).noise(TAG, 300.0)
    assert ramp is not None
    assert shaken is not None
    assert ramp < 0.02
    assert shaken == pytest.approx(2**0.5, rel=0.02)


def test_noise_is_unknown_where_a_bucket_has_one_sample() -> None:
    assert windows_of([n % 2.0 for n in range(100)], every_s=10.0).noise(TAG, 300.0) is None


@pytest.mark.parametrize(("bad", "is_known"), [(100, True), (200, False)])
def test_a_window_with_gaps_is_known_while_good_samples_cover_enough(
    bad: int, is_known: bool
) -> None:
    found = windows_of([1.0] * 300 + [None] * bad + [1.0])
    assert (found.mean(TAG, 300.0) is not None) is is_known


def test_a_long_window_has_the_mean_of_coarse_buckets() -> None:
    found = windows_of([float(n // 3600) for n in range(0, 14400, 5)], every_s=5.0)
    assert found.mean(TAG, 14000.0) == pytest.approx(1.5, abs=0.05)
    assert found.mean(TAG, 3600.0, until_s=7200.0) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(("back_to_s", "mean_after"), [(0.0, None), (280.0, 1.0)])
def test_time_that_goes_back_by_more_than_a_guess_empties_the_windows(
    back_to_s: float, mean_after: float | None
) -> None:
    found = windows_of([1.0] * 300)
    found.observe({TAG: DataValue(2.0, GOOD, None, None, 0.0)}, back_to_s)
    assert found.mean(TAG, 60.0) == mean_after
    assert found.latest(TAG) == 2.0


def test_windows_whose_statistics_were_asked_for_go_to_another_process() -> None:
    found = windows_of([1.0] * 300)
    assert found.mean(TAG, 60.0) == 1.0
    assert pickle.loads(pickle.dumps(found)).mean(TAG, 60.0) == 1.0


def test_a_text_is_no_sample() -> None:
    found = Windows([TAG])
    found.observe({TAG: DataValue("run", GOOD, None, None, 0.0)}, 0.0)
    assert found.latest(TAG) is None
