"""A role that is bound to areas: its holders count where all of a request lies there."""
# The policy is made looser for a moment.
# pyright: reportPrivateUsage=false

from collections.abc import AsyncGenerator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from handwheel.tools.errors import PermitRefused
from handwheel.tools.guardrails.interlocks.authority_check import (
    check_authority,
    check_grantor_roles,
)
from handwheel.tools.guardrails.ledger.records import load_request
from handwheel.tools.guardrails.signatures.entitlement import (
    check_approver,
    check_objector,
    check_resolver,
)

from ..testbed.authority_grant import give
from ..testbed.edited_policy import ruled_room
from ..testbed.with_oracle import START, START_B, Watched

EDITS = (
    ("site.yaml", "P-101A: {remote_when", "P-101A: {path: CW/PUMPS-101, remote_when"),
    ("site.yaml", "P-101B: {}", "P-101B: {path: BOILER/FEED}"),
    ("policy.yaml", "acts_as: [operator]}", "acts_as: [operator], areas: [CW/*]}"),
)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Watched]:
    async with ruled_room(tmp_path, *EDITS) as room:
        yield room


async def test_within_the_area_the_role_counts(room: Watched) -> None:
    request = room.desk.propose(START)
    room.desk.approve(request, "bert")
    room.note(request, "bert")
    await room.go_round()
    assert (room.desk.states(request), len(room.plant.frames)) == (["VERIFIED"], 1)
    assert room.faults() == ()


async def test_outside_it_counts_for_nothing(room: Watched) -> None:
    desk, bert = room.desk, room.desk.operator("bert")
    has = r"bert has none of the roles that R\d asks for: operator"
    lacks = rf"{has} \(shift-supervisor counts in CW/\*\)"
    # Another area, no equipment, and one write of two.
    for writes in ((START_B,), (("PIC-102.sp", 360.0),), (START, START_B)):
        request = desk.propose(*writes)
        record = load_request(desk.database, request.request_id)
        for ask in (
            partial(check_approver, desk.decision_context, record, bert, room.clock.now()),
            partial(check_objector, desk.decision_context, request, bert),
            partial(check_resolver, desk.decision_context, request, bert),
            partial(desk.say, "approve", request, "bert"),
            partial(desk.say, "reject", request, "bert"),
        ):
            with pytest.raises(PermitRefused, match=lacks):
                ask()
        await room.go_round()
        assert desk.record(request.request_id).state == "PENDING"
        assert room.plant.frames == []
        refused = room.rows("decision.refused")[-1]
        assert refused["person"] == "bert"
        assert "shift-supervisor counts in CW/*" in refused["reason"]


async def test_the_gate_itself_does_not_count_it(room: Watched) -> None:
    """The approval came while the policy still let the role count everywhere."""
    desk = room.desk
    context, policy = desk.decision_context, desk.decision_context.policy
    everywhere = replace(policy, _roles=replace(policy._roles, covers={}))
    request = desk.propose(START_B)
    desk.decision_context = replace(context, policy=everywhere)
    desk.say("approve", request, "bert")
    desk.decision_context = context
    await room.act()
    (action,) = desk.record(request.request_id).actions
    assert (action.state, room.plant.frames) == ("INVALIDATED", [])
    assert action.reason.startswith("bert: ")
    assert room.faults() == ()


async def test_a_hand_over_needs_a_role_that_counts_there(room: Watched) -> None:
    desk, now = room.desk, room.clock.now()
    bert = desk.operator("bert")
    check_grantor_roles(desk.decision_context, "P-101A", bert)
    for scope in ("P-101B", "PUMPS-101", "site"):
        with pytest.raises(PermitRefused, match=r"lacks a role .* grant authority over"):
            check_grantor_roles(desk.decision_context, scope, bert)
    give(desk.decision_context, "P-101A", now, by="bert")
    check_authority(
        desk.site, desk.database, desk.decision_context.policy, "P-101A", now, is_agents=True
    )
    with pytest.raises(PermitRefused, match="lacks a role"):
        give(desk.decision_context, "P-101B", now, by="bert")
