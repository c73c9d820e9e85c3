"""The demo's change-over told whole: approved twice, rejected, and left alone."""

import re
from pathlib import Path

import pytest

from handwheel.hmi.simulation.demo.approver import DemoApprover
from handwheel.hmi.simulation.demo.scenarios import CHANGEOVER
from handwheel.playbooks.run.states import RunState

from .demo_scenarios import BEARING, tell

START_STANDBY, STOP_DUTY, MAINTENANCE = "050014ff00", "0500000000", "0600000002"


@pytest.mark.timeout(300)
async def test_two_approvals_move_exactly_three_things_and_the_witness_agrees(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = await tell(BEARING, tmp_path, capsys, approve_after_s=0.0)
    assert told.pdus == [START_STANDBY, STOP_DUTY, MAINTENANCE], told.text
    report = told.judged()
    assert report.faults == ()
    assert [(each.approvers, each.outcome) for each in report.matched] == [
        (("ben",), "VERIFIED")
    ] * 3
    assert told.runs[CHANGEOVER].state is RunState.COMPLETE
    (order,) = told.workorders
    assert (order.asset, order.class_) == ("P-101A", "corrective")
    for said in (
        "01050014ff00  P-101B.run_cmd = true, by ben (unattended)",
        "010500000000  P-101A.run_cmd = false, by ben (unattended)",
        "010600000002  P-101A.mode = maintenance, by ben (unattended)",
        "Expected results that were met: 5 of 5",
        f"Work order {order.workorder_id}, P-101A",
        "intents 3: nothing is wrong",
    ):
        assert said in told.text
    assert "P-101A trips" not in told.text
    assert "after the agents detected the vibration, as approved" in told.lines[-1]
    assert "auto-start disabled" in told.lines[-1]


@pytest.mark.timeout(300)
async def test_a_rejection_stops_the_run_and_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DemoApprover, "approve_unattended", DemoApprover.reject)
    told = await tell(BEARING, tmp_path, capsys, approve_after_s=0.0)
    assert told.pdus == []
    assert told.judged().is_clean
    assert told.runs[CHANGEOVER].state is RunState.STOPPED
    assert "Rejected. Nothing is sent, and the demo continues." in told.text
    assert "  rejected by ben: at the card" in told.text
    assert "approved" not in told.lines[-1]


@pytest.mark.timeout(300)
async def test_where_nobody_answers_the_interlocks_act_and_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = await tell(BEARING, tmp_path, capsys)
    assert told.pdus == []
    assert told.judged().is_clean
    assert told.runs[CHANGEOVER].state is RunState.WAITING_APPROVAL
    assert told.text.count("The agents request: ") == 1
    assert "not approved: an answer needs a terminal" in told.text  # a pipe is no person
    assert "and the approver:\n  none\n" in told.text
    assert "intents 0: nothing is wrong" in told.text
    *lines, last = told.lines
    assert [line for line in lines if len(line) > 80] == []
    assert [line for line in lines if line != line.rstrip()] == []
    seen: list[str] = re.findall(r"^  [0-9:]+  (\S+\.\S+) ", told.text, re.MULTILINE)
    story = ["VAH-101A.active", "P-101A.tripped", "I-03.active", "P-101B.running"]
    assert [tag for tag in seen if tag in story] == story
    assert re.fullmatch(
        r"The alarm came .+ before the trip. That is too short .* kept running\. "
        r"The header fell to \d+ kPa\.",
        last,
    )
