"""Gate and terminal die at each statement and anywhere; no frame is unapproved or doubled."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from ..process_group import ROOT
from .__main__ import ANYWHERE
from .result import Tally
from .scenarios import SCENARIOS

SEED = 3
LUCK = 3  # statements to which only a busy machine brings a process, and not again
FEW = sum(each.few for each in SCENARIOS)


def _killed(root: Path, *options: str) -> Tally:
    """Kills in a process of its own: a fork of this one would share its loop and its threads."""
    kept = root / "tally"
    command = [sys.executable, "-m", "tests.kill.statement_kills", "--seed", str(SEED)]
    command += ["--tally", str(kept), *options]
    ended = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "TMPDIR": str(root)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    print(f"\n{ended.stdout}{ended.stderr[-3000:]}")
    assert kept.exists()
    tally = pickle.loads(kept.read_bytes())
    assert isinstance(tally, Tally)
    return tally


@pytest.mark.way_in("D1")
@pytest.mark.way_in("D3")
@pytest.mark.timeout(300)
def test_killed_at_some_statements_and_each_defect_is_seen(tmp_path: Path) -> None:
    tally = _killed(tmp_path, "few")
    assert tally.faults == tally.unreached == [], tally
    assert tally.kills == FEW + ANYWHERE["few"]
    assert tally.died_in("gate", "CLAIMED", "SENDING") >= 2, tally
    assert tally.died_in("terminal") >= 1, tally
    assert tally.resolved >= 2, tally
    late, again = tally.seen["late-intent"], tally.seen["resend"]
    assert [each for each in late if "it says that it was not sent" in each], late
    assert [each for each in again if "c1 a second time" in each], again


@pytest.mark.soak
def test_killed_at_every_statement(tmp_path: Path) -> None:
    tally = _killed(tmp_path, "whole")
    assert tally.faults == [], tally
    assert tally.kills >= 1000, tally
    for victim in ("gate", "terminal"):
        assert tally.died[victim] <= tally.came[victim]
        assert len(tally.missed(victim)) <= LUCK, tally
    assert tally.died_in("gate", "CLAIMED") >= 100, tally
    assert tally.died_in("gate", "SENDING") >= 100, tally
    assert tally.resolved >= 100, tally
