"""The stepped room: a fault of the model, the agents' requests, a person's word, the frames."""

import pytest

from handwheel.connectors.model.site import Site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.errors import ScenarioError
from handwheel.sim_plant.scenario import FaultEvent
from handwheel.tools.errors import InvalidArguments

F01 = FaultEvent("F01", 60.0, {"d0": 0.5, "tau": 3600.0})


async def test_a_persons_two_approvals_change_the_pumps_over(site: Site) -> None:
    async with SteppedTrial.open(site, create, seed=1, faults=[F01]) as room:
        room.scan_s = 5.0
        assert await room.until(lambda: room.waiting, within_s=2400.0)
        await room.run_for(120.0)
        assert room.frames == []  # nobody has approved anything
        room.scan_s = 1.0
        for _ in range(2):
            assert await room.until(lambda: room.waiting, within_s=300.0)
            room.people.approve(room.waiting[0].request, "anna")
        (run_id,) = room.runs
        await room.until(lambda: room.runs[run_id].is_closed, within_s=300.0)
        assert room.runs[run_id].state == "COMPLETE"
        assert room.frames == ["P-101B.run_cmd=1", "P-101A.run_cmd=0", "P-101A.mode=2"]
        assert room.values["P-101B.running"] is True
        assert [each.is_closed for each in room.cases.values()] == [True]


async def test_a_fault_or_time_that_the_model_lacks_is_refused(site: Site) -> None:
    async with SteppedTrial.open(site, create, library=[]) as room:
        with pytest.raises(ScenarioError, match="F99"):
            room.fault("F99")
        with pytest.raises(InvalidArguments, match=r"0\.7 s"):
            await room.step(0.7)
        room.fault("F01", d0=0.5)
        await room.run_for(30.0)
        assert float(room.values["VT-101A.pv"]) > 3.0
        assert (room.now_s, room.runs, room.cases) == (30.0, {}, {})
