"""An old ledger, a copy, a journal that was edited, cut off or replaced: nothing leaves on it."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from shutil import copyfile, move

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.decide import decide
from handwheel.tools.guardrails.gate.gate import open_gate
from handwheel.tools.guardrails.gate.monitoring.crash_recovery import NOT_SENT, RESTARTED
from handwheel.tools.guardrails.ledger.store.backup import back_up
from handwheel.tools.guardrails.ledger.store.journal import JournalRow, next_row
from handwheel.tools.requests.canonical import digest

from ...attacks.sql_shell import shell_of, without_triggers
from ..testbed.terminals import Desk
from ..testbed.with_oracle import SETPOINT, START, START_B, Watched

ANOTHER = r"row \d+ of the journal is not the one that was anchored"
COPY, ASIDE = "kept.db", "aside"

# Whether another process can take the write lock.
_TRY = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0.0, isolation_level=None)
try:
    connection.execute("BEGIN IMMEDIATE")
    print("taken")
except sqlite3.OperationalError as error:
    print(error)
"""


def lock_of_others(room: Watched) -> str:
    """What another process is told that tries to write."""
    command = [sys.executable, "-c", _TRY, str(room.site.state / "ledger.db")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def set_aside(room: Watched) -> None:
    """Everybody ends, and somebody puts what they have left away."""
    room.kill_gate()
    room.desk.database.close()
    (room.site.state / ASIDE).mkdir()
    for each in (*room.site.state.glob("ledger.db*"), room.site.state / "anchors"):
        move(each, room.site.state / ASIDE)


def put_back(room: Watched, ledger: str, anchors: str) -> None:
    """Puts a ledger and anchors in the place of those that were there."""
    state = room.site.state
    for each in (*state.glob("ledger.db*"), state / "anchors"):
        each.unlink(missing_ok=True)
    copyfile(state / ledger, state / "ledger.db")
    copyfile(state / anchors, state / "anchors")


async def restart(room: Watched) -> None:
    room.desk = Desk(room.site, room.clock, room.plant)
    await room.start_gate()


@pytest.mark.way_in("D16")
@pytest.mark.parametrize("is_approved", [True, False], ids=["", "signature put in again"])
async def test_on_an_old_ledger_with_its_old_anchors_nothing_is_carried_out(
    room: Watched, *, is_approved: bool
) -> None:
    """Only the newer anchors tell that it is old; but it was signed before this gate."""
    desk, request = room.desk, room.desk.propose(START)
    room.note(request, "anna")
    signed, card = desk.signed("approve", request, "anna"), desk.card(request)
    if is_approved:
        decide(desk.decision_context, signed, card, room.clock.now())
    copy = back_up(desk.database, room.site.state / COPY)
    if not is_approved:
        decide(desk.decision_context, signed, card, room.clock.now())
    await room.act()
    assert (desk.states(request), len(room.plant.frames)) == (["VERIFIED"], 1)
    room.plant.values[START[0]] = False
    set_aside(room)
    put_back(room, COPY, f"{ASIDE}/anchors")
    with pytest.raises(LedgerError, match=f"{ANOTHER}.* Nothing is sent"):
        async with open_gate(room.site, room.clock):
            pass
    put_back(room, COPY, copy.anchors.name)
    await restart(room)
    if not is_approved:
        assert decide(room.desk.decision_context, signed, card, room.clock.now()) == "APPROVED"
    await room.go_round(2)
    room.expect(request, "INVALIDATED", RESTARTED, frames=1)
    await room.go_through(START)
    assert room.faults() == ()


@pytest.mark.way_in("F6")
async def test_a_copy_of_the_live_ledger_takes_no_lock_from_the_gate(room: Watched) -> None:
    """Whoever opens and closes the file drops every lock of the process; SQLite alone does not."""
    request = room.approved()
    with room.context.database.transaction() as transaction:
        transaction.record("test", "", {})
        back_up(room.desk.database, room.site.state / COPY)
        assert lock_of_others(room) == "database is locked\n"
    assert lock_of_others(room) == "taken\n"
    await room.act()
    room.expect(request, "VERIFIED", "P-101A.run_cmd reads true")
    assert room.wires == [request.commands[0].wire]
    assert room.faults() == ()


def rows_of(shell: sqlite3.Connection) -> list[JournalRow]:
    return [
        JournalRow(*row)
        for row in shell.execute("SELECT seq, text, hash FROM journal ORDER BY seq")
    ]


def write(shell: sqlite3.Connection, row: JournalRow) -> None:
    shell.execute(
        "INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)", (row.seq, row.hash, row.text)
    )


def edited(shell: sqlite3.Connection, _: Watched) -> None:
    """A row in the middle says that something else was read back, and its hash fits that."""
    row = next(each for each in rows_of(shell) if "action.VERIFIED" in each.text)
    text = row.text.replace("reads true", "reads false")
    shell.execute("DELETE FROM journal WHERE seq = ?", (row.seq,))
    write(shell, JournalRow(row.seq, text, digest("journal", text)))


def cut_off(shell: sqlite3.Connection, _: Watched) -> None:
    last = rows_of(shell)[-1].seq
    shell.execute("DELETE FROM journal WHERE seq > ?", (last - 3,))


def replaced(shell: sqlite3.Connection, room: Watched) -> None:
    """The last rows are made anew, with a chain that holds."""
    *kept, second, first = rows_of(shell)
    shell.execute("DELETE FROM journal WHERE seq >= ?", (second.seq,))
    for _ in (second, first):
        kept.append(next_row(kept[-1], room.clock.now(), "test", "", {}))
        write(shell, kept[-1])


@pytest.mark.parametrize("is_written_meanwhile", [True, False])
@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(edited, marks=pytest.mark.way_in("F3")),
        pytest.param(cut_off, marks=pytest.mark.way_in("F4")),
        pytest.param(replaced, marks=pytest.mark.way_in("F5")),
    ],
)
async def test_on_a_journal_that_is_another_nothing_leaves(
    room: Watched,
    tamper: Callable[[sqlite3.Connection, Watched], None],
    *,
    is_written_meanwhile: bool,
) -> None:
    """The triggers are taken away and put back; new rows then stand where the old ones stood."""
    await room.go_through(START_B)
    request = room.approved()
    with shell_of(room.site.state) as shell:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            tamper(shell, room)
        with without_triggers(shell):
            tamper(shell, room)
    if is_written_meanwhile:
        room.desk.propose(SETPOINT)
    await room.act(2)
    assert room.suspended
    assert all("was replaced or cut off. Nothing is sent" in each for each in room.suspended)
    room.expect(request, "ABORTED_NOT_SENT", NOT_SENT, frames=1)
    assert any("is not the row that was anchored" in each for each in room.faults()), room.faults()
    with pytest.raises(LedgerError, match=ANOTHER):
        room.context.database.check_anchors()
