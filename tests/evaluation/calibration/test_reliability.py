from collections.abc import Sequence
from itertools import count

import pytest

from handwheel.evaluation.calibration.mode_offsets import mode_offsets
from handwheel.evaluation.calibration.prediction import Prediction
from handwheel.evaluation.calibration.reliability import reliability

_cases = count()


def _said(db: float, true: int, of: int, mode: str = "m", each: int = 1) -> list[Prediction]:
    """Predictions of as many cases, each with some that are equal."""
    cases = [f"case {next(_cases)}" for _ in range(of)]
    return [
        Prediction(case, mode, db, db, n < true)
        for n, case in enumerate(cases)
        for _ in range(each)
    ]


def test_reliability_of_bins_has_shares_with_intervals_by_cases_and_scores() -> None:
    found = reliability([*_said(0.0, 10, 20, each=3), *_said(9.542425, 9, 10)])
    low, high = found.bins
    assert (low.from_db, low.to_db, low.n, low.cases, low.predicted, low.true) == (
        0,
        5,
        60,
        20,
        0.5,
        0.5,
    )
    assert low.interval == pytest.approx((0.2993, 0.7007), abs=1e-4)
    assert (high.n, high.predicted, high.true) == pytest.approx((10, 0.9, 0.9))
    assert (found.n, found.cases, found.true) == (70, 30, 39 / 70)
    assert found.calibration_error == pytest.approx(0.0, abs=1e-6)
    assert found.brier == pytest.approx((60 * 0.25 + 9 * 0.01 + 0.81) / 70)
    assert found.log_loss == pytest.approx(0.6405, abs=1e-4)


@pytest.mark.parametrize(
    ("predictions", "offset_db", "judgement"),
    [
        (_said(9.542425, 180, 200), 0.0, "fits"),
        (_said(10.0, 100, 200), -10.0, "over-confident"),
        (_said(-10.0, 100, 200, each=4), 10.0, "under-confident"),
        (_said(0.0, 4, 4), 9.4, "too few"),
    ],
)
def test_a_mode_is_off_by_the_decibans_that_make_it_true(
    predictions: Sequence[Prediction], offset_db: float, judgement: str
) -> None:
    (found,) = mode_offsets(predictions)
    assert found.offset_db == pytest.approx(offset_db, abs=0.5)
    assert found.judgement == judgement
