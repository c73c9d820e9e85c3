"""A rate at the gate: from what was last sent and what is there, and of the very first jump."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from ...attacks.sql_shell import write_text
from ..testbed.edited_policy import LOOSE, carried_out, ruled_room
from ..testbed.ledger_faults import Trouble, at_the_intent, full, unanchored
from ..testbed.with_oracle import Watched

SP = "PIC-102.sp"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncGenerator[Watched]:
    async with ruled_room(tmp_path, ("policy.yaml", LOOSE, "rate: 30 kPa/min, ")) as room:
        yield room


@pytest.mark.way_in("G5")
async def test_a_first_jump_without_history_is_bounded(room: Watched) -> None:
    (end,) = await carried_out(room, (SP, 380.1))
    words = "PIC-102.sp was never written from here: at 30 kPa/min its first step may be 30 kPa"
    assert end == f"INVALIDATED: {words}, not 30.1 kPa"
    told = [row["reason"] for row in room.rows("action.INVALIDATED")]
    assert told == [f"{words}, not 30.1 kPa"]
    assert room.plant.frames == []
    (end,) = await carried_out(room, (SP, 380.0))
    assert end.startswith("VERIFIED")


async def test_a_long_cool_down_lets_the_first_step_be_longer(tmp_path: Path) -> None:
    edit = ("policy.yaml", LOOSE, "rate: 30 kPa/min, cooldown: 2 min, ")
    async with ruled_room(tmp_path, edit) as room:
        assert "not 60.1 kPa" in (await carried_out(room, (SP, 410.1)))[0]
        assert (await carried_out(room, (SP, 410.0)))[0].startswith("VERIFIED")


async def test_a_rate_goes_by_what_was_last_sent_too(room: Watched) -> None:
    assert (await carried_out(room, (SP, 370.0)))[0].startswith("VERIFIED")
    room.plant.values[SP] = 350.0  # somebody else has moved it
    room.clock.forward(10.0)
    (end,) = await carried_out(room, (SP, 352.0))
    words = "PIC-102.sp was written 10 s ago and would change faster than 30 kPa/min"
    assert end == f"INVALIDATED: {words}: wait 26 s more"
    room.clock.forward(26.0)
    assert (await carried_out(room, (SP, 352.0)))[0].startswith("VERIFIED")


async def test_a_rate_goes_by_what_is_there_too(room: Watched) -> None:
    assert (await carried_out(room, (SP, 370.0)))[0].startswith("VERIFIED")
    room.plant.values[SP] = 340.0
    room.clock.forward(10.0)
    assert "faster than 30 kPa/min" in (await carried_out(room, (SP, 370.0)))[0]
    assert (await carried_out(room, ("P-101B.run_cmd", True)))[0].startswith("VERIFIED")
    assert len(room.plant.frames) == 2


@pytest.mark.parametrize("trouble", [unanchored, full])
@pytest.mark.parametrize("is_read", [True, False])
async def test_a_rate_goes_by_an_intent_that_came_to_no_disk_too(
    room: Watched, trouble: Trouble, *, is_read: bool
) -> None:
    request = room.approved((SP, 370.0))
    with at_the_intent(room, trouble):
        await room.act()
    await room.act()
    assert room.desk.states(request) == ["ABORTED_NOT_SENT"]
    if not is_read:
        write_text(room.site.state, request.request_id, "{}")
    room.clock.forward(10.0)
    (end,) = await carried_out(room, (SP, 352.0))
    words = "PIC-102.sp was written 10 s ago and would change faster than 30 kPa/min"
    assert end == f"INVALIDATED: {words}: wait 26 s more"
    room.clock.forward(26.0)
    assert (await carried_out(room, (SP, 352.0)))[0].startswith("VERIFIED")
    assert len(room.plant.frames) == 1


async def test_a_rate_lets_nothing_through_where_the_last_write_was_damaged(room: Watched) -> None:
    request = room.approved((SP, 370.0))
    await room.act()
    assert room.desk.states(request) == ["VERIFIED"]
    write_text(room.site.state, request.request_id, "{}")
    room.clock.forward(36.0)
    (end,) = await carried_out(room, (SP, 352.0))
    assert end == f"INVALIDATED: it cannot be read what {request.request_id}/c1 has written"
    write_text(room.site.state, request.request_id, request.text)
    assert (await carried_out(room, (SP, 352.0)))[0].startswith("VERIFIED")
    assert len(room.plant.frames) == 2
