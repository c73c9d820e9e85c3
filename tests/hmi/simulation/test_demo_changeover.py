"""The demo's scenarios from start to end, with a script that approves; the witness judges them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import load_site
from handwheel.hmi.simulation.demo.decisions import Decider, Decisions, DemoApprover
from handwheel.hmi.simulation.demo.demo import DemoRun
from handwheel.hmi.simulation.demo.processes import start_demo_system
from handwheel.hmi.simulation.demo.scenarios import CHANGEOVER, DEMO_SCENARIOS, FinalPhase
from handwheel.hmi.simulation.demo.scenarios import STRAINER as PLUGGED
from handwheel.playbooks.engine.run import Run
from handwheel.playbooks.engine.states import RunState
from handwheel.playbooks.execution.event_log import load_run
from handwheel.tools.guardrails.ledger.runs import load_runs
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.maintenance.work_order_database import WorkOrder, WorkOrders

from ...auditor.audit import Report, judge
from ...command_line import handwheel
from ...plants.served import frames_of

pytestmark = pytest.mark.timeout(300)

# A trend over half an hour must be known before anything is asked; then it goes in minutes.
WORN = "F01@25min,d0=0.4,tau=20min"


@dataclass(frozen=True)
class Told:
    """What a demo leaves."""

    folder: Path
    text: str
    runs: dict[str, Run]  # the latest of each playbook
    workorders: list[WorkOrder]

    @property
    def last_line(self) -> str:
        return self.text.splitlines()[-1]

    @property
    def pdus(self) -> list[str]:
        return [frame["pdu"] for frame in frames_of(self.folder / "frames.jsonl")]

    def judged(self) -> Report:
        """The word of the witness, who imports nothing of ours."""
        root = self.folder / "cooling"
        journal = handwheel("journal", "export", "--site", str(root)).stdout
        frames = (self.folder / "frames.jsonl").read_text(encoding="utf-8")
        operators = (root / "operators.yaml").read_text(encoding="utf-8")
        return judge(frames, journal, operators, load_site(root).trust_root)


Tell = Callable[..., Awaitable[Told]]


@pytest.fixture
def tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tell:
    """Runs a demo with other faults, in lines, where a script approves at once."""

    async def run(name: str, *faults: str) -> Told:
        scenario = replace(DEMO_SCENARIOS[name], faults=faults, tail=FinalPhase(5.0, 10.0))
        async with start_demo_system(tmp_path, scenario, is_attended=False) as system:
            state = system.site.state
            with Database(state, system.site.id) as ledger:
                approver = DemoApprover(system.site, system.people)
                decisions = Decisions(approver, Decider.SCRIPT)
                assert await DemoRun(system, ledger, decisions, is_live=False).run() == ""
                runs = {each.playbook: load_run(ledger, each.run_id) for each in load_runs(ledger)}
        with WorkOrders(state) as workorders:
            return Told(tmp_path, capsys.readouterr().out, runs, workorders.all())

    return run


@pytest.mark.soak  # test_by_hand does the same with a site of its own
async def test_two_approvals_move_exactly_three_things_and_the_witness_agrees(tell: Tell) -> None:
    told = await tell("F01", WORN)
    assert told.pdus == ["050014ff00", "0500000000", "0600000002"], told.text
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
    assert "As approved, the standby was started in time" in told.last_line
    assert "auto-start disabled" in told.last_line


@pytest.mark.soak
async def test_a_plugged_strainer_is_another_cause_and_no_pump_is_asked_for(tell: Tell) -> None:
    told = await tell("F02", "F02@1min")
    assert told.pdus == []
    assert told.judged().is_clean
    assert CHANGEOVER not in told.runs
    assert (told.runs[PLUGGED].state, told.runs[PLUGGED].requests) == (RunState.COMPLETE, ())
    assert any("strainer S-101" in each.title for each in told.workorders)
    said = " ".join(told.text.split())  # the output wraps at 80 columns
    assert "not started: evidence against it is met: cavitation: PDT-101.pv > 25 kPa" in said
    assert "requested no pump" in told.last_line


@pytest.mark.soak
async def test_a_standby_that_does_not_start_is_taken_back_and_the_duty_pump_runs_on(
    tell: Tell,
) -> None:
    told = await tell("F16", WORN, "F16")
    assert told.pdus == ["050014ff00", "0500140000"], told.text
    assert told.judged().is_clean
    assert told.runs[CHANGEOVER].state is RunState.ABORTED
    assert "P-101A stops" not in told.text
    assert "010500140000  P-101B.run_cmd = false (recovery), by ben (unattended)" in told.text
    assert "P-101A is still running" in told.last_line
