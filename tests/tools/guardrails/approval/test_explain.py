"""What is said of a write where not everything is known, and the gate's picture as a file."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.values import BAD_NO_COMMUNICATION, Value
from handwheel.tools.guardrails.approval.explain import Explanation, Question, explain
from handwheel.tools.guardrails.interlocks.lockout_files import lockout_file
from handwheel.tools.guardrails.policy.cross_limits import cross_tags

from ....gate.approval.test_explanation import desk_of
from ....gate.interlocks.test_pace import AS_IT_IS
from ....gate.testbed.edited_policy import LOOSE, ruled_room
from ....gate.testbed.with_oracle import START, START_B, STOP, Watched

ONE_RUNS = 'across:\n  - {id: one-runs, that: "P-101A.run_cmd or P-101B.run_cmd", with: after}\n'
SP = "PIC-102.sp"
MODE = ("P-101A.mode", 0)


def _explained(
    room: Watched, name: str, value: Value, *, lost: str = "", is_seen: bool = True
) -> Explanation:
    """The answer for a person; `lost` is a tag that does not read well."""
    desk = desk_of(room)
    tags = room.site.find_tags(sorted({name, *cross_tags(desk.across, room.site.tags[name])}))
    readings = dict(room.plant.read(tags)) if is_seen else {}
    if lost:
        readings[lost] = readings[lost].with_status(BAD_NO_COMMUNICATION)
    question = Question(room.site.tags[name], value, "person", readings)
    return explain(desk, question, room.clock.now())


@pytest.fixture
async def stepping(tmp_path: Path) -> AsyncGenerator[Watched]:
    """The set point may move by 20 kPa at a time."""
    async with ruled_room(tmp_path, ("policy.yaml", LOOSE, "max_step: 20 kPa, ")) as room:
        yield room


def test_what_is_denied_from_anywhere_is_denied_from_an_unknown_value(stepping: Watched) -> None:
    unknown = _explained(stepping, SP, 360.0, is_seen=False)
    assert unknown.obstacles == ("its step is limited, and its present value is not known",)
    assert (unknown.denials, unknown.ruling.is_allowed) == ((), True)
    for is_seen in [True, False]:
        found = _explained(stepping, SP, 430.0, is_seen=is_seen)
        assert any("lies outside the limits" in each for each in found.denials), found.denials
        assert (found.obstacles, found.across) == ((), ()), is_seen
    question = Question(stepping.site.tags[SP], 430.0, "person", {})
    without_gate = replace(desk_of(stepping), snapshot=None)
    assert explain(without_gate, question, stepping.clock.now()).obstacles == ()


async def test_only_what_another_reading_would_change_is_in_the_way(tmp_path: Path) -> None:
    async with ruled_room(tmp_path, ("policy.yaml", AS_IT_IS, ONE_RUNS)) as room:
        room.plant.values["P-101A.run_cmd"] = True
        for write, lost, is_denied, is_in_the_way in [
            (STOP, "", True, False),
            (STOP, "P-101B.run_cmd", False, True),
            (START, "P-101B.run_cmd", False, False),
            (MODE, "", True, False),  # whether the pump stops at it nobody knows
            (MODE, "P-101B.run_cmd", False, True),
        ]:
            found = _explained(room, *write, lost=lost)
            told = [each for each in found.obstacles if each.startswith("one-runs: ")]
            denied = [each for each in found.denials if each.startswith("one-runs: ")]
            assert (bool(denied), bool(told)) == (is_denied, is_in_the_way), write
    rule = ONE_RUNS.replace(" or P-101B.run_cmd", "")
    other = tmp_path / "other"
    other.mkdir()
    async with ruled_room(other, ("policy.yaml", AS_IT_IS, rule)) as room:
        assert [each.rule.id for each in _explained(room, *STOP).across] == ["one-runs"]
        assert _explained(room, *START_B).across == ()


def test_before_anything_was_ever_asked_a_lockout_is_told_all_the_same(stepping: Watched) -> None:
    room, now = stepping, stepping.clock.now()
    question = Question(room.site.tags[START[0]], True, "person", {})
    desk = replace(desk_of(room), database=None, snapshot=None)
    found = explain(desk, question, now)
    assert found.waiting == {"operator": 0}
    assert found.obstacles == ("no gate is running: nothing can be approved",)
    lockout_file(room.site.state, "PUMPS-101").touch()
    assert explain(desk, question, now).obstacles[1:] == ("locked out: PUMPS-101",)
    elsewhere = replace(room.site, state=room.site.root / "nowhere")
    assert explain(replace(desk, site=elsewhere), question, now).obstacles == found.obstacles
