"""What a ledger is filled with, step by step, to see what its fold refuses."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from handwheel.tools.guardrails.ledger.lifecycle import file_request, move_action, move_request
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import ActionState, RequestState
from handwheel.tools.guardrails.ledger.store.tables import Tables
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


def start_gate(database: Database) -> None:
    epoch = 1 + max((row[0] for row in database.all("SELECT epoch FROM gate")), default=0)
    record(database, "gate.started", str(epoch), epoch=epoch, pid=1)


def move(database: Database, action_id: str, *states: str) -> None:
    for state in states:
        with database.transaction(NOW) as transaction:
            found = transaction.one("SELECT state FROM action WHERE action_id = ?", action_id)
            if state == "SENDING":
                transaction.record("action.intent", action_id, {"wire": "00"})
            move_action(transaction, action_id, ActionState(found), ActionState(state), "a test")


def record(database: Database, kind: str, subject: str, /, **body: object) -> None:
    with database.transaction(NOW) as transaction:
        transaction.record(kind, subject, body)


def contents(tables: Tables) -> Mapping[str, list[tuple[Any, ...]]]:
    """Every table, row by row."""
    names = [row[0] for row in tables.all("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    return {
        name: [tuple(row) for row in tables.all(f"SELECT * FROM {name} ORDER BY 1, 2, 3")]
        for name in sorted(names)
    }


def opened(folder: Path) -> Database:
    return Database(folder, SITE)
