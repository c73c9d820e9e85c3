"""What the ledger refuses by itself, whoever writes: here somebody with a plain SQL shell."""

import sqlite3
from itertools import product

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.journal import next_row

from .....attacks.ledger_writes import NEW_ACTION, NEW_INTENT, NEW_REQUEST, approved, move_action
from .....gate.testbed.in_memory import Room
from .....sites.signed_requests import head_of


def test_what_was_recorded_is_never_changed_or_deleted(shell: sqlite3.Connection) -> None:
    for table, verb in list(
        product(("meta", "legal_transition", "journal", "intent", "decision", "gate"), "UD")
    ):
        assert shell.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0, table
        column = shell.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
        statement = (
            f"UPDATE {table} SET {column} = {column}" if verb == "U" else f"DELETE FROM {table}"
        )
        with pytest.raises(sqlite3.IntegrityError, match=f"{table} is append-only"):
            shell.execute(statement)


def test_the_ledgers_own_connection_replaces_nothing(room: Room) -> None:
    for table, reason in [
        ("legal_transition", "the legal transitions are fixed"),
        ("journal", "journal: such a row is there"),
        ("intent", "intent: such a row is there"),
        ("decision", "decision: such a row is there"),
        ("gate", "gate: such a row is there"),
        ("request", "request: such a row is there"),
        ("action", "action: such a row is there"),
        ("lockout", "lockout: such a row is there"),
        ("meta", "one site"),
    ]:
        database = room.desk.database
        made = {"in_flight", "kind", "subject"} if table == "journal" else {"in_flight"}
        found = database.all(f"SELECT name FROM pragma_table_info('{table}')")
        columns = [row[0] for row in found if row[0] not in made]
        names = ", ".join(columns)
        with pytest.raises(LedgerError, match=reason), database.transaction() as transaction:
            transaction.change(
                f"INSERT OR REPLACE INTO {table}({names}) SELECT {names} FROM {table} LIMIT 1", ()
            )


ROW_NUMBER = {"decision": "number", "gate": "epoch"}
UNIQUE = {
    "request": ["request_id", "proposal_key", "digest"],
    "action": ["action_id", "position"],
    "decision": ["nonce", "text"],
    "gate": [],
    "lockout": ["scope"],
}


def _replace(shell: sqlite3.Connection, table: str, key: str) -> None:
    """Puts a row into the place of another that has nothing but the key in common with it."""
    number = ROW_NUMBER.get(table, "rowid")
    left = {number, "state"}
    columns = [row[1] for row in shell.execute(f"PRAGMA table_info({table})") if row[1] not in left]
    new = {name: f"{name} || 'x'" for name in UNIQUE[table]} | {number: f"{number} + 100"}
    if table == "decision":
        new[number] = "(SELECT max(number) + 1 FROM decision)"
    if table == "action":
        new["position"] = "position + 100"
        new |= {name: "NULL" for name in columns if name.startswith("sent_")}
    new.pop(number if key == "rowid" else key, None)
    names = ", ".join([number, *columns])
    values = ", ".join(new.get(name, name) for name in [number, *columns])
    shell.execute(f"INSERT OR REPLACE INTO {table}({names}) SELECT {values} FROM {table} LIMIT 1")


@pytest.mark.parametrize(
    ("table", "key"), [(table, key) for table in UNIQUE for key in [*UNIQUE[table], "rowid"]]
)
def test_no_connection_replaces_a_row_whatever_its_pragmas(
    shell: sqlite3.Connection, table: str, key: str
) -> None:
    before = shell.execute(f"SELECT * FROM {table}").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match=f"{table}: such a row is there already"):
        _replace(shell, table, key)
    assert shell.execute(f"SELECT * FROM {table}").fetchall() == before
    _replace(shell, table, "nothing in common")
    assert len(shell.execute(f"SELECT * FROM {table}").fetchall()) == len(before) + 1


