"""Plans composed from released steps, where a named fault's own playbook is prevented."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from handwheel.agents.lookahead.load import SiteTwin
from handwheel.agents.lookahead.trust import LEAST_CHECKS, TwinTrust
from handwheel.agents.lookahead.twin import Course, Move
from handwheel.connectors.model.site import Site
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.playbooks.language.libraries import library_folder
from handwheel.playbooks.language.loader import Playbook, load_library
from handwheel.sim_plant.cw100.plant import create
from handwheel.sim_plant.scenario import FaultEvent

from ...playbooks.sample_playbook import changed, loaded
from ..lookahead.lines import PRESSURE, LineTwin

F01 = FaultEvent("F01", 60.0, {"d0": 0.5, "tau": 3600.0})
HEAD = """\
schema: playbook/1
id: {id}
version: 1.0.0
title: {title}
plant: cw-100
owner: operations
style: computer-assisted
trigger: {{any: [{{manual: true}}]}}
concurrency: {{key: [PUMPS-101], policy: reject}}
permissives: [{{id: ready, that: "{ready}"}}]
invariants: [{{that: "PT-102.pv > 200 kPa", grace: 5 s, on_violation: hold}}]
approval: {{role: operator, within: 15 min, on_timeout: stop}}
steps:
  - {{id: {step}, title: {title}, write: {{{write}}}, undo: none, on_fail: {{then: hold}},
     verify: {{that: "{verify}", within: 1 min}}}}
limits: {{max_writes: 1, max_duration: 5 min}}
"""
START = HEAD.format(
    id="cw/start-b", title="Start B", ready="P-101B.available", step="start",
    write="P-101B.run_cmd: true", verify="P-101B.running",
)  # fmt: skip
STOP = HEAD.format(
    id="cw/stop-a", title="Stop A", ready="P-101B.running", step="stop",
    write="P-101A.run_cmd: false", verify="not P-101A.running",
)  # fmt: skip


@dataclass(frozen=True)
class SteadyTwin(LineTwin):
    """Twin in which pressure and product temperature stay."""

    @property
    def tags(self) -> Sequence[str]:
        return (PRESSURE, "TT-202.pv")

    def predict(self, state: Mapping[str, Any], moves: Sequence[Move], horizon_s: float) -> Course:
        found = super().predict(state, moves, horizon_s)
        count = len(found.times_s)
        return replace(found, series={PRESSURE: [350.0] * count, "TT-202.pv": [48.0] * count})


def _library(site: Site, folder: Path) -> list[Playbook]:
    """The change-over, which is prevented, and two playbooks that do one part of it each."""
    text = (library_folder() / "cw" / "pump-bearing-changeover.yaml").read_text("utf-8")
    own = changed(
        ("PT-102.pv > 300 kPa and PT-102.pv < 420 kPa", "PT-102.pv > 400 kPa"),
        ("limits: {max", 'achieves: "standby.running and not duty.running"\nlimits: {max'),
        text=text,
    )
    found = [each for each in load_library(site)[0] if each.id == "cw/strainer-blocked"]
    texts = {"own": own, "start": START, "stop": STOP}
    return [*found, *(loaded(folder, each, f"{name}.yaml") for name, each in texts.items())]


@pytest.mark.parametrize("residual", [0.01, 0.2])
async def test_two_released_steps_answer_a_fault_whose_own_playbook_is_prevented(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, residual: float
) -> None:
    monkeypatch.setattr(TwinTrust, "begin", Mock())  # no check changes the residual
    twin = SiteTwin("line", SteadyTwin(), 0.03, 600.0)
    library = _library(site, tmp_path)
    async with SteppedTrial.open(
        site, create, seed=1, faults=[F01], library=library, twin=twin
    ) as room:
        room.scan_s = 5.0
        ahead = room.agents.look_ahead
        assert ahead is not None
        for _ in range(LEAST_CHECKS):
            ahead.trust.note({PRESSURE: residual}, 0.0)
        is_asked = await room.until(lambda: room.waiting, within_s=2400.0)
        assert is_asked == (residual < twin.trust)
        if not is_asked:
            assert (room.runs, room.frames) == ({}, [])
            return
        request = room.waiting[0].request
        assert request.run is not None
        assert request.run.playbook.startswith("composed/cw-pump-bearing-changeover-")
        assert (request.risk_class, request.quorum) == ("R3", 2)
        room.scan_s = 1.0
        frames = ["P-101B.run_cmd=1", "P-101A.run_cmd=0"]
        for count in (1, 2):
            assert await room.until(lambda: room.waiting, within_s=300.0)
            one = room.waiting[0].request
            room.people.approve(one, "anna")
            await room.run_for(5.0)
            assert room.frames == frames[: count - 1]  # one signature is not enough
            room.people.approve(one, "ben")
            await room.run_for(30.0)
            assert room.frames == frames[:count]
        (run_id,) = room.runs
        await room.until(lambda: room.runs[run_id].is_closed, within_s=300.0)
        assert room.runs[run_id].state == "COMPLETE"
        (kept,) = (room.site.state / "composed").iterdir()
        text = kept.read_text("utf-8")
        assert "(step stop of cw/stop-a 1.0.0)" in text
        assert [text.count(f'"that": "{each}"') for each in (
            "PT-102.pv > 280 kPa", "TT-202.pv < 55 degC", "PT-102.pv > 200 kPa",
        )] == [1, 1, 1]  # fmt: skip
