"""The same test of a playbook in the stepped room and through processes: the same trace."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from handwheel.connectors.errors import ConfigError
from handwheel.connectors.model.site import load_site
from handwheel.evaluation.playbook_tests.load import load_cases
from handwheel.evaluation.playbook_tests.run_cases import play, run_case, setup_of
from handwheel.evaluation.trial.outcome import Outcome, TraceEvent
from handwheel.evaluation.trial.trial import Setup
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.hmi.testing.process_trial import ProcessTrial
from handwheel.hmi.testing.site_copy import copy_site
from handwheel.sim_plant.cw100.plant import create

from ...evaluation.playbook_tests.test_run_case import DRAFT, STARTED

CASES = """\
schema: playbook-test/1
playbook: cw/pump-bearing-changeover
cases:
  - name: one approves the start, another rejects the stop
    plant: {model: cw-100, seed: 1, warmup: 1 min, faults: [{id: F01, at: 15 min, d0: 0.55}]}
    approvals:
      - {step: "*", decision: approve, after: 1 min, by: op1}
      - {step: stop-duty, decision: reject, after: 30 s, by: op2}
    run_for: 27 min
    expect:
      final: stopped
      trace: [start-standby, settle]
      always: ["PT-102.pv > 300 kPa"]
      writes: [{P-101B.run_cmd: true}]
      asked: 2
"""
_SPEED = 10.0


def trace(outcome: Outcome) -> list[TraceEvent]:
    (run,) = outcome.runs
    return [each for each in run.events if each.kind not in {"expected", "slow"}]


@pytest.mark.soak
@pytest.mark.parametrize("cases", [STARTED, CASES], ids=["started by a person", "by an alarm"])
def test_processes_and_room_give_the_same_trace(cases: str, tmp_path: Path) -> None:
    write_site(tmp_path / "cw", create(None), PlantEndpoints())
    site = load_site(tmp_path / "cw")
    (tmp_path / "trim.yaml").write_text(DRAFT, "utf-8")
    (tmp_path / "t.yaml").write_text(cases, "utf-8")
    (case,) = load_cases(tmp_path / "t.yaml", site)

    async def through_processes() -> tuple[Outcome, float]:
        async with ProcessTrial.open(setup_of(case, site), _SPEED) as engine:
            result = await play(case, engine)
            assert result.failures == []
            return result.outcome, engine.longest_scan_s

    stepped = asyncio.run(run_case(case, site))
    assert stepped.failures == []
    served, scan_s = asyncio.run(through_processes())
    told, known = trace(served), trace(stepped.outcome)
    assert [(each.kind, each.step, each.state) for each in told] == [
        (each.kind, each.step, each.state) for each in known
    ]
    # What an event is late by moves all that follow.
    late = [
        (each.kind, (each.at_s - before.at_s) - (one.at_s - earlier.at_s))
        for (before, each), (earlier, one) in zip(pairwise(told), pairwise(known), strict=True)
    ]
    assert all(abs(by_s) <= max(scan_s, 1.0) for _, by_s in late), (late, scan_s)


def test_a_copy_is_refused_where_a_device_is_not_simulated(tmp_path: Path) -> None:
    write_site(tmp_path / "cw", create(None), PlantEndpoints())
    path = tmp_path / "cw/site.yaml"
    lines = path.read_text("utf-8").replace("simulated: true, read", "read").splitlines()
    path.write_text("\n".join(each for each in lines if not each.startswith("clock:")), "utf-8")
    ports = {"opcua": 1, "modbus": 2, "modbus_gate": 3}
    with pytest.raises(ConfigError, match=r"connections\.pkg: is not marked simulated: true"):
        copy_site(Setup(load_site(tmp_path / "cw"), "cw-100"), tmp_path / "copy", ports, 0.1)
    assert not (tmp_path / "copy").exists()
