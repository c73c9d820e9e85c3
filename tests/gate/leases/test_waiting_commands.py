"""A command that waits for too long, or that nobody can place, holds up no way back."""

import pytest

from handwheel.tools.guardrails.ledger.write_leases import open_writes

from ..testbed.runner import wires
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched
from .test_expiry import WHILE, pass_time

LEFT = "no gate took it up within 10 s"


@pytest.mark.parametrize("writes", [(START, SETPOINT), (START, START_B, SETPOINT)], ids=len)
async def test_what_the_gate_was_too_busy_for_is_taken_back_at_once(
    room: Watched, writes: tuple[tuple[str, object], ...]
) -> None:
    """A command that nobody took up is as good as stopped: what is written without it goes back."""
    request = room.approved(*writes, terms=WHILE)  # type: ignore[arg-type]
    for _ in writes[1:]:
        await room.act()
    room.clock.forward(10.1)
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
