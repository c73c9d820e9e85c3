"""Requests and actions go only where the specification says, whoever writes."""

import sqlite3

import pytest

from .....attacks.ledger_writes import (
    ACTION,
    NEW_ACTION,
    NEW_REQUEST,
    REQUEST,
    approved,
    move_action,
    move_request,
    way,
)


@pytest.mark.parametrize("state", REQUEST)
def test_a_request_goes_only_where_the_specification_says(
    shell: sqlite3.Connection, state: str
) -> None:
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
def test_an_action_goes_only_where_the_specification_says(
    shell: sqlite3.Connection, state: str
) -> None:
    approved(shell)
    for step in way(ACTION, "PLANNED", state):
        move_action(shell, step)
    for to in ACTION:
        shell.execute("SAVEPOINT here")
        if to in ACTION[state].split():
            move_action(shell, to)
        else:
            reasons = "illegal transition of an action|no intent is recorded"
            with pytest.raises(sqlite3.IntegrityError, match=reasons):
                shell.execute("UPDATE action SET state = ? WHERE action_id = 'R-X/c0'", (to,))
        shell.execute("ROLLBACK TO here")


def test_the_states_are_those_of_the_specification(shell: sqlite3.Connection) -> None:
    legal = shell.execute("SELECT machine, from_state, to_state FROM legal_transition").fetchall()
    pairs = [("request", REQUEST), ("action", ACTION)]
    assert set(legal) == {
        (machine, state, to)
        for machine, table in pairs
        for state, after in table.items()
        for to in after.split()
    }


@pytest.mark.parametrize("state", ["PROPOSED", "PENDING", "PARTIAL", "REJECTED", "EXPIRED"])
def test_nothing_is_due_before_the_request_isapproved(
    shell: sqlite3.Connection, state: str
) -> None:
    shell.execute(NEW_REQUEST)
    shell.execute(NEW_ACTION.format(n=0))
    for step in way(REQUEST, "PROPOSED", state):
        move_request(shell, step)
    with pytest.raises(sqlite3.IntegrityError, match="the request is not approved"):
        move_action(shell, "DUE")


@pytest.mark.parametrize("state", ["REVOKED", "INVALIDATED", "SUPERSEDED", "CLOSED"])
def test_what_is_taken_back_before_the_claim_is_not_claimed(
    shell: sqlite3.Connection, state: str
) -> None:
    approved(shell)
    move_action(shell, "DUE")
    move_request(shell, state)
    with pytest.raises(sqlite3.IntegrityError, match="the request is not approved"):
        move_action(shell, "CLAIMED")
