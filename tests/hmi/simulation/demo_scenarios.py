"""Tells the demo's stories to the tests, faster, and has the witness judge them."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from handwheel.connectors.client.site_reader import SiteReader
from handwheel.connectors.model.site import load_site
from handwheel.hmi.simulation.demo.demo import DemoRun
from handwheel.hmi.simulation.demo.processes import start_demo_system
from handwheel.hmi.simulation.demo.scenarios import DEMO_SCENARIOS, DemoScenario, FinalPhase
from handwheel.hmi.simulation.demo.timeline import DEMO_TAGS
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.playbooks.run.event_log import load_run
from handwheel.playbooks.run.states import Run
from handwheel.tools.guardrails.ledger.runs import load_runs
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.maintenance.workorders import WorkOrder, WorkOrders

from ...auditor.audit import Report, judge
from ...command_line import handwheel
from ...plants.served import frames_of, site_of

# A trend over half an hour must be known before anything is asked; then it goes in minutes.
WORN = "F01@25min,d0=0.4,tau=20min"


def _faster(name: str, *faults: str) -> DemoScenario:
    return replace(DEMO_SCENARIOS[name], faults=faults, speed=100.0, tail=FinalPhase(5.0, 10.0))


BEARING = _faster("F01", WORN)
NO_STANDBY = _faster("F16", WORN, "F16")
STRAINER = _faster("F02", "F02@1min")


@dataclass(frozen=True)
class Told:
    """What is left of a telling."""

    folder: Path
    text: str

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def pdus(self) -> list[str]:
        return [frame["pdu"] for frame in frames_of(self.folder / "frames.jsonl")]

    @property
    def runs(self) -> dict[str, Run]:
        """The latest run of each playbook."""
        with Database(self.folder / "cooling/var", "cooling") as database:
            return {each.playbook: load_run(database, each.run_id) for each in load_runs(database)}

    @property
    def workorders(self) -> list[WorkOrder]:
        with WorkOrders(self.folder / "cooling/var") as workorders:
            return workorders.all()

    def judged(self) -> Report:
        """The word of the witness, who imports nothing of ours."""
        root = self.folder / "cooling"
        journal = handwheel("journal", "export", "--site", str(root)).stdout
        frames = (self.folder / "frames.jsonl").read_text(encoding="utf-8")
        operators = (root / "operators.yaml").read_text(encoding="utf-8")
        return judge(frames, journal, operators, load_site(root).trust_root)


async def tell(
    story: DemoScenario,
    folder: Path,
    told: pytest.CaptureFixture[str],
    approve_after_s: float | None = None,
    scan: str = "",
    **ports: int,
) -> Told:
    """Tells a story in lines, read by another scan or at other ports if wanted."""
    async with start_demo_system(folder, story, is_attended=approve_after_s is None) as stage:
        site = stage.site
        if scan or ports:
            real = stage.plant.ready["ports"]
            opcua, modbus = (ports.get(each) or real[each] for each in ("opcua", "modbus"))
            link = PlantEndpoints(opcua, modbus, scan=scan or "50 ms")
            site = await asyncio.to_thread(site_of, folder / "other", link)
        with Database(stage.site.state, stage.site.id) as ledger:
            async with SiteReader(site, site.find_tags(DEMO_TAGS)) as reader:
                run = DemoRun(replace(stage, reader=reader), ledger, is_live=False)
                assert await run.run(approve_after_s)
    return Told(folder, told.readouterr().out)
