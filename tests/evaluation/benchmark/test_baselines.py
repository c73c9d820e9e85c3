from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from handwheel.connectors.denial import Denial
from handwheel.connectors.model.site import load_site
from handwheel.connectors.model.tags import RegisterAddress, Tag
from handwheel.connectors.model.values import GOOD, DataValue, Value
from handwheel.evaluation.benchmark.baselines.agent_loop import AgentLoop
from handwheel.evaluation.benchmark.baselines.agents import EachAlarm, RandomAgent, random_value
from handwheel.evaluation.benchmark.baselines.own_agent import Begin, Seen, own_writes
from handwheel.evaluation.plants.installed_plants import create_plant
from handwheel.evaluation.trial.site import OPERATORS
from handwheel.evaluation.trial.stepped import SteppedTrial
from handwheel.hmi.site.files.site_template import PlantEndpoints, write_site
from handwheel.playbooks.binding.step_model import Write

ALARM = Tag("LAL-1.active", "c", "bool", RegisterAddress("coil", 1, "bit"), equipment="T-1")


def _plan(name: str, *assets: str, alarm: str = "") -> Any:
    part = SimpleNamespace(condition=SimpleNamespace(tags=(alarm,)))
    triggers = [SimpleNamespace(parts=(part,))] if alarm else []
    return SimpleNamespace(id=name, assets=assets, triggers=triggers)


PLANS = [_plan("other", "P-1"), _plan("tank", "T-1"), _plan("low", "P-1", alarm=ALARM.name)]


def _seen(now_s: float, value: Value) -> Seen:
    site: Any = SimpleNamespace(tags={ALARM.name: ALARM})
    readings = {ALARM.name: DataValue(value, GOOD, None, None, 0.0)}
    return Seen(now_s, readings, site, None, PLANS)  # type: ignore[arg-type]


def _begun(into: list[str], *allowed: str) -> Begin:
    async def begin(plan: Any) -> str | Denial:
        into.append(plan.id)
        return "U-1" if plan.id in allowed else Denial("other_run", "another run is open")

    return begin


async def test_each_alarm_begins_its_playbook_then_those_over_its_equipment_once() -> None:
    agent, tried = EachAlarm(), list[str]()
    await agent.act(_seen(0.0, False), _begun(tried))
    assert tried == []
    await agent.act(_seen(1.0, True), _begun(tried))
    assert tried == ["low", "tank"]
    await agent.act(_seen(31.0, True), _begun(tried, "tank"))  # nothing was possible just now
    await agent.act(_seen(61.0, True), _begun(tried, "tank"))
    await agent.act(_seen(300.0, True), _begun(tried, "tank"))
    assert tried == ["low", "tank"] * 2
    await agent.act(_seen(301.0, False), _begun(tried, "low"))
    await agent.act(_seen(302.0, True), _begun(tried, "low"))
    assert tried[4:] == ["low"]


class _CutsOnce:
    """An agent of a programmer: it asks for one write at its first scan."""

    def __init__(self) -> None:
        self.begun = list[str | Denial]()

    async def act(self, seen: Seen, begin: Begin) -> None:
        if not self.begun:
            tag = seen.site.tags["FIC-201.sp"]
            for value in (70.0, 34.0):  # the first is above the limits
                self.begun.append(await begin(own_writes([Write(tag, value)], "operator")))


async def test_agent_loop_asks_through_the_gate_which_refuses_what_policy_forbids(
    tmp_path: Path,
) -> None:
    write_site(tmp_path / "site", create_plant("cw-100"), PlantEndpoints())
    agent = _CutsOnce()
    async with SteppedTrial.open(
        load_site(tmp_path / "site"), lambda seed: create_plant("cw-100", seed), library=[],
        create=lambda context: AgentLoop(context, agent),
    ) as room:  # fmt: skip
        await room.run_for(2.0)
        denied, run_id = agent.begun
        assert isinstance(denied, Denial)
        assert "FIC-201.sp" in denied.reason
        assert (run_id in room.runs, room.frames) == (True, [])
        (record,) = room.waiting
        room.people.approve(record.request, *OPERATORS)  # two, since nobody has released it
        await room.run_for(5.0)
        assert room.frames == ["FIC-201.sp=34"]
        policy = room.people.context.policy
        with pytest.raises(TypeError, match="AgentLoop"):
            _ = room.agents.site_agents
    draw, tried = Random(1), list[str]()
    for each in policy.allowed():
        value = random_value(each, draw)
        if each.limits is not None:
            assert each.limits.low <= float(value) <= each.limits.high
    later = replace(_seen(1e9, False), policy=policy)
    await RandomAgent(draw).act(later, _begun(tried, "other", "tank", "low"))
    assert len(tried) == 1
