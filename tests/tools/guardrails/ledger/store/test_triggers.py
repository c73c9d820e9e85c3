"""What the ledger refuses by itself, whoever writes: here somebody with a plain SQL shell."""

import sqlite3
from sqlite3 import Connection

import pytest

from handwheel.tools.guardrails.ledger.store.journal import next_row

from .....attacks.ledger_writes import NEW_ACTION, NEW_REQUEST, approved, move_action
from .....auditor.checks.requests import ACTION, REQUEST
from .....gate.testbed.in_memory import Room
from .....sites.signed_requests import head_of
from .sample_writes import denied

ROW_NUMBER = {"decision": "number", "gate": "epoch"}
UNIQUE = {
    "request": ["request_id", "proposal_key", "digest"],
    "action": ["action_id", "position"],
    "decision": ["nonce", "text"],
    "gate": [],
    "lockout": ["scope"],
}


def test_the_states_are_those_of_the_specification(shell: Connection) -> None:
    legal = shell.execute("SELECT machine, from_state, to_state FROM legal_transition").fetchall()
    assert set(legal) == {
        (machine, state, to)
        for machine, table in (("request", REQUEST), ("action", ACTION))
        for state, after in table.items()
        for to in after.split()
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
COPIED = (
    "INSERT INTO decision SELECT NULL, request_id, verdict, subject, nonce, text || ' ', "
    "signature, card, chain FROM decision LIMIT 1"
)
RUN = "INSERT INTO run(run_id, playbook) VALUES ('U-1', 'cw/change-over')"
ASSET = "INSERT INTO run_asset(run_id, asset) VALUES ('{}', 'P-101A')"
AUTHORITY = "INSERT INTO authority VALUES ('P-101A', 1, 'AGENT', 'anna', '2026-11-25')"
TAKEN = "UPDATE authority SET mode = 'OPERATOR', generation = 2"
SHORTCUTS = [
    ("meta is append-only", "UPDATE meta SET site = site"),
    ("legal_transition is append-only", "DELETE FROM legal_transition"),
    ("illegal transition of a request", "UPDATE request SET approved_boot_ms = 0"),
    ("illegal transition of an action", "UPDATE action SET sent_at = NULL"),
    ("a request starts as PROPOSED", APPROVED.replace("1)", "1, 'APPROVED')")),
    ("an action starts as PLANNED", BEGUN.format(n=0)),
    ("an action starts unsent", SENT.format(n=7)),
    ("decision: such a row is there", "INSERT INTO decision SELECT * FROM decision LIMIT 1"),
    ("decision: such a row is there", COPIED),
    ("CHECK constraint failed", AUTHORITY.replace("P-101A", "P-101B").replace("AGENT", "ANYBODY")),
    ("CHECK constraint failed", "INSERT INTO authority VALUES ('E-1', 1, 'AGENT', 'anna', NULL)"),
    ("CHECK constraint failed", TAKEN),
    ("authority: such a row is there already", AUTHORITY),
    ("authority only counts up", "UPDATE authority SET person = 'max'"),
    ("run: such a row is there already", RUN.replace("INSERT", "INSERT OR REPLACE")),
    ("a run is never deleted", "DELETE FROM run"),
    ("a run is ended once", "UPDATE run SET playbook = 'another'"),
    ("UNIQUE constraint failed", ASSET.format("U-2")),
]


def test_each_shortcut_is_refused_and_what_goes_on_is_let_through(shell: Connection) -> None:
    shell.execute("PRAGMA foreign_keys = ON")
    for statement in (RUN, RUN.replace("U-1", "U-2"), ASSET.format("U-1"), AUTHORITY):
        shell.execute(statement)
    for reason, statement in SHORTCUTS:
        denied(shell, reason, statement)
    shell.execute("UPDATE run SET is_open = 0")
    denied(shell, "a run is ended once", "UPDATE run SET is_open = 1")
    shell.execute(f"{TAKEN}, until = NULL")


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