def test_no_update_puts_a_row_in_the_place_of_another(shell: sqlite3.Connection) -> None:
    approved(shell, number=2)
    for number in (0, 1):
        move_action(shell, "DUE", number)
    move_action(shell, "CLAIMED", 0)
    for statement, reason in [
        ("UPDATE OR REPLACE request SET rowid = 1, state = 'CLOSED' WHERE request_id = 'R-X'",
         "a request never changes"),
        ("UPDATE OR REPLACE action SET rowid = 1, state = 'SKIPPED' WHERE action_id = 'R-X/c1'",
         "an action never changes"),
        ("UPDATE OR REPLACE action SET state = 'CLAIMED' WHERE action_id = 'R-X/c1'", "in flight"),
        ("UPDATE OR REPLACE lockout SET rowid = 9, generation = 2", "only counts up"),
        (NEW_REQUEST.replace("(request_id", "(rowid, request_id").replace("('R-X'", "(-1, 'R-Z'")
         .replace("'key', 'digest'", "'k', 'd'"), "the first row is row 1"),
    ]:  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError, match=reason):
            shell.execute(statement)


def test_a_row_of_the_journal_does_not_take_the_place_of_one_with_its_hash(
    room: Room, shell: sqlite3.Connection
) -> None:
    last = head_of(room.desk.database)
    right = next_row(last, room.clock.now(), "test", "", {})
    replace = "INSERT OR REPLACE INTO journal(seq, hash, text) VALUES (?, ?, ?)"
    with pytest.raises(sqlite3.IntegrityError, match="journal: such a row is there already"):
        shell.execute(replace, (right.seq, last.hash, right.text))
    shell.execute(replace, (right.seq, right.hash, right.text))


def test_each_shortcut_is_refused(shell: sqlite3.Connection) -> None:
    for statement, reason in [
        ("DELETE FROM request", "a request is never deleted"),
        ("DELETE FROM action", "an action is never deleted"),
        ("DELETE FROM lockout", "a lockout is never deleted"),
        ("UPDATE request SET approved_boot_ms = 0", "illegal transition of a request"),
        ("UPDATE action SET sent_at = NULL", "illegal transition of an action"),
        ("UPDATE lockout SET is_locked = 0", "only a signed release unlocks"),
        ("UPDATE lockout SET generation = 0", "a lockout only counts up"),
        ("UPDATE lockout SET scope = 'site'", "a lockout only counts up"),
        ("UPDATE lockout SET generation = 9, is_locked = 1", "a lockout only counts up"),
        ("INSERT INTO meta VALUES ('other', '')", "a ledger belongs to one site"),
        (
            "INSERT INTO legal_transition VALUES ('action', 'VERIFIED', 'DUE')",
            "the legal transitions are fixed",
        ),
        (
            NEW_REQUEST.replace("filed_boot_ms)", "filed_boot_ms, state)").replace(
                "1)", "1, 'APPROVED')"
            ),
            "a request starts as PROPOSED",
        ),
        (
            NEW_ACTION.replace("tag)", "tag, state)")
            .replace("run_cmd')", "run_cmd', 'DUE')")
            .format(n=0),
            "an action starts as PLANNED",
        ),
        (
            NEW_ACTION.replace("tag)", "tag, sent_boot_ms)")
            .replace("run_cmd')", "run_cmd', 1)")
            .format(n=7),
            "an action starts unsent",
        ),
        (
            "INSERT INTO intent SELECT action_id, wire, epoch, seq FROM intent",
            "intent: such a row is there",
        ),
        ("INSERT INTO decision SELECT * FROM decision LIMIT 1", "decision: such a row is there"),
        (
            "INSERT INTO decision SELECT NULL, request_id, verdict, subject, nonce, text || ' ', "
            "signature, card, chain FROM decision LIMIT 1",
            "decision: such a row is there",
        ),
        (
            "INSERT INTO authority VALUES ('P-101A', 1, 'ANYBODY', 'anna', NULL)",
            "CHECK constraint failed",
        ),
        (
            "INSERT INTO authority VALUES ('P-101A', 1, 'AGENT', 'anna', NULL)",
            "CHECK constraint failed",
        ),
    ]:
        with pytest.raises(sqlite3.IntegrityError, match=reason):
            shell.execute(statement)


def test_a_request_changes_its_state_and_nothing_else(shell: sqlite3.Connection) -> None:
    approved(shell)
    for change in [
        "request_id = 'R-Y'", "proposal_key = 'other'", "digest = 'other'", "text = 'other'",
        "filed_boot_id = 'other'", "filed_boot_ms = 0",
    ]:  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError, match="a request never changes"):
            shell.execute(f"UPDATE request SET state = 'CLOSED', {change} WHERE request_id = 'R-X'")


