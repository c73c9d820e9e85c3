"""What a run counts on is looked at before every write, through skipped steps, and deaths."""

from typing import Any

import pytest

from handwheel.connectors.denial import Denial
from handwheel.tools.guardrails.approval.build_request import policy_denial

from ..testbed.frames import START_B, STOP_A
from ..testbed.stepped_agents import AgentsRoom

PROMISE = ('["standby.running", "PT-102.pv in 330 kPa .. 390 kPa"]', '["TT-106.pv > 40 degC"]')
LESS_LOAD_FIRST = (
    "steps:\n  - id: start-standby",
    "steps:\n  - id: less-load\n    title: Less load\n"
    '    if: "TT-202.pv > 60 degC"\n    write: {FIC-201.sp: 35 m3/h}\n'
    '    verify: {that: "FIC-201.sp < 36 m3/h", within: 30 s}\n    undo: none\n'
    "    on_fail: {then: hold}\n  - id: start-standby",
)


async def test_a_first_command_that_is_skipped_has_checked_nothing(idle: AgentsRoom) -> None:
    await idle.start_with(LESS_LOAD_FIRST)
    await idle.reach_request(1)
    tags = [each.tag for each in idle.request(1).request.commands]
    assert tags == ["FIC-201.sp", "P-101B.run_cmd"]
    idle.plant.lies["LT-101.pv"] = 5.0  # there is no water to be pumped
    idle.say("approve")
    await idle.reach("HELD", "ABORTED")
    await idle.scan(10)
    assert (idle.run.step("less-load"), idle.frames) == ("SKIPPED", [])
    assert "LT-101.pv" in idle.run.reason


async def test_a_first_command_that_is_skipped_lets_the_second_go(idle: AgentsRoom) -> None:
    await idle.start_with(LESS_LOAD_FIRST)
    await idle.approved(1)
    await idle.reach_step("start-standby", "DONE")
    assert idle.frames == [START_B]


@pytest.mark.parametrize("step", ["VERIFY", "DONE"])
async def test_a_broken_promise_outlives_a_death(idle: AgentsRoom, step: str) -> None:
    await idle.start_with(PROMISE)
    await idle.approved(1)
    await idle.reach_step("start-standby", step)
    await idle.restart_agents()
    assert idle.run.state == "HELD"
    idle.order("resume")
    await idle.scan(2)
    for _ in range(90):
        await idle.scan()
        if idle.run.state == "HELD":
            break
        if idle.run.state == "WAITING_APPROVAL" and str(idle.request().state) == "PENDING":
            idle.say("approve")
    assert idle.run.state == "HELD"
    assert idle.run.reason.startswith("expected result not met: TT-106.pv > 40 degC")
    assert [each.body["kept"] for each in idle.rows("expected")] == [False]
    assert idle.frames == [START_B]


async def test_a_broken_promise_is_told_once(idle: AgentsRoom) -> None:
    """A person who resumes has seen it; the run does not hold for ever."""
    await idle.start_with(PROMISE)
    await idle.approved(1, 2)
    await idle.reach("HELD")
    idle.order("resume")
    await idle.approved(3)
    await idle.reach("COMPLETE")
    assert idle.frames[:2] == [START_B, STOP_A]
    kept = [each.body["kept"] for each in idle.rows("expected")]
    assert kept.count(False) == 1
    effects = idle.desk.database.all("SELECT action_id, verdict FROM effect ORDER BY rowid")
    first = f"{idle.request(1).request.request_id}/c1"
    assert (first, "MISSED") in [tuple(row) for row in effects]
    assert [row[1] == "CAME" for row in effects] == kept


async def test_a_request_that_was_denied_is_asked_for_anew(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.approved(1)
    asked = list[str]()

    def once(*given: Any) -> Denial | None:
        asked.append("")
        if len(asked) == 1:
            return Denial("policy", "PT-102.pv is too low just now")
        return policy_denial(*given)

    monkeypatch.setattr("handwheel.tools.guardrails.approval.build_segment.policy_denial", once)
    await room.reach("HELD")
    assert "PT-102.pv is too low just now" in room.run.reason
    await room.scan(12)
    await room.ordered("resume", "WAITING_APPROVAL", within_s=20.0)
    assert [str(each.state) for each in room.requests()] == ["APPROVED", "DENIED", "PENDING"]
    room.say("approve")
    await room.reach("COMPLETE")
