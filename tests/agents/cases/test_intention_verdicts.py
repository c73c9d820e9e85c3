"""Verdicts that people are told at the time of an intention."""

# pyright: reportPrivateUsage=false

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest

from handwheel.agents.cases.plan_verdict import plan_verdict
from handwheel.connectors.errors import NotConnected
from handwheel.evaluation.trial.agents import SteppedAgents
from handwheel.playbooks.language.libraries import library_folder
from handwheel.tools.guardrails.policy.policy import CrossTagRule, Policy, build_policy, read_policy

from ...playbooks.sample_playbook import loaded
from ..conftest import NewRoom
from ..testbed.stepped_agents import AgentsRoom
from .intending import PLAYBOOK, planned, told

# The change-over by evidence that is met in a plant without any fault.
EASY = (
    ("duty.vibration > 4 mm/s and duty.bearing_temp > 40 degC", "duty.running"),
    ("rate(duty.vibration, 30 min) > 0.1 mm/s/h", "duty.running"),
    ("stdev(duty.vibration, 5 min) == 0 mm/s", "not duty.running"),
)
FULL = CrossTagRule("basin-full", "LT-101.pv > 99 %", "now", "policy.yaml", 1, 1)
NOTHING = "nothing prevents it by evidence, permissives, authority and policy"
FITS_NO_MORE = f"{PLAYBOOK} for P-101A fits no more: "


@pytest.fixture
async def idle(new_room: NewRoom) -> AsyncGenerator[AgentsRoom]:
    """A plant without a fault, whose agents have not been started."""
    async with new_room(is_worn=False) as room:
        yield room


def _set_policy(room: AgentsRoom, policy: Policy) -> None:
    """Gives this policy to the agents that are started next."""
    agents = room.stepped_agents
    agents.decision_context = replace(agents.decision_context, policy=policy)


async def _verdict(room: AgentsRoom, name: str) -> str:
    await room.scan(70)
    ((to, text),) = told(room, name)
    assert to == "operator"
    start = f"{name}: {PLAYBOOK} (duty P-101A, standby P-101B) takes P-101A out of service; "
    assert text.startswith(start)
    return text.removeprefix(start).partition(" Nothing was asked for or begun.")[0]


@pytest.mark.parametrize(
    ("across", "obstacle", "level", "verdict"),
    [
        ((), "", None, f"{NOTHING}. Not judged: the twin, lint."),
        (
            (FULL,), "", None,
            "P-101B.run_cmd: basin-full: LT-101.pv > 99 %  [LT-101.pv is 70 %] is false now. "
            "Not judged: limits across tags for its later requests, the twin, lint.",
        ),
        ((), "nobody may; next: handwheel grant", None, "nobody may. Not judged: the twin, lint."),
        ((), "", 20.0, "permissives not met: suction. Not judged: the twin, lint."),
    ],
)  # fmt: skip
async def test_what_prevents_a_plan_is_told(
    idle: AgentsRoom, across: tuple[CrossTagRule, ...], obstacle: str, level: float | None,
    verdict: str,
) -> None:  # fmt: skip
    _set_policy(idle, replace(idle.desk.decision_context.policy, across=across))
    name = await planned(idle, *EASY)
    idle.obstacle = obstacle
    if level is not None:
        idle.plant.lies["LT-101.pv"] = level
    assert await _verdict(idle, name) == verdict


@pytest.mark.parametrize(
    ("fault", "obstacle", "verdict"),
    [
        (
            NotConnected({"dcs": "no answer", "plc": "refused"}), "",
            "what could be judged does not prevent it. "
            "Not judged: policy (dcs: no answer plc: refused), the twin, lint.",
        ),
        (
            NotConnected({"dcs": "no answer"}), "nobody may",
            "nobody may. Not judged: policy (dcs: no answer), the twin, lint.",
        ),
        (KeyError("x"), "", "it could not be judged: KeyError: 'x'."),
    ],
)  # fmt: skip
async def test_what_was_not_judged_is_told(
    idle: AgentsRoom, monkeypatch: pytest.MonkeyPatch, fault: Exception, obstacle: str, verdict: str
) -> None:
    monkeypatch.setattr(SteppedAgents, "_survey", AsyncMock(side_effect=fault))
    name = await planned(idle, *EASY)
    idle.obstacle = obstacle
    assert await _verdict(idle, name) == verdict


@pytest.mark.parametrize(
    ("fields", "reason", "verdict"),
    [
        ({"is_trusted": True}, "", f"{NOTHING}. Not judged: lint"),
        ({"is_trusted": True}, "it breaks it", "it breaks it. Not judged: lint"),
        ({"is_trusted": False}, "", f"{NOTHING}. Not judged: the twin (it is not trusted), lint"),
        ({"problem": "slow"}, "", f"{NOTHING}. Not judged: the twin (slow), lint"),
    ],
)
async def test_twin_judges_only_where_it_is_trusted(
    idle: AgentsRoom, fields: dict[str, object], reason: str, verdict: str
) -> None:
    _set_policy(idle, replace(idle.desk.decision_context.policy, across=()))
    await planned(idle, *EASY)
    context = idle.agents.intentions._context
    twin = Mock(foretold=AsyncMock(return_value=(fields, reason)))
    plan = context.rebind(PLAYBOOK, {}, {})
    assert (await plan_verdict(replace(context, look_ahead=twin), plan)).text == verdict


async def test_each_role_that_must_sign_is_told(idle: AgentsRoom, tmp_path: Path) -> None:
    text = (idle.site.root / "policy.yaml").read_text("utf-8")
    rule = "P-101B.mode], class: R2, roles: [operator]"
    assert text.count(rule) == 1
    path = tmp_path / "policy.yaml"
    path.write_text(text.replace(rule, rule.replace("operator", "shift-supervisor")), "utf-8")
    _set_policy(idle, build_policy(read_policy(path), idle.site))
    name = await planned(idle)
    await idle.scan(70)
    assert {to for to, _ in told(idle, name)} == {"operator", "shift-supervisor"}


SUPERVISED = ("approval: {role: operator", "approval: {role: shift-supervisor")


@pytest.mark.parametrize(
    ("changes", "to", "why"),
    [
        (None, ["operator"], "there is no playbook cw/pump-bearing-changeover"),
        ((SUPERVISED, ("standby", "spare")), ["operator", "shift-supervisor"], "standby"),
        (
            (SUPERVISED, ("maintenance", "remote")), ["operator", "shift-supervisor"],
            "does not take 'P-101A' out of service",
        ),
    ],
)  # fmt: skip
async def test_plan_that_fits_no_more_is_told_to_its_roles(
    idle: AgentsRoom, changes: tuple[tuple[str, str], ...] | None, to: list[str], why: str
) -> None:
    name = await planned(idle)
    await idle.kill_agents()
    text = (library_folder() / "cw" / "pump-bearing-changeover.yaml").read_text("utf-8")
    for old, new in changes or ():
        text = text.replace(old, new)
    idle.library = [] if changes is None else [loaded(idle.site.state, text)]
    await idle.start_agents()
    await idle.scan(70)
    found = told(idle, name)
    assert sorted(each for each, _ in found) == to
    for _, words in found:
        assert words.startswith(f"{name}: {FITS_NO_MORE}")
        assert why in words.partition(". Nothing was asked for or begun.")[0]
