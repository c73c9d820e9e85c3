"""Gate and terminal are killed at random moments; no frame is unapproved, doubled or denied."""

from datetime import timedelta
from multiprocessing import active_children
from pathlib import Path

import pytest

from ...auditor.audit import Match, Report
from .harness import Result, Stop, Trial, late_frames, lock_out

FEW, MANY = 6, 200


def _killed(root: Path, kills: int, seed: int) -> Result:
    """Kills so many, tells of it, and holds for every run: nothing wrong, nothing left behind."""
    result = Trial(root, seed).run(kills)
    print(f"\n{result}")
    assert active_children() == []
    assert not result.faults, result
    assert result.deaths.total() == kills
    assert result.deaths.of("terminal") > 0, result
    assert result.passed["VERIFIED"] > 0, result
    return result


@pytest.mark.way_in("D1")
@pytest.mark.way_in("D3")
@pytest.mark.timeout(400)
def test_killed_a_few_times(tmp_path: Path) -> None:
    result = _killed(tmp_path / "world", FEW, seed=2)
    assert result.deaths.of("gate", "CLAIMED", "SENDING") >= 1, result


@pytest.mark.soak
def test_killed_again_and_again(tmp_path: Path) -> None:
    result = _killed(tmp_path / "world", MANY, seed=3)
    assert result.deaths.of("gate", "CLAIMED", "SENDING") >= 60, result
    assert result.deaths.of("gate", "SENDING") >= 20, result
    assert result.passed["UNKNOWN"] > 0, result
    assert result.stops > 0, result


def test_after_a_lockout_only_the_frame_in_flight_may_come(tmp_path: Path) -> None:
    (tmp_path / "lockout").mkdir()
    stop = lock_out(tmp_path, "P-101A")
    assert (tmp_path / "lockout" / "P-101A").exists()

    def faults(sent_s: float, came_s: float, pdu: str = "050000ff00", scope: str = "") -> list[str]:
        sent, came = (
            (stop.begun + timedelta(seconds=each)).isoformat() for each in (sent_s, came_s)
        )
        frame = {"n": 1, "wall": came, "pdu": pdu}
        row = {"kind": "action.SENDING", "subject": "R-1/c1", "at": sent}
        report = Report((), (Match(1, "R-1/c1", ("ben",), "VERIFIED"),))
        return list(late_frames([Stop(scope or stop.scope, stop.begun)], [frame], [row], report))

    assert faults(-0.2, -0.1) == faults(-0.1, 0.1) == []
    assert faults(0.1, 0.2) == ["frame 1: came after the lockout of P-101A"]
    assert faults(0.1, 0.2, pdu="050014ff00") == []
    assert faults(0.1, 0.2, pdu="050014ff00", scope="site")
