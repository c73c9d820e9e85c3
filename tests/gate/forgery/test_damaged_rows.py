"""Rows that nobody can place: nothing of them is sent, and every other request goes on."""

import sqlite3

import pytest

from handwheel.tools.errors import LedgerError

from ...attacks.sql_shell import write_text
from ..testbed.runner import START_BACK, Runner, command, recovery, wires
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched

LogCapture = pytest.LogCaptureFixture
NEW = (
    "INSERT INTO action(action_id, request_id, position, kind, equipment, tag) "
    "VALUES (:c9, :id, 9, 'command', 'x', 'PIC-102.sp')"
)
MOVE = "UPDATE action SET state = '{}' WHERE action_id = :c9"
INTENT = "INSERT INTO intent VALUES (:c9, '00', (SELECT max(epoch) FROM gate), 1)"
SENT = "UPDATE action SET state = 'SENDING', sent_at = 'x' WHERE action_id = :c9"
APPROVE = "UPDATE request SET state = 'APPROVED', {} WHERE request_id = :id"
FIRST_DUE = "UPDATE action SET state = 'DUE', due_boot_ms = 1000000 WHERE request_id = :id"
ACTIONS, CLOCK = "its actions are not those that it names", "it was approved on one clock only"

ALTERED = [
    [NEW],
    [NEW, MOVE.format("DUE"), MOVE.format("CLAIMED")],
    [NEW, MOVE.format("DUE"), MOVE.format("CLAIMED"), INTENT, MOVE.format("SENDING")],
]
APPROVED = [
    ("approved_at = 'x', approved_boot_ms = 1", "time data 'x' does not match"),
    ("approved_boot_ms = 1", CLOCK),
    ("approved_at = '2026-11-25T08:50:25.000Z'", CLOCK),
]


def write(shell: sqlite3.Connection, name: str, *statements: str) -> None:
    for each in statements:
        shell.execute(each, {"id": name, "c9": f"{name}/c9"})


async def others_go_on(room: Watched, frames: int = 2) -> None:
    """Before and after the gate is started anew, with nothing sent but theirs."""
    for write in (START_B, SETPOINT):
        request = room.approved(write)
        await room.go_round(2)
        assert room.desk.states(request) == ["VERIFIED"]
        room.kill_gate()
        await room.start_gate()
    assert len(room.plant.frames) == frames
    assert room.suspended == []


@pytest.mark.parametrize("statements", ALTERED)
async def test_a_request_with_other_actions_than_it_names_holds_up_no_other(
    room: Watched, shell: sqlite3.Connection, statements: list[str], caplog: LogCapture
) -> None:
    request = room.approved(START)
    write(shell, request.request_id, *statements)
    await others_go_on(room)
    assert f"request {request.request_id} is damaged: {ACTIONS}" in caplog.text
    with pytest.raises(LedgerError, match=ACTIONS):
        room.desk.record(request.request_id)
    assert any("/c9" in each for each in room.faults())


async def test_a_request_that_was_approved_at_no_time_holds_up_no_other(
    room: Watched, shell: sqlite3.Connection, caplog: LogCapture
) -> None:
    for approved, why in APPROVED:
        request = room.desk.propose(START)
        write(shell, request.request_id, APPROVE.format(approved), FIRST_DUE)
        await room.go_round()
        assert f"request {request.request_id} is damaged: {why}" in caplog.text
    await others_go_on(room)


async def test_what_was_written_at_no_time_is_not_written_again(
    room: Watched, shell: sqlite3.Connection
) -> None:
    request = room.approved(START)
    end = MOVE.format("VERIFIED")
    write(shell, request.request_id, *ALTERED[1], INTENT, SENT, end)
    unlucky = await room.carried_out(SETPOINT)
    assert room.reason(unlucky) == "it cannot be read when PIC-102.sp was last written"
    sound = await room.carried_out(START_B)
    assert (room.desk.states(sound), len(room.plant.frames)) == (["VERIFIED"], 1)


async def test_a_request_whose_name_begins_with_anothers_holds_up_neither(
    room: Watched, shell: sqlite3.Connection
) -> None:
    request = room.approved(START)
    shell.execute(
        "INSERT INTO request(request_id, proposal_key, digest, text, filed_boot_id, filed_boot_ms) "
        "SELECT request_id || 'X', 'k', 'd', text, filed_boot_id, filed_boot_ms FROM request"
    )
    await room.go_round()
    assert room.desk.states(request) == ["VERIFIED"]
    assert room.wires == [request.commands[0].wire]
    await others_go_on(room, 3)


async def test_a_request_under_anothers_name_is_damaged_and_holds_up_no_other(
    room: Watched, shell: sqlite3.Connection, caplog: LogCapture
) -> None:
    """It was filed in an earlier ledger, and somebody writes it into this one."""
    request, _ = room.desk.request([START])
    now = room.clock.now()
    shell.execute(
        "INSERT INTO request(request_id, proposal_key, digest, text, filed_boot_id, filed_boot_ms) "
        "VALUES ('R-Z', 'key', ?, ?, ?, ?)",
        (request.digest, request.text, now.boot_id, now.boot_ms),
    )
    shell.execute(
        "INSERT INTO action(action_id, request_id, position, kind, equipment, tag) "
        "VALUES (?, 'R-Z', 0, 'command', 'P-101A', 'P-101A.run_cmd')",
        (request.commands[0].action_id,),
    )
    for state in ("PENDING", "APPROVED"):
        shell.execute("UPDATE request SET state = ? WHERE request_id = 'R-Z'", (state,))
    shell.execute("UPDATE action SET state = 'DUE'")
    await room.act()
    assert "request R-Z is damaged: its text is another request's" in caplog.text
    await others_go_on(room)


@pytest.mark.parametrize("is_damaged", [True, False])
async def test_nothing_is_taken_back_of_a_run_that_nobody_can_read_whole(
    runner: Runner, *, is_damaged: bool
) -> None:
    """What an earlier request of the run has taken back may stand in what was damaged."""
    room, site = runner.room, runner.room.site
    first = runner.approved(runner.segment(recovery=()))
    await runner.carry_out(first, "c1")
    undo = recovery(site, START_BACK, f"{first.request_id}/c1", expects=True)
    later = runner.segment(
        proposal_key="another segment 2", commands=(command(site, SETPOINT),), recovery=(undo,)
    )
    request = runner.approved(later)
    if is_damaged:
        write_text(room.site.state, first.request_id, first.text.replace("request/1", "request/0"))
    await runner.carry_out(request, "r1")
    assert runner.states(request) == f"CANCELLED {'INVALIDATED' if is_damaged else 'VERIFIED'}"
    told = f"what it undoes is not known: request {first.request_id} is damaged"
    assert runner.reason(request, "r1").startswith(told) is is_damaged
    assert runner.room.wires == [*wires(first, "c1"), *wires(request, "r1")][: 2 - is_damaged]
