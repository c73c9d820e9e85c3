"""What a ledger is filled with, step by step, to see what its store refuses."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.lifecycle import file_request, move_action, move_request
from handwheel.tools.guardrails.ledger.store.database import Database, Transaction
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.requests.timestamps import stamp

from .....sites.people import SITE
from .....sites.signed_requests import NOW, request_of


def file(database: Database, number: int = 1, commands: int = 2, **changes: object) -> str:
    """Files a request with some commands, each a step of its own, and returns its name."""
    name, action = f"R-0000000{number}", request_of().commands[0]
    requested = request_of(
        request_id=name, proposal_key=f"the key of {name}", filed_at=stamp(NOW.wall),
        commands=[
            action.model_copy(update={"action_id": f"{name}/c{n}", "step": f"step {n}"})
            for n in range(1, commands + 1)
        ],
        **changes,
    )  # fmt: skip
    assert file_request(database, requested, "", NOW)
    return name


def approve(database: Database, number: int = 1, **changes: object) -> str:
    name = file(database, number, 2, **changes)
    with database.transaction(NOW) as transaction:
        move_request(transaction, name, RequestState.APPROVED, "a test")
    return name


def start_gate(database: Database) -> int:
    with database.transaction(NOW) as transaction:
        transaction.change("INSERT INTO gate(pid, boot_id) VALUES (1, 'boot')", ())
        epoch = int(transaction.one("SELECT max(epoch) FROM gate"))
        transaction.record("gate.started", str(epoch), {"epoch": epoch, "pid": 1})
    return epoch


def intend(transaction: Transaction, action_id: str, epoch: int) -> None:
    seq = transaction.record("action.intent", action_id, {"wire": "00"}).seq
    transaction.change("INSERT INTO intent VALUES (?, '00', ?, ?)", (action_id, epoch, seq))


def move(database: Database, action_id: str, *states: str, epoch: int = 0) -> None:
    for state in states:
        with database.transaction(NOW) as transaction:
            found = transaction.one("SELECT state FROM action WHERE action_id = ?", action_id)
            if state == "SENDING":
                intend(transaction, action_id, epoch)
            move_action(transaction, action_id, ActionState(found), ActionState(state), "a test")


def refused(database: Database, statement: str, *values: object) -> str:
    """Tries a statement past every function of the product; returns why the store refused it."""
    rows, before = list(database.journal()), contents(database)
    with pytest.raises(LedgerError) as error:
        change(database, statement, *values)
    assert (list(database.journal()), contents(database)) == (rows, before)
    return str(error.value)


def change(database: Database, statement: str, *values: object) -> None:
    with database.transaction(NOW) as transaction:
        transaction.record("test", "", {})
        transaction.change(statement, values)


def contents(database: Database) -> Mapping[str, Any]:
    tables = ("request", "action", "intent", "decision", "gate", "lockout", "authority")
    return {name: [tuple(row) for row in database.all(f"SELECT * FROM {name}")] for name in tables}


def denied(shell: sqlite3.Connection, reason: str, statement: str, *values: object) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=reason):
        shell.execute(statement, values)


def opened(folder: Path) -> Database:
    return Database(folder, SITE)
