"""Requests, actions, runs and authority go only where the specification says, whoever writes."""

import sqlite3
from sqlite3 import Connection

import pytest

from .....attacks.ledger_writes import (
    NEW_ACTION,
    NEW_REQUEST,
    approved,
    move_action,
    move_request,
    way,
)
from .....auditor.checks.requests import ACTION, REQUEST
from .sample_writes import denied


@pytest.mark.parametrize("state", REQUEST)
def test_a_request_goes_where_the_specification_says(shell: Connection, state: str) -> None:
    shell.execute(NEW_REQUEST)
    for step in way(REQUEST, "PROPOSED", state):
        move_request(shell, step)
    for to in REQUEST:
        shell.execute("SAVEPOINT here")
        if to in REQUEST[state].split():
            move_request(shell, to)
        else:
            with pytest.raises(sqlite3.IntegrityError, match="illegal transition of a request"):
                move_request(shell, to)
        shell.execute("ROLLBACK TO here")


@pytest.mark.parametrize("state", ACTION)
def test_an_action_goes_where_the_specification_says(shell: Connection, state: str) -> None:
    approved(shell)
    for step in way(ACTION, "PLANNED", state):
        move_action(shell, step)
    for to in ACTION:
        shell.execute("SAVEPOINT here")
        if to in ACTION[state].split():
            move_action(shell, to)
        else:
            reasons = "illegal transition of an action|no intent is recorded"
            denied(shell, reasons, "UPDATE action SET state = ? WHERE action_id = 'R-X/c0'", to)
        shell.execute("ROLLBACK TO here")


def test_the_states_are_those_of_the_specification(shell: Connection) -> None:
    legal = shell.execute("SELECT machine, from_state, to_state FROM legal_transition").fetchall()
    pairs = [("request", REQUEST), ("action", ACTION)]
    assert set(legal) == {
        (machine, state, to)
        for machine, table in pairs
        for state, after in table.items()
        for to in after.split()
    }


@pytest.mark.parametrize("state", ["PROPOSED", "PENDING", "PARTIAL", "REJECTED", "EXPIRED"])
def test_nothing_is_due_before_the_approval(shell: Connection, state: str) -> None:
    shell.execute(NEW_REQUEST)
    shell.execute(NEW_ACTION.format(n=0))
    for step in way(REQUEST, "PROPOSED", state):
        move_request(shell, step)
    with pytest.raises(sqlite3.IntegrityError, match="the request is not approved"):
        move_action(shell, "DUE")


@pytest.mark.parametrize("state", ["REVOKED", "INVALIDATED", "SUPERSEDED", "CLOSED"])
def test_what_is_taken_back_is_not_claimed(shell: Connection, state: str) -> None:
    approved(shell)
    move_action(shell, "DUE")
    move_request(shell, state)
    with pytest.raises(sqlite3.IntegrityError, match="the request is not approved"):
        move_action(shell, "CLAIMED")


RUN = "INSERT INTO run(run_id, playbook) VALUES ('U-1', 'cw/change-over')"
OTHER = "INSERT INTO run(run_id, playbook) VALUES ('U-2', 'cw/change-over')"
ASSET = "INSERT INTO run_asset(run_id, asset) VALUES ('{}', 'P-101A')"
TAKEN = "UPDATE authority SET mode = 'OPERATOR'"
AUTHORITY = "INSERT INTO authority VALUES ('P-101A', 1, 'AGENT', 'anna', '2026-11-25')"


def test_a_run_and_authority_only_go_on(shell: Connection) -> None:
    shell.execute("PRAGMA foreign_keys = ON")
    for each in (RUN, OTHER, ASSET.format("U-1"), AUTHORITY):
        shell.execute(each)
    for statement, reason in (
        (RUN, "run: such a row is there already"),
        (RUN.replace("INSERT", "INSERT OR REPLACE"), "run: such a row is there already"),
        ("DELETE FROM run", "a run is never deleted"),
        ("UPDATE run SET playbook = 'another'", "a run is ended once"),
        (ASSET.format("U-2"), "UNIQUE constraint failed"),
        (AUTHORITY, "authority: such a row is there already"),
        ("DELETE FROM authority", "authority is never deleted"),
        ("UPDATE authority SET person = 'max'", "authority only counts up"),
        (f"{TAKEN}, generation = 2", "CHECK constraint failed"),
    ):
        denied(shell, reason, statement)
    shell.execute("UPDATE run SET is_open = 0")
    denied(shell, "a run is ended once", "UPDATE run SET is_open = 1")


def test_what_goes_on_is_let_through(shell: Connection) -> None:
    steps = ASSET.format("U-1"), "UPDATE run SET is_open = 0"
    for statement in (RUN, AUTHORITY, *steps, f"{TAKEN}, generation = 2, until = NULL"):
        shell.execute(statement)


def test_a_request_belongs_to_the_run_that_its_text_names(shell: Connection) -> None:
    shell.execute(NEW_REQUEST)  # its text is none that could be read
    shell.execute(
        NEW_REQUEST.replace("'R-X', 'key', 'digest', 'text'", "'R-Y', 'k', 'd', ?"),
        ('{"run":{"run_id":"U-1"}}',),
    )
    found = shell.execute("SELECT request_id FROM request WHERE run_id = 'U-1'").fetchall()
    assert found == [("R-Y",)]
    with pytest.raises(sqlite3.OperationalError, match="generated column"):
        shell.execute("UPDATE request SET run_id = 'U-2'")