def test_an_action_changes_its_state_and_nothing_else(shell: sqlite3.Connection) -> None:
    approved(shell)
    for change in [
        "action_id = 'R-X/c9'", "position = 9", "kind = 'recovery'",
        "equipment = 'P-101B'", "tag = 'P-101B.run_cmd'",
    ]:  # fmt: skip
        with pytest.raises(sqlite3.IntegrityError, match="an action never changes"):
            shell.execute(f"UPDATE action SET state = 'DUE', {change} WHERE action_id = 'R-X/c0'")


def test_an_intent_is_recorded_once_after_the_claim_by_the_newest_gate(
    shell: sqlite3.Connection,
) -> None:
    approved(shell)
    move_action(shell, "DUE")
    intent = NEW_INTENT.format(n=0)
    with pytest.raises(sqlite3.IntegrityError, match="the action is not claimed"):
        shell.execute(intent)
    move_action(shell, "CLAIMED")
    with pytest.raises(sqlite3.IntegrityError, match="no intent is recorded"):
        shell.execute("UPDATE action SET state = 'SENDING' WHERE action_id = 'R-X/c0'")
    for epoch in ("max(epoch) - 1", "max(epoch) + 1"):
        with pytest.raises(sqlite3.IntegrityError, match="another gate has started since"):
            shell.execute(intent.replace("max(epoch)", epoch))
    shell.execute(intent)
    with pytest.raises(sqlite3.IntegrityError, match="intent: such a row is there"):
        shell.execute(intent)


@pytest.mark.parametrize("shift", [-1, 1])
def test_a_row_of_the_journal_follows_the_last_one(
    room: Room, shell: sqlite3.Connection, shift: int
) -> None:
    last = head_of(room.desk.database)
    for before in (last, None):
        row = next_row(before, room.clock.now(), "test", "", {})
        wrong = (row.seq + shift, row.hash, row.text)
        with pytest.raises(sqlite3.IntegrityError, match=r"does not continue|is there already"):
            shell.execute("INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)", wrong)
    right = next_row(last, room.clock.now(), "test", "", {})
    shell.execute(
        "INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)", (right.seq, right.hash, right.text)
    )


@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"])
def test_a_decision_follows_the_last_one(shell: sqlite3.Connection, verb: str) -> None:
    """With a gap, somebody could put a release before the revocation of who has signed it."""
    row = f"{verb} INTO decision(number, verdict, subject, nonce, text, signature) VALUES "
    (last,) = shell.execute("SELECT max(number) FROM decision").fetchone()
    for number in (last + 2, last + 1000, 2**63 - 1):
        with pytest.raises(sqlite3.IntegrityError, match="the decisions do not continue"):
            shell.execute(f"{row} (?, 'propose', '', 'n', 't', '')", (number,))
    two = "(NULL, 'propose', '', 'a', 'a', ''), (?, 'propose', '', 'b', 'b', '')"
    with pytest.raises(sqlite3.IntegrityError, match="the decisions do not continue"):
        shell.execute(f"{row} {two}", (last + 3,))
    with pytest.raises(sqlite3.IntegrityError, match="decision: the first row is row 1"):
        shell.execute(f"{row} (0, 'propose', '', 'n', 't', '')")
    shell.execute(f"{row} (NULL, 'propose', '', 'n', 't', '')")
    shell.execute(f"{row} (?, 'propose', '', 'm', 'u', '')", (last + 2,))
    numbers = [each[0] for each in shell.execute("SELECT number FROM decision ORDER BY number")]
    assert numbers == list(range(1, last + 3))


def test_a_lockout_counts_up_and_is_released_by_its_own_signature_only(
    shell: sqlite3.Connection,
) -> None:
    release = (
        "INSERT INTO decision(verdict, subject, nonce, text, signature) "
        "VALUES ('release', ?, ?, ?, '')"
    )
    unlock = "UPDATE lockout SET is_locked = 0 WHERE scope = 'P-101B'"
    for other in ("lockout:P-101B:2", "lockout:P-101A:1", "lockout:site:1"):
        shell.execute(release, (other, other, other))
    with pytest.raises(sqlite3.IntegrityError, match="only a signed release unlocks"):
        shell.execute(unlock)
    shell.execute(release, ("lockout:P-101B:1",) * 3)
    shell.execute(unlock)
    with pytest.raises(sqlite3.IntegrityError, match="a lockout only counts up"):
        shell.execute("UPDATE lockout SET is_locked = 1")
    shell.execute("UPDATE lockout SET is_locked = 1, generation = generation + 1")
