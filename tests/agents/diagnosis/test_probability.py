import pytest

from handwheel.agents.diagnosis.probability import probability


@pytest.mark.parametrize(
    ("total_db", "ahead_db", "said"),
    [
        (0.0, 0.0, 1 / 2),
        (10.0, 10.0, 10 / 11),
        (-10.0, -10.0, 1 / 11),
        (20.0, 0.0, 100 / 201),
        (20.0, 10.0, 100 / 111),
        (-10.0, -20.0, 0.1 / 11.1),
        (1e308, 1e308, 1.0),
        (-1e308, -1e308, 0.0),
    ],
)
def test_a_probability_is_against_none_and_against_a_suspected_rival(
    total_db: float, ahead_db: float, said: float
) -> None:
    assert probability(total_db, ahead_db) == pytest.approx(said)
