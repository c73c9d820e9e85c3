"""What stands in the way of a write is told before anybody asks, in the words of the gate."""

from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, Value
from handwheel.hmi.site.commissioning.policy_explain_text import budget_left, explanation_lines
from handwheel.tools.guardrails.approval.explain import (
    ExplainContext,
    Explanation,
    Question,
    coerced,
    explain,
)
from handwheel.tools.guardrails.approval.plant_snapshot import make_snapshot
from handwheel.tools.guardrails.interlocks.suspension import Suspension
from handwheel.tools.guardrails.policy.cross_limits import cross_limits, cross_tags
from handwheel.tools.guardrails.policy.groups import GroupUsage
from handwheel.tools.guardrails.signatures.decisions import DecisionRefused
from handwheel.tools.requests.timestamps import stamp

from ..interlocks.test_pace import AS_IT_IS, GROUPS
from ..testbed.authority_grant import give
from ..testbed.edited_policy import ruled_room
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched
from ..testbed.words import take_authority
from .test_areas import EDITS


def _explained(
    room: Watched, name: str, value: Value, person: str = "person", *, is_seen: bool = True
) -> Explanation:
    return explain(desk_of(room), _question(room, name, value, person, is_seen), room.clock.now())


def desk_of(room: Watched) -> ExplainContext:
    context = room.desk.decision_context
    picture = make_snapshot(1, frozenset(), room.site, {})
    across = cross_limits(room.site, context.policy)
    return ExplainContext(
        room.site, context.policy, across, context.database, context.roster, picture
    )


def _question(room: Watched, name: str, value: Value, person: str, is_seen: bool) -> Question:
    across = cross_limits(room.site, room.desk.decision_context.policy)
    tags = room.site.find_tags(sorted({name, *cross_tags(across, room.site.tags[name])}))
    return Question(room.site.tags[name], value, person, room.plant.read(tags) if is_seen else {})


async def test_nothing_is_in_the_way_of_what_may_be_asked(room: Watched) -> None:
    found = _explained(room, *START)
    assert (found.obstacles, found.denials, found.waiting) == ((), (), {"operator": 0})
    assert set(found.signers) == {"anna", "bert", "gina"}
    assert set(_explained(room, *START, "anna").signers) == {"bert", "gina"}
    request = room.approved(START)
    await room.go_round()
    assert room.desk.states(request) == ["VERIFIED"]


async def test_agents_need_a_hand_over(room: Watched) -> None:
    (why,) = _explained(room, *START, "").obstacles
    assert why == "P-101A was not granted to agents"
    give(room.desk.decision_context, "P-101A", room.clock.now())
    assert _explained(room, *START, "").obstacles == ()
    take_authority(room.desk.database, room.site, "P-101A", "LOCAL", "carl", room.clock.now())
    assert _explained(room, *START).obstacles == ("P-101A is LOCAL, set by carl",)


async def test_a_lockout_a_held_outcome_and_a_cool_down_are_told(room: Watched) -> None:
    room.approved(("PIC-102.sp", 360.0))
    await room.go_round()
    room.clock.forward(5.0)
    words = "PIC-102.sp was written 5.0 s ago; its cool-down is 20 s: wait 15 s more"
    assert _explained(room, "PIC-102.sp", 355.0).obstacles == (words,)
    assert _explained(room, "PIC-102.sp", 355.0, is_seen=False).obstacles == (words,)
    room.plant.fault = "answer lost"
    request = room.approved(START_B)
    await room.go_round()
    held = f"P-101B is held: {request.request_id}/c1 is UNKNOWN; look at the plant; next: "
    (why,) = _explained(room, *START_B).obstacles
    assert why.startswith(held)
    room.desk.lock_out("PUMPS-101")
    assert _explained(room, *START_B).obstacles[0] == "locked out: PUMPS-101"
    assert _explained(room, "PIC-102.sp", 355.0).obstacles == (words,)


async def test_what_people_are_asked_already_is_told(room: Watched) -> None:
    request = room.desk.propose(START)
    assert _explained(room, *START_B).waiting == {"operator": 1}
    room.desk.say("reject", request, "anna")
    (why,) = _explained(room, *START).obstacles
    assert why.startswith(
        f"the same, or a value near it, was rejected 0 s ago ({request.request_id})"
    )
    assert _explained(room, *START_B).obstacles == ()
    for n in range(5):
        room.desk.propose(("PIC-102.sp", 340.0 + n))
    assert _explained(room, *START_B).obstacles[0].startswith("5 requests of people wait for")
    assert _explained(room, *START_B, "").waiting == {"operator": 5}


async def test_whose_key_is_revoked_is_not_among_those_who_may_sign(room: Watched) -> None:
    assert set(_explained(room, *START, "gina").signers) == {"anna", "bert"}
    request = room.desk.propose(START)
    room.desk.revoke_key("anna")
    assert _explained(room, *START, "gina").signers == ("bert",)
    with pytest.raises(DecisionRefused, match="the key is revoked"):
        room.desk.approve(request, "anna")
    room.desk.approve(request, "bert")
    room.desk.revoke_key("boss")  # who vouches for everybody
    assert _explained(room, *START, "gina").signers == ()
    assert [row["reason"] for row in room.rows("decision.refused")] == ["the key is revoked"]


