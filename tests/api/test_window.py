import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel import Window
from handwheel.connectors.historian.recorded_history import RecordedSlot
from handwheel.errors import BadQuality

from .notebook import html_of


def _window(*slots: tuple[float | None, float]) -> Window:
    """Returns a window of minutes, each with its mean and its good share."""
    count = len(slots)
    made = [
        RecordedSlot(60.0 * (count - n), 60.0, mean, mean, mean, good)
        for n, (mean, good) in enumerate(slots)
    ]
    return Window("PT-102.pv", "kPa", made)


def test_mean_is_weighted_by_good_time() -> None:
    assert _window((300.0, 1.0), (340.0, 0.6)).mean() == pytest.approx(315.0)


def test_slope_is_in_the_unit_per_hour() -> None:
    assert _window((300.0, 1.0), (301.0, 1.0), (302.0, 1.0)).slope() == pytest.approx(60.0)


def test_low_and_high_are_of_good_values() -> None:
    window = _window((300.0, 1.0), (None, 0.0), (310.0, 1.0), (305.0, 1.0), (306.0, 1.0))
    assert (window.low(), window.high(), window.coverage) == (300.0, 310.0, 0.8)


@given(st.integers(0, 79), st.sampled_from(["mean", "low", "high", "slope"]))
def test_window_below_80_percent_gives_no_number(good: int, number: str) -> None:
    window = _window(*((300.0, 1.0) if n < good else (None, 0.0) for n in range(100)))
    with pytest.raises(BadQuality, match=f"was good in {good}% of the last"):
        getattr(window, number)()


def test_window_without_records_gives_no_number() -> None:
    with pytest.raises(BadQuality):
        Window("PT-102.pv", "kPa", ()).mean()


def test_one_moment_has_no_slope() -> None:
    with pytest.raises(BadQuality, match="has no slope"):
        _window((300.0, 1.0)).slope()


def test_window_is_drawn_for_a_notebook() -> None:
    drawn = html_of(_window((300.0, 1.0), (310.0, 1.0)))
    assert drawn.count(",") >= 2
    assert "PT-102.pv, last 2 min 00 s; 100% good; 300 to 310 kPa" in drawn


@pytest.mark.parametrize("slots", [(), ((300.0, 0.1), (None, 0.0))])
def test_picture_of_too_little_has_no_number(slots: tuple[tuple[float | None, float], ...]) -> None:
    drawn = html_of(_window(*slots))
    assert "which is too little" in drawn
    assert "300" not in drawn
