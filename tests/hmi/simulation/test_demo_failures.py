"""The demo where a change-over is not the answer, and where the standby does not start."""

from pathlib import Path

import pytest

from handwheel.hmi.simulation.demo.scenarios import CHANGEOVER
from handwheel.hmi.simulation.demo.scenarios import STRAINER as PLUGGED
from handwheel.playbooks.run.states import RunState

from .demo_scenarios import NO_STANDBY, STRAINER, tell


@pytest.mark.timeout(300)
async def test_a_plugged_strainer_is_another_cause_and_no_pump_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = await tell(STRAINER, tmp_path, capsys, approve_after_s=0.0)
    assert told.pdus == []
    assert told.judged().is_clean
    run = told.runs[CHANGEOVER]
    assert run.state is RunState.NOT_STARTED
    assert {"cavitation", "bearing"} <= set(run.diagnosis["blocked_by"])
    assert run.suggested == PLUGGED
    assert run.requests == ()
    assert told.runs[PLUGGED].state is RunState.COMPLETE
    assert any("strainer S-101" in each.title for each in told.workorders)
    assert "The agents request:" not in told.text
    said = " ".join(told.text.split())  # the output wraps at 80 columns
    assert "not started: evidence against it is met: cavitation: PDT-101.pv > 25 kPa" in said
    assert "requested no pump" in told.lines[-1]


@pytest.mark.timeout(300)
async def test_a_standby_that_does_not_start_is_taken_back_and_the_duty_pump_runs_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = await tell(NO_STANDBY, tmp_path, capsys, approve_after_s=0.0)
    assert told.pdus == ["050014ff00", "0500140000"], told.text
    assert told.judged().is_clean
    assert told.runs[CHANGEOVER].state is RunState.ABORTED
    assert "P-101A stops" not in told.text
    assert "010500140000  P-101B.run_cmd = false (recovery), by ben (unattended)" in told.text
    assert "P-101A is still running" in told.lines[-1]
