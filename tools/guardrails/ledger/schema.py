"""The ledger's tables. What must never happen is refused here, whoever writes."""

import sqlite3
from collections.abc import Iterator
from functools import cache

from .transitions import legal_rows

VERSION = 3
APPLICATION_ID = 0x48574C31  # "HWL1"

_APPEND_ONLY = """
CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
CREATE TRIGGER {table}_is_never_deleted BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;
"""

# A connection without recursive_triggers deletes what REPLACE replaces past every trigger but
# this one. Before an insert a row whose number is not given has -1, so no row may have that.
_NEVER_REPLACED = """
CREATE TRIGGER {table}_is_never_replaced BEFORE INSERT ON {table}
WHEN EXISTS (SELECT 1 FROM {table} WHERE rowid = NEW.rowid {keys})
BEGIN SELECT RAISE(ABORT, '{table}: such a row is there already'); END;
CREATE TRIGGER {table}_counts_from_one AFTER INSERT ON {table} WHEN NEW.rowid < 1
BEGIN SELECT RAISE(ABORT, '{table}: the first row is row 1'); END;
"""
_KEYS = {
    "journal": ("hash",),
    "request": ("request_id", "proposal_key", "digest"),
    "action": ("action_id", "request_id, position"),
    "intent": ("action_id",),
    "decision": ("nonce", "text"),
    "gate": (),
    "lockout": ("scope",),
}

_TABLES = """
CREATE TABLE meta(site TEXT NOT NULL, created_at TEXT NOT NULL) STRICT;

CREATE TABLE legal_transition(
    machine TEXT NOT NULL, from_state TEXT NOT NULL, to_state TEXT NOT NULL,
    PRIMARY KEY(machine, from_state, to_state)
) STRICT, WITHOUT ROWID;

CREATE TABLE journal(
    seq INTEGER PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    kind TEXT NOT NULL GENERATED ALWAYS AS (json_extract(text, '$.kind')) VIRTUAL,
    subject TEXT NOT NULL GENERATED ALWAYS AS (json_extract(text, '$.subject')) VIRTUAL
) STRICT;
CREATE INDEX journal_subject ON journal(subject);

CREATE TABLE request(
    request_id TEXT PRIMARY KEY,
    proposal_key TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL,
    filed_boot_id TEXT NOT NULL,
    filed_boot_ms INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'PROPOSED',
    reason TEXT NOT NULL DEFAULT '',
    approved_at TEXT,
    approved_boot_ms INTEGER
) STRICT;
CREATE INDEX request_state ON request(state);

CREATE TABLE action(
    action_id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES request(request_id),
    position INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('command', 'recovery')),
    equipment TEXT NOT NULL,
    tag TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'PLANNED',
    reason TEXT NOT NULL DEFAULT '',
    due_boot_ms INTEGER,
    sent_at TEXT,
    sent_boot_id TEXT,
    sent_boot_ms INTEGER,
    in_flight INTEGER GENERATED ALWAYS AS
        (CASE WHEN state IN ('CLAIMED', 'SENDING') THEN 1 END) VIRTUAL,
    UNIQUE(request_id, position)
) STRICT;
CREATE UNIQUE INDEX one_action_in_flight ON action(in_flight);
CREATE INDEX action_state ON action(state);
CREATE INDEX action_tag ON action(tag);

CREATE TABLE intent(
    action_id TEXT PRIMARY KEY REFERENCES action(action_id),
    wire TEXT NOT NULL,
    epoch INTEGER NOT NULL REFERENCES gate(epoch),
    seq INTEGER NOT NULL REFERENCES journal(seq)
) STRICT;

CREATE TABLE decision(
    number INTEGER PRIMARY KEY,
    request_id TEXT REFERENCES request(request_id),
    verdict TEXT NOT NULL,
    subject TEXT NOT NULL,
    nonce TEXT NOT NULL UNIQUE,
    text TEXT NOT NULL UNIQUE,
    signature TEXT NOT NULL,
    card TEXT,
    chain TEXT
) STRICT;
CREATE INDEX decision_request ON decision(request_id);
CREATE INDEX decision_subject ON decision(verdict, subject);

CREATE TABLE gate(
    epoch INTEGER PRIMARY KEY AUTOINCREMENT,
    pid INTEGER NOT NULL,
    boot_id TEXT NOT NULL
) STRICT;

CREATE TABLE lockout(
    scope TEXT PRIMARY KEY,
    generation INTEGER NOT NULL CHECK (generation > 0),
    is_locked INTEGER NOT NULL CHECK (is_locked IN (0, 1))
) STRICT;

CREATE TABLE authority(
    equipment TEXT PRIMARY KEY,
    mode TEXT NOT NULL CHECK (mode IN ('OPERATOR', 'AGENT', 'LOCAL', 'MAINTENANCE')),
    person TEXT NOT NULL
) STRICT;
"""

