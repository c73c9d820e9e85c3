"""Schema of the ledger. Its triggers refuse what must never happen."""

import sqlite3
from collections.abc import Iterator
from functools import cache

from .states import legal_rows
from .tables import TABLES
from .triggers import TRIGGERS

VERSION = 7
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
    "authority": ("equipment",),
    "run": ("run_id",),
    "effect": ("action_id, number",),
}


def _condition(keys: str) -> str:
    return "OR (" + " AND ".join(f"{key} = NEW.{key}" for key in keys.split(", ")) + ")"


SCRIPT = (
    TABLES
    + TRIGGERS
    + "".join(
        _APPEND_ONLY.format(table=table)
        for table in ("meta", "legal_transition", "journal", "intent", "decision", "gate", "effect")
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
    """Whether a table, an index, a trigger or a legal transition differs from the schema."""
    found = connection.execute(f"SELECT sql FROM sqlite_schema WHERE NOT ({_OF_SQLITE})")  # noqa: S608
    made = {f"{row[0]};" for row in found if row[0]}  # the index of a UNIQUE has no text
    legal = connection.execute("SELECT machine, from_state, to_state FROM legal_transition")
    return made != set(_statements()) or {tuple(row) for row in legal} != set(legal_rows())


@cache
def _statements() -> tuple[str, ...]:
    """Returns the statements one by one, since `executescript` would commit before the first."""
    return tuple(_split(SCRIPT))


def _split(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement.strip()
            statement = ""
