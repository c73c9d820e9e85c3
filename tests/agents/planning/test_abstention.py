"""A trigger whose run did not start is not spent: people are told, and it is evaluated again."""

import pytest

from handwheel.agents.abstention import Abstention, read_abstentions
from handwheel.playbooks.engine.states import RunState

from ..orders.test_while_waiting import warnings_of_the_crew
from ..testbed.stepped_agents import START_B, AgentsRoom


def told(room: AgentsRoom) -> list[Abstention]:
    return read_abstentions(room.site.state, room.desk.database, room.clock.now())


async def test_what_was_not_known_for_a_minute_is_evaluated_again(
    room: AgentsRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standby's mode is unreadable for 61 s at the alarm, and the alarm stays."""
    notices = warnings_of_the_crew(monkeypatch)
    room.plant.lies["P-101B.mode"] = None
    await room.reach("NOT_STARTED")
    await room.scan(120)
    (found,) = told(room)
    assert (found.playbook, found.code) == ("cw/pump-bearing-changeover", "permissive")
    assert found.condition.startswith("VAH-101A.active")
    assert [(each.id, each.truth) for each in found.conditions] == [("standby-ready", "unknown")]
    assert "P-101B.mode is - (BadNoCommunication)" in found.conditions[0].shown
    assert (len(room.runs()), notices) == (1, [])  # the run's own event has told it
    room.plant.lies["P-101B.mode"] = 2
    await room.scan(2)
    (line,) = notices
    assert "is due but does not start: standby-ready is not met" in line
    room.plant.lies.clear()
    await room.scan(9)
    assert (len(room.runs()), told(room)) == (1, [])
    await room.approved(1)
    assert (len(room.runs()), room.frames) == (2, [START_B])


async def test_a_refusal_that_cannot_be_observed_is_not_repeated_at_once(
    room: AgentsRoom,
) -> None:
    room.desk.lock_out("P-101B")  # the plan's check of this room knows no lockout
    await room.reach("NOT_STARTED")
    await room.scan(2)
    (found,) = told(room)
    assert (found.code, "locked out: P-101B" in found.reason) == ("refused", True)
    await room.wait(580.0)
    assert len(room.runs()) == 1
    room.desk.release("P-101B")
    await room.scan(30)
    await room.reach_request(1)
    assert len(room.runs()) == 2


async def test_nobody_is_told_of_agents_that_have_ended(room: AgentsRoom) -> None:
    room.obstacle = "no gate is running"
    await room.scan(30)
    (found,) = told(room)
    assert (found.code, found.reason) == ("test", "no gate is running")
    assert (found.roles["standby"], found.equipment) == (
        "P-101B", ["E-101", "P-101A", "P-101B"],
    )  # fmt: skip
    await room.kill_agents()
    assert told(room) == []
    room.obstacle = ""
    await room.start_agents()
    await room.reach(RunState.WAITING_APPROVAL)
    assert told(room) == []