async def test_what_suspends_it_is_told(room: Watched) -> None:
    desk, now = desk_of(room), room.clock.now()
    assert desk.snapshot is not None
    for scope, (name, value), is_covered in (
        ("pkg", START, True), ("pkg", SETPOINT, False), ("site", SETPOINT, True),
    ):  # fmt: skip
        lasting = Suspension(scope=scope, reason="it is down", since=stamp(now.wall))
        asked = replace(desk, snapshot=desk.snapshot.model_copy(update={"suspended": [lasting]}))
        found = explain(asked, _question(room, name, value, "person", True), now)
        assert found.obstacles == (f"actuation is suspended: {scope}: it is down",) * is_covered


async def test_files_that_were_changed_are_told(room: Watched) -> None:
    desk = desk_of(room)
    assert desk.snapshot is not None
    picture = desk.snapshot.model_copy(update={"hashes": {**desk.snapshot.hashes, "policy": "0"}})
    question = _question(room, *START, "person", True)
    changed = replace(desk, snapshot=picture)
    (why,) = explain(changed, question, room.clock.now()).obstacles
    assert why == (
        "policy.yaml was changed, and the gate still has the old one: stop it; next: handwheel gate"
    )
    (why,) = explain(replace(desk, snapshot=None), question, room.clock.now()).obstacles
    assert why == "no gate is running: nothing can be approved"


async def test_a_condition_across_tags_denies_here_as_it_would_there(room: Watched) -> None:
    room.plant.values["PT-102.pv"] = 510.0
    found = _explained(room, *START)
    (why,) = found.denials
    assert why.startswith("no-overpressure: PT-102.pv < 500 kPa")
    question, policy = _question(room, *START, "person", True), room.desk.decision_context.policy
    lines = list(explanation_lines(policy, question, True, found))
    assert lines[0] == "P-101A.run_cmd = true: denied"
    assert _explained(room, *START, is_seen=False).denials == ()


async def test_what_only_nobody_knows_now_is_in_the_way_and_no_denial(room: Watched) -> None:
    question = _question(room, *START, "person", True)
    lost = question.readings["PT-102.pv"]
    bad = lost.with_status(BAD_NO_COMMUNICATION)
    question = replace(question, readings={**question.readings, "PT-102.pv": bad})
    found = explain(desk_of(room), question, room.clock.now())
    assert found.denials == ()
    (why,) = found.obstacles
    assert why.startswith("no-overpressure: PT-102.pv < 500 kPa")
    assert why.endswith("is unknown now")
    lines = list(explanation_lines(room.desk.decision_context.policy, question, True, found))
    (must,) = [each for each in lines if "must be true" in each and "500 kPa" in each]
    assert ": not known (no-overpressure" in must


async def test_what_the_device_would_hold_is_told_where_it_is_another_number(room: Watched) -> None:
    tag = room.site.tags["PIC-102.sp"]
    sent = coerced(tag, 350.1, room.plant.survey([], [tag]))
    assert sent == 350.1000061035156
    assert isinstance(sent, float)
    assert coerced(tag, 350.1, None) is None
    question = _question(room, tag.name, sent, "anna", True)
    found, policy = _explained(room, tag.name, sent, "anna"), room.desk.decision_context.policy
    lines = list(explanation_lines(policy, question, 350.1, found))
    assert [" ".join(each.split()) for each in lines[:4]] == [
        "PIC-102.sp = 350.1 kPa: allowed, class R1",
        "now 350 kPa (Good)",
        "sent as 350.1000061035156 kPa",
        "approved by one person as operator, not anna (policy.yaml:8)",
    ]


async def test_what_is_left_of_a_group_is_told(tmp_path: Path) -> None:
    async with ruled_room(tmp_path, ("policy.yaml", AS_IT_IS, GROUPS)) as room:
        request = room.approved(("PIC-102.sp", 360.0))
        await room.go_round()
        assert room.desk.states(request) == ["VERIFIED"]
        room.clock.forward(60.0)
        (left,) = _explained(room, "PIC-102.sp", 372.0).budgets
        assert isinstance(left, GroupUsage)
        assert budget_left(left) == ("4 of 5 writes and 20 of 30 kPa left within 10 min 00 s")
        (why,) = _explained(room, "PIC-102.sp", 381.0).obstacles
        assert why.startswith("moves: its tags may move by 30 kPa within 10 min 00 s, and it would")
        assert why.endswith("be 31 kPa; wait 540 s more")


async def test_a_role_of_another_area_may_not_sign(tmp_path: Path) -> None:
    async with ruled_room(tmp_path, *EDITS) as room:
        for is_seen in (True, False):
            assert "bert" in _explained(room, *START, is_seen=is_seen).signers
            assert "bert" not in _explained(room, *START_B, is_seen=is_seen).signers
