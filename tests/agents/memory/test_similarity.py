"""Episodes are alike by the signs of the leading hypotheses and by the cause."""

from typing import Any

import pytest

from handwheel.agents.memory.alike_cases import similar
from handwheel.agents.memory.episode import Episode, diagnosis_of

from .played import diagnosis, hypothesis

WORN = hypothesis("bearing-worn P-101A", shakes=20.0, hot=10.0, grows=-6.0, loud=0.0)


def _episode(case_id: str, diagnosed: dict[str, Any], at: str = "2026") -> Episode:
    diagnosis_ = diagnosis_of(diagnosed)
    return Episode(case_id, at, at, "", "", (), (), (), "", diagnosis_, (), ())


@pytest.mark.parametrize(
    ("then", "alike", "compared", "likeness"),
    [
        (hypothesis("bearing-worn P-101A", shakes=20.0, hot=10.0, grows=-6.0), 3, 3, 1.0),
        (hypothesis("bearing-worn P-101B", shakes=20.0, hot=10.0, grows=-6.0), 3, 3, 1.0),
        (hypothesis("bearing-worn P-101A", shakes=20.0, hot=10.0, grows=6.0), 2, 3, 40 / 46),
        (hypothesis("bearing-worn P-101A", shakes=20.0, hot=0.0, grows=-6.0), 2, 3, 36 / 46),
        (hypothesis("bearing-worn P-101A", shakes=20.0, hot=10.0, loud=4.0), 2, 4, 40 / 50),
        (hypothesis("bearing-worn P-101A", shakes=-20.0, hot=10.0, grows=-6.0), 2, 3, 26 / 46),
    ],
)
def test_likeness_is_the_share_of_signs_and_cause_by_weight(
    then: dict[str, Any], alike: int, compared: int, likeness: float
) -> None:
    (found,) = similar(diagnosis_of(diagnosis(WORN)), [_episode("C-1", diagnosis(then))])
    assert (len(found.alike), found.compared) == (alike, compared)
    assert found.likeness == pytest.approx(likeness)


def test_episode_of_other_signs_is_not_alike() -> None:
    others = [
        hypothesis("bearing-worn P-101A", shakes=-20.0, hot=-10.0, grows=-6.0),
        hypothesis("cavitates P-101A", noise=15.0),
        hypothesis("bearing-worn P-101A", loud=0.0),
    ]
    episodes = [_episode(f"C-{n}", diagnosis(each)) for n, each in enumerate(others)]
    assert similar(diagnosis_of(diagnosis(WORN)), episodes) == []
    normal = diagnosis(named=False)
    assert similar(diagnosis_of(normal), [_episode("C-1", normal)]) == []


def test_rivals_are_alike_where_the_same_two_were_suspected() -> None:
    both = [WORN, hypothesis("cavitates P-101A", noise=15.0)]
    episode = _episode("C-1", diagnosis(*both, named=False))
    (found,) = similar(diagnosis_of(diagnosis(*both, named=False)), [episode])
    assert [each.id for each in found.alike] == ["shakes", "noise", "hot", "grows"]


def test_most_alike_come_first_and_of_equal_ones_the_newest() -> None:
    less = hypothesis("bearing-worn P-101A", shakes=20.0, hot=10.0, grows=6.0)
    episodes = [
        _episode("C-1", diagnosis(WORN), "2025-01"),
        _episode("C-2", diagnosis(less), "2025-04"),
        _episode("C-3", diagnosis(WORN), "2025-03"),
        _episode("C-4", diagnosis(WORN), "2025-02"),
    ]
    found = similar(diagnosis_of(diagnosis(WORN)), episodes)
    assert [each.episode.case_id for each in found] == ["C-3", "C-4", "C-1"]