_RULES = """
CREATE TRIGGER journal_continues BEFORE INSERT ON journal
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
  OR json_extract(NEW.text, '$.prev') IS NOT coalesce(
        (SELECT hash FROM journal WHERE seq = NEW.seq - 1),
        '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN SELECT RAISE(ABORT, 'the journal does not continue'); END;

CREATE TRIGGER decision_continues AFTER INSERT ON decision -- before, its number may be unknown
WHEN NEW.number > 1 AND NOT EXISTS (SELECT 1 FROM decision WHERE number = NEW.number - 1)
BEGIN SELECT RAISE(ABORT, 'the decisions do not continue'); END;

CREATE TRIGGER meta_is_one_row BEFORE INSERT ON meta WHEN EXISTS (SELECT 1 FROM meta)
BEGIN SELECT RAISE(ABORT, 'a ledger belongs to one site'); END;

CREATE TRIGGER legal_transitions_are_fixed BEFORE INSERT ON legal_transition
WHEN EXISTS (SELECT 1 FROM meta)
BEGIN SELECT RAISE(ABORT, 'the legal transitions are fixed'); END;

CREATE TRIGGER request_starts BEFORE INSERT ON request WHEN NEW.state IS NOT 'PROPOSED'
BEGIN SELECT RAISE(ABORT, 'a request starts as PROPOSED'); END;

CREATE TRIGGER request_is_fixed BEFORE UPDATE ON request
WHEN NEW.rowid IS NOT OLD.rowid
  OR NEW.request_id IS NOT OLD.request_id OR NEW.proposal_key IS NOT OLD.proposal_key
  OR NEW.digest IS NOT OLD.digest OR NEW.text IS NOT OLD.text
  OR NEW.filed_boot_id IS NOT OLD.filed_boot_id OR NEW.filed_boot_ms IS NOT OLD.filed_boot_ms
BEGIN SELECT RAISE(ABORT, 'a request never changes'); END;

CREATE TRIGGER request_moves BEFORE UPDATE ON request
WHEN NOT EXISTS (SELECT 1 FROM legal_transition
    WHERE machine = 'request' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal transition of a request'); END;

CREATE TRIGGER request_is_never_deleted BEFORE DELETE ON request
BEGIN SELECT RAISE(ABORT, 'a request is never deleted'); END;

CREATE TRIGGER action_starts BEFORE INSERT ON action WHEN NEW.state IS NOT 'PLANNED'
BEGIN SELECT RAISE(ABORT, 'an action starts as PLANNED'); END;

CREATE TRIGGER action_is_fixed BEFORE UPDATE ON action
WHEN NEW.rowid IS NOT OLD.rowid
  OR NEW.action_id IS NOT OLD.action_id OR NEW.request_id IS NOT OLD.request_id
  OR NEW.position IS NOT OLD.position OR NEW.kind IS NOT OLD.kind
  OR NEW.equipment IS NOT OLD.equipment OR NEW.tag IS NOT OLD.tag
BEGIN SELECT RAISE(ABORT, 'an action never changes'); END;

CREATE TRIGGER action_moves BEFORE UPDATE ON action
WHEN NOT EXISTS (SELECT 1 FROM legal_transition
    WHERE machine = 'action' AND from_state = OLD.state AND to_state = NEW.state)
BEGIN SELECT RAISE(ABORT, 'illegal transition of an action'); END;

CREATE TRIGGER action_in_flight_is_one BEFORE UPDATE ON action
WHEN NEW.state IN ('CLAIMED', 'SENDING') AND EXISTS
    (SELECT 1 FROM action WHERE in_flight = 1 AND action_id IS NOT NEW.action_id)
BEGIN SELECT RAISE(ABORT, 'another action is in flight'); END;

CREATE TRIGGER action_needs_approval BEFORE UPDATE ON action
WHEN NEW.state IN ('DUE', 'CLAIMED') AND 'APPROVED' IS NOT
    (SELECT state FROM request WHERE request_id = NEW.request_id)
BEGIN SELECT RAISE(ABORT, 'the request is not approved'); END;

CREATE TRIGGER action_needs_intent BEFORE UPDATE ON action
WHEN NEW.state = 'SENDING' AND NOT EXISTS
    (SELECT 1 FROM intent WHERE action_id = NEW.action_id)
BEGIN SELECT RAISE(ABORT, 'no intent is recorded'); END;

CREATE TRIGGER action_is_never_deleted BEFORE DELETE ON action
BEGIN SELECT RAISE(ABORT, 'an action is never deleted'); END;

CREATE TRIGGER intent_needs_claim BEFORE INSERT ON intent
WHEN 'CLAIMED' IS NOT (SELECT state FROM action WHERE action_id = NEW.action_id)
BEGIN SELECT RAISE(ABORT, 'the action is not claimed'); END;

CREATE TRIGGER intent_needs_newest_gate BEFORE INSERT ON intent
WHEN NEW.epoch IS NOT (SELECT max(epoch) FROM gate)
BEGIN SELECT RAISE(ABORT, 'another gate has started since'); END;

CREATE TRIGGER lockout_counts_up BEFORE UPDATE ON lockout
WHEN NEW.rowid IS NOT OLD.rowid
  OR NEW.scope IS NOT OLD.scope OR NEW.generation < OLD.generation
  OR (NEW.is_locked = 1 AND NEW.generation IS NOT OLD.generation + 1)
BEGIN SELECT RAISE(ABORT, 'a lockout only counts up'); END;

CREATE TRIGGER lockout_needs_release BEFORE UPDATE ON lockout
WHEN OLD.is_locked = 1 AND NEW.is_locked = 0 AND NOT EXISTS (SELECT 1 FROM decision
    WHERE verdict = 'release'
      AND subject = 'lockout:' || OLD.scope || ':' || OLD.generation)
BEGIN SELECT RAISE(ABORT, 'only a signed release unlocks'); END;

CREATE TRIGGER lockout_is_never_deleted BEFORE DELETE ON lockout
BEGIN SELECT RAISE(ABORT, 'a lockout is never deleted'); END;
"""


