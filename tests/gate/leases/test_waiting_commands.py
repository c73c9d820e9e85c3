"""A command that waits for too long, or that nobody can place, holds up no way back."""

import pytest

from handwheel.tools.guardrails.ledger.lifecycle import sweep
from handwheel.tools.guardrails.ledger.write_leases import open_writes

from ...attacks.past_the_checks import append_row
from ..testbed.runner import wires
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched
from .test_expiry import FOR_S, WHILE, pass_time, standing

LEFT = "no gate took it up within 10 s"


@pytest.mark.parametrize("who", ["the gate", "a terminal"])
@pytest.mark.parametrize("writes", [(START, SETPOINT), (START, START_B, SETPOINT)], ids=len)
async def test_what_the_gate_was_too_busy_for_is_taken_back_at_once(
    room: Watched, writes: tuple[tuple[str, object], ...], who: str
) -> None:
    """A command that nobody took up is as good as stopped: what is written without it goes back."""
    request = room.approved(*writes, terms=WHILE)  # type: ignore[arg-type]
    for _ in writes[1:]:
        await room.act()
    room.clock.forward(10.1)
    if who == "a terminal":
        sweep(room.desk.database, room.clock.now())
    await pass_time(room, 0.1)
    last, count = f"c{len(writes)}", len(writes)
    back = [f"r{number}" for number in range(2, count + 1)]
    assert room.wires == wires(request, *(f"c{n}" for n in range(1, count)), *back)
    left = [each for each in room.rows("action.INVALIDATED") if each["reason"] == LEFT]
    assert [each["of"] for each in left] == [f"{request.request_id}/{last}"]
    whole = "undone: what was approved has not come about as a whole"
    assert [each["reason"] for each in room.rows("request.CLOSED")] == [whole]
    assert (room.rows("lease.open"), open_writes(room.desk.database)) == ([], [])
    assert room.faults() == ()


@pytest.mark.way_in("F8")
async def test_a_due_action_whose_request_is_over_holds_up_no_lease(room: Watched) -> None:
    other = room.approved(START_B)
    closed: dict[str, object] = {"to": "CLOSED", "reason": ""}
    append_row(room.desk.database, room.clock.now(), "request.CLOSED", other.request_id, closed)
    request = room.approved(SETPOINT, terms=WHILE)
    await room.act(2)
    assert standing(room, request) == "APPROVED VERIFIED PLANNED"
    await pass_time(room, FOR_S)
    assert room.wires == wires(request, "c1", "r1")
    assert standing(room, request) == "CLOSED VERIFIED VERIFIED"
    ended = [(each["of"], each["reason"]) for each in room.rows("action.INVALIDATED")]
    assert ended == [(f"{other.request_id}/c1", "its request is CLOSED")]
    assert room.suspended == []
