"""The independent judge and the audit know what is a heartbeat, and what only looks like one."""

from datetime import timedelta

import pytest

from ..testbed.heartbeat import HEAD, PUMP, BeatingRoom, take


@pytest.fixture
async def room(beating_room: BeatingRoom) -> BeatingRoom:
    return beating_room


async def test_the_judge_finds_what_is_no_heartbeat(room: BeatingRoom) -> None:
    room.give()
    await room.pass_s(1.0, 1.0)
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(0.5)
    assert not room.faults()
    now = room.clock.now().wall
    room.log(HEAD + (2).to_bytes(2, "big"), now + timedelta(seconds=1))
    room.log(HEAD + (40000).to_bytes(2, "big"), now - timedelta(seconds=1))
    assert room.faults() == (
        "frame 4: no count of a heartbeat goes to P-101A.hb",
        "frame 3: P-101A.hb is written outside its heartbeat",
    )


async def test_the_judge_counts_and_looks_at_the_clock(room: BeatingRoom) -> None:
    """A gate that says nothing of an end, and goes on; and one that counts in its sleep."""
    room.give(lasts_s=10.0)
    await room.pass_s(1.0)
    assert not room.faults()
    now = room.clock.now().wall
    room.log(HEAD + (0).to_bytes(2, "big"), now + timedelta(seconds=1))
    room.log(HEAD + (1).to_bytes(2, "big"), now + timedelta(seconds=9.5))
    room.log(HEAD + (2).to_bytes(2, "big"), now + timedelta(seconds=10.5))
    assert room.faults() == (
        "frame 4: P-101A.hb is written outside its heartbeat: its hand-over ended more than an "
        "interval before",
        "P-101A.hb is written 0 twice: that tells nobody anything",
    )


@pytest.mark.parametrize("named", [True, False])
async def test_the_judge_knows_a_heartbeat_that_nobody_signed(
    room: BeatingRoom, named: bool
) -> None:
    """A gate that does not ask whether the hand-over names it: the independent judge does."""
    room.give()
    await room.pass_s(1.0)
    ((_, body),) = room.told()
    take(PUMP, "OPERATOR")(room)
    await room.pass_s(1.0)
    until = room.give(named=named)
    with room.desk.database.transaction(room.clock.now()) as transaction:
        changes = {"generation": 3, "until": until}
        transaction.record("heartbeat.started", PUMP, body | changes)
    found = " ".join(room.faults())
    assert ("no hand-over that counts names it" in found) == (not named)
    assert named == (not found)