def _condition(keys: str) -> str:
    return "OR (" + " AND ".join(f"{key} = NEW.{key}" for key in keys.split(", ")) + ")"


SCRIPT = (
    _TABLES
    + _RULES
    + "".join(
        _APPEND_ONLY.format(table=table)
        for table in ("meta", "legal_transition", "journal", "intent", "decision", "gate")
    )
    + "".join(
        _NEVER_REPLACED.format(table=table, keys=" ".join(map(_condition, keys)))
        for table, keys in _KEYS.items()
    )
)

_OF_SQLITE = "type = 'table' AND name IN ('sqlite_sequence', 'sqlite_stat1', 'sqlite_stat4')"


def create_tables(connection: sqlite3.Connection) -> None:
    """Makes the tables, indexes and triggers of an empty ledger."""
    for statement in _statements():
        connection.execute(statement)
    connection.executemany("INSERT INTO legal_transition VALUES (?, ?, ?)", legal_rows())


def is_altered(connection: sqlite3.Connection) -> bool:
    """Whether a table, an index, a trigger or a legal transition is not the one that was made."""
    found = connection.execute(f"SELECT sql FROM sqlite_schema WHERE NOT ({_OF_SQLITE})")  # noqa: S608
    made = {f"{row[0]};" for row in found if row[0]}  # the index of a UNIQUE has no text
    legal = connection.execute("SELECT machine, from_state, to_state FROM legal_transition")
    return made != set(_statements()) or {tuple(row) for row in legal} != set(legal_rows())


@cache
def _statements() -> tuple[str, ...]:
    """Returns the statements one by one: `executescript` would commit before the first."""
    return tuple(_split(SCRIPT))


def _split(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
