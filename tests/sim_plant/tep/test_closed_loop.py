"""Process and controllers together, against recordings that others made of them."""

from pathlib import Path
from typing import Any

import pytest

from handwheel.connectors.config.yaml_documents import read_document

from .closed_loop import disturbed

RICKER: dict[str, Any] = read_document(Path(__file__).with_name("ricker.yaml")).data
TOLERANCE: dict[str, float] = RICKER["tolerance"]


# When three of the five stand where they stand at 50 h; the soak runs all to 50 h
SETTLED_H = {4: 4.0, 5: 4.0, 7: 8.0}
QUICK = [each for each in RICKER["recordings"] if each["idv"] in SETTLED_H]


def _agrees(recording: dict[str, Any], hours: float) -> None:
    course = disturbed(None, recording["idv"], hours)
    assert course.tripped_h is None
    for number, recorded in zip(RICKER["valves"], recording["ends"], strict=True):
        assert course.xmv[number - 1] == pytest.approx(recorded, abs=TOLERANCE["xmv"]), number
    low_tolerance = recording.get("low_tolerance", TOLERANCE["pressure"])
    assert course.high[0] == pytest.approx(recording["high"], abs=TOLERANCE["pressure"])
    assert course.low[0] == pytest.approx(recording["low"], abs=low_tolerance)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("recording", QUICK, ids=lambda each: f"IDV{each['idv']}")
def test_extremes_and_ends_are_those_of_rickers_recordings(recording: dict[str, Any]) -> None:
    _agrees(recording, SETTLED_H[recording["idv"]])


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.parametrize("recording", RICKER["recordings"], ids=lambda each: f"IDV{each['idv']}")
def test_ends_after_50_hours_are_those_of_rickers_recordings(recording: dict[str, Any]) -> None:
    _agrees(recording, 50.0)
