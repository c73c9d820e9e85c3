"""Gate and terminal are killed at random moments; no frame is unapproved, doubled or denied."""

import os
from pathlib import Path

import pytest

from ...hmi.command_processes import children
from .harness import run
from .result import Result

SEED = 3
FEW, MANY = 20, 200


def _killed(root: Path, kills: int) -> Result:
    """Kills so many, tells of it, and holds for every run: nothing wrong, nothing left behind."""
    before = children(os.getpid())
    result = run(root, kills, SEED)
    print(f"\n{result}")
    assert children(os.getpid()) == before
    assert not result.faults, result
    assert sum(result.deaths.values()) == kills
    assert result.died("terminal") > 0, result
    assert result.passed["VERIFIED"] > 0, result
    assert result.passed["UNKNOWN"] > 0, result
    return result


@pytest.mark.way_in("D1")
@pytest.mark.way_in("D3")
@pytest.mark.timeout(400)
def test_killed_twenty_times(tmp_path: Path) -> None:
    result = _killed(tmp_path / "world", FEW)
    assert result.died("gate", "CLAIMED", "SENDING") >= 3, result


@pytest.mark.soak
def test_killed_again_and_again(tmp_path: Path) -> None:
    result = _killed(tmp_path / "world", MANY)
    assert result.died("gate", "CLAIMED", "SENDING") >= 60, result
    assert result.died("gate", "SENDING") >= 20, result
    assert result.stops > 0, result
