"""An action that is due twice over, and an approval of before a start of the machine."""

import pytest

from handwheel.tools.guardrails.gate.steps.execute import execute_action
from handwheel.tools.guardrails.ledger.store.database import LostRace

from ..testbed.with_oracle import START, START_B, Watched


@pytest.mark.way_in("T4")
async def test_what_was_approved_before_the_machine_was_started_again_moves_nothing(
    room: Watched,
) -> None:
    """Nor would a gate send it that has not noticed: the boot is another than the approval's."""
    request = room.approved(START)
    room.clock.reboot()
    await room.act()
    assert room.rows("action.CLAIMED") == []
    room.expect(request, "INVALIDATED", "the machine was restarted after the approval", frames=0)
    room.kill_gate()
    await room.start_gate()
    twin = await room.carried_out(START)
    assert (room.desk.states(twin), len(room.plant.frames)) == (["VERIFIED"], 1)


async def test_who_loses_the_claim_does_nothing_more(room: Watched) -> None:
    """Both have seen that it is due, and its request goes on when the first has done it."""
    request = room.approved(START, START_B)
    first, second = room.execution(), room.execution()
    assert first is not None
    assert second is not None
    await execute_action(first)
    room.plant.values["P-101A.run_cmd"] = False  # the plant alone would not stop the second
    told = ""
    try:
        await execute_action(second)
    except LostRace as race:
        told = str(race)
    kinds = [row.fields["kind"] for row in room.desk.database.journal()]
    assert len(room.plant.frames) == 1
    assert kinds.count("action.SENDING") == 1
    assert kinds.count("action.CLAIMED") == 1
    assert told == f"{request.commands[0].action_id} is VERIFIED, not DUE"
    assert room.desk.states(request) == ["VERIFIED", "DUE"]
    assert room.reason(request) == "P-101A.run_cmd reads true"
    await room.act()
    assert room.desk.states(request) == ["VERIFIED", "VERIFIED"]
    assert room.faults() == ()
