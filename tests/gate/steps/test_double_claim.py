"""Two that go for one action, as two gates would: one of them sends, once."""

from handwheel.tools.guardrails.gate.steps.execute import execute_action
from handwheel.tools.guardrails.ledger.store.database import LostRace

from ..testbed.with_oracle import START, START_B, Watched


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
    assert told == "another process changed it first; nothing was changed"
    assert room.desk.states(request) == ["VERIFIED", "DUE"]
    assert room.reason(request) == "P-101A.run_cmd reads true"
    await room.act()
    assert room.desk.states(request) == ["VERIFIED", "VERIFIED"]
    assert room.faults() == ()
