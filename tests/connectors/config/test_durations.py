from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handwheel.connectors.config.durations import format_duration, parse_duration

SECONDS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


@given(
    st.decimals(min_value=0, max_value=10_000, places=3),
    st.sampled_from(sorted(SECONDS)),
    st.sampled_from(["", " ", "  "]),
)
def test_a_number_and_a_unit_are_read_back(number: object, unit: str, space: str) -> None:
    assert (
        parse_duration(f"{space}{number}{space}{unit}{space}") == float(str(number)) * SECONDS[unit]
    )


def test_anything_else_is_refused_with_an_example() -> None:
    cases: list[object] = [
        *("", "7", "ms", "-1 s", "+1 s", "1,5 s", ".5 s", "5. s", "1e3 s", "1 m", "1 S", "1 sec"),
        *("1 s 2 ms", "1\n0 s", "\u0661 s", "nan s", "inf s", 500, 0.5, None, True, ["1 s"]),
    ]
    for text in cases:
        with pytest.raises(ValueError, match="write a number and ms, s, min, h or d: 500 ms"):
            parse_duration(text)


@given(st.text(max_size=12))
def test_any_text_is_a_duration_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        assert parse_duration(text) >= 0.0


def test_a_duration_is_shown_as_people_say_it() -> None:
    cases = {0.0: "0 s", 0.05: "0.05 s", 9.994: "9.99 s", 12.4: "12 s", 59.4: "59 s"}
    cases |= {59.6: "1 min 00 s", 200.0: "3 min 20 s", 3599.6: "1 h 00 min", 7500.0: "2 h 05 min"}
    for seconds, text in cases.items():
        assert format_duration(seconds) == text


_PARTS = {"s": 1.0, "min": 60.0, "h": 3600.0}


@given(st.floats(min_value=0.0, max_value=1e6))
def test_what_is_shown_is_the_duration_to_its_last_digit(seconds: float) -> None:
    words = format_duration(seconds).split()
    shown = sum(float(n) * _PARTS[unit] for n, unit in zip(words[::2], words[1::2], strict=True))
    last = _PARTS[words[-1]] if seconds >= 10.0 else max(0.005 * seconds, 1e-9)
    assert abs(shown - seconds) <= last
