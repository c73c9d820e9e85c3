"""What the ledger refuses by itself, whoever writes: here somebody with a plain SQL shell."""

import sqlite3
from itertools import product
from sqlite3 import Connection

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.journal import next_row

from .....attacks.ledger_writes import NEW_ACTION, NEW_REQUEST, approved, move_action
from .....gate.testbed.in_memory import Room
from .....sites.signed_requests import head_of
from .sample_writes import denied


def test_what_was_recorded_is_never_changed_or_deleted(shell: Connection) -> None:
    for table in ("meta", "legal_transition", "journal", "intent", "decision", "gate"):
        assert shell.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0, table
        column = shell.execute(f"SELECT name FROM pragma_table_info('{table}')").fetchone()[0]
        for statement in (f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"):
            denied(shell, f"{table} is append-only", statement)


def test_the_ledgers_own_connection_replaces_nothing(room: Room) -> None:
    database = room.desk.database
    keyed = ("journal", "intent", "decision", "gate", "request", "action", "lockout")
    reasons = {table: f"{table}: such a row is there" for table in keyed}
    reasons |= {"legal_transition": "the legal transitions are fixed", "meta": "one site"}
    for table, reason in reasons.items():
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


def _replace(shell: Connection, table: str, key: str) -> None:
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


def test_no_connection_replaces_a_row_whatever_its_pragmas(shell: Connection) -> None:
    for table, keys in UNIQUE.items():
        before = shell.execute(f"SELECT * FROM {table}").fetchall()
        for key in (*keys, "rowid"):
            reason = f"{table}: such a row is there already"
            with pytest.raises(sqlite3.IntegrityError, match=reason):
                _replace(shell, table, key)
            assert shell.execute(f"SELECT * FROM {table}").fetchall() == before, key
        _replace(shell, table, "nothing in common")
        assert len(shell.execute(f"SELECT * FROM {table}").fetchall()) == len(before) + 1, table


def test_no_update_puts_a_row_in_the_place_of_another(shell: Connection) -> None:
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
        denied(shell, reason, statement)


def test_a_journal_row_replaces_none_with_its_hash(room: Room, shell: Connection) -> None:
    last = head_of(room.desk.database)
    right = next_row(last, room.clock.now(), "test", "", {})
    replace = "INSERT OR REPLACE INTO journal(seq, hash, text) VALUES (?, ?, ?)"
    denied(shell, "journal: such a row is there already", replace, right.seq, last.hash, right.text)
    shell.execute(replace, (right.seq, right.hash, right.text))


APPROVED = NEW_REQUEST.replace("filed_boot_ms)", "filed_boot_ms, state)")
BEGUN = NEW_ACTION.replace("tag)", "tag, state)").replace("run_cmd')", "run_cmd', 'DUE')")
SENT = NEW_ACTION.replace("tag)", "tag, sent_boot_ms)").replace("run_cmd')", "run_cmd', 1)")
COPIED = "request_id, verdict, subject, nonce, text || ' ', signature, card, chain"
SHORTCUTS = {
    "a request is never deleted": ["DELETE FROM request"],
    "an action is never deleted": ["DELETE FROM action"],
    "a lockout is never deleted": ["DELETE FROM lockout"],
    "illegal transition of a request": ["UPDATE request SET approved_boot_ms = 0"],
    "illegal transition of an action": ["UPDATE action SET sent_at = NULL"],
    "only a signed release unlocks": ["UPDATE lockout SET is_locked = 0"],
    "a lockout only counts up": [
        "UPDATE lockout SET generation = 0",
        "UPDATE lockout SET scope = 'site'",
        "UPDATE lockout SET generation = 9, is_locked = 1",
    ],
    "a ledger belongs to one site": ["INSERT INTO meta VALUES ('other', '')"],
    "the legal transitions are fixed": [
        "INSERT INTO legal_transition VALUES ('action', 'VERIFIED', 'DUE')"
    ],
    "a request starts as PROPOSED": [APPROVED.replace("1)", "1, 'APPROVED')")],
    "an action starts as PLANNED": [BEGUN.format(n=0)],
    "an action starts unsent": [SENT.format(n=7)],
    "intent: such a row is there": [
        "INSERT INTO intent SELECT action_id, wire, epoch, seq FROM intent"
    ],
    "decision: such a row is there": [
        "INSERT INTO decision SELECT * FROM decision LIMIT 1",
        f"INSERT INTO decision SELECT NULL, {COPIED} FROM decision LIMIT 1",
    ],
    "CHECK constraint failed": [
        "INSERT INTO authority VALUES ('P-101A', 1, 'ANYBODY', 'anna', NULL)",
        "INSERT INTO authority VALUES ('P-101A', 1, 'AGENT', 'anna', NULL)",
    ],
}


def test_each_shortcut_is_refused(shell: Connection) -> None:
    for reason, statements in SHORTCUTS.items():
        for statement in statements:
            denied(shell, reason, statement)


def test_requests_and_actions_change_their_state_only(shell: Connection) -> None:
    approved(shell)
    for change in (
        "request_id = 'R-Y'", "proposal_key = 'other'", "digest = 'other'", "text = 'other'",
        "filed_boot_id = 'other'", "filed_boot_ms = 0",
    ):  # fmt: skip
        statement = f"UPDATE request SET state = 'CLOSED', {change} WHERE request_id = 'R-X'"
        denied(shell, "a request never changes", statement)
    for change in (
        "action_id = 'R-X/c9'", "position = 9", "kind = 'recovery'",
        "equipment = 'P-101B'", "tag = 'P-101B.run_cmd'",
    ):  # fmt: skip
        statement = f"UPDATE action SET state = 'DUE', {change} WHERE action_id = 'R-X/c0'"
        denied(shell, "an action never changes", statement)


def test_a_journal_row_follows_the_last(room: Room, shell: Connection) -> None:
    last = head_of(room.desk.database)
    insert = "INSERT INTO journal(seq, hash, text) VALUES (?, ?, ?)"
    for shift, before in product((-1, 1), (last, None)):
        row = next_row(before, room.clock.now(), "test", "", {})
        reasons = r"does not continue|is there already"
        denied(shell, reasons, insert, row.seq + shift, row.hash, row.text)
    right = next_row(last, room.clock.now(), "test", "", {})
    shell.execute(insert, (right.seq, right.hash, right.text))


@pytest.mark.parametrize("verb", ["INSERT", "INSERT OR REPLACE", "INSERT OR IGNORE"])
def test_a_decision_follows_the_last_one(shell: Connection, verb: str) -> None:
    """With a gap, somebody could put a release before the revocation of who has signed it."""
    row = f"{verb} INTO decision(number, verdict, subject, nonce, text, signature) VALUES "
    (last,) = shell.execute("SELECT max(number) FROM decision").fetchone()
    for number in (last + 2, last + 1000, 2**63 - 1):
        denied(
            shell,
            "the decisions do not continue",
            f"{row} (?, 'propose', '', 'n', 't', '')",
            number,
        )
    two = "(NULL, 'propose', '', 'a', 'a', ''), (?, 'propose', '', 'b', 'b', '')"
    denied(shell, "the decisions do not continue", f"{row} {two}", last + 3)
    denied(shell, "decision: the first row is row 1", f"{row} (0, 'propose', '', 'n', 't', '')")
    shell.execute(f"{row} (NULL, 'propose', '', 'n', 't', '')")
    shell.execute(f"{row} (?, 'propose', '', 'm', 'u', '')", (last + 2,))
    numbers = [each[0] for each in shell.execute("SELECT number FROM decision ORDER BY number")]
    assert numbers == list(range(1, last + 3))


def test_a_lockout_counts_up_and_its_own_signature_releases_it(shell: Connection) -> None:
    release = (
        "INSERT INTO decision(verdict, subject, nonce, text, signature) "
        "VALUES ('release', ?, ?, ?, '')"
    )
    unlock = "UPDATE lockout SET is_locked = 0 WHERE scope = 'P-101B'"
    for other in ("lockout:P-101B:2", "lockout:P-101A:1", "lockout:site:1"):
        shell.execute(release, (other, other, other))
    denied(shell, "only a signed release unlocks", unlock)
    shell.execute(release, ("lockout:P-101B:1",) * 3)
    shell.execute(unlock)
    denied(shell, "a lockout only counts up", "UPDATE lockout SET is_locked = 1")
    shell.execute("UPDATE lockout SET is_locked = 1, generation = generation + 1")
