"""What the ledger refuses of runs and of authority, whoever writes."""

import sqlite3

import pytest

from .....attacks.ledger_writes import NEW_REQUEST

RUN = "INSERT INTO run(run_id, playbook) VALUES ('U-1', 'cw/change-over')"
OTHER = "INSERT INTO run(run_id, playbook) VALUES ('U-2', 'cw/change-over')"
ASSET = "INSERT INTO run_asset(run_id, asset) VALUES ('{}', 'P-101A')"
AUTHORITY = "INSERT INTO authority VALUES ('P-101A', 1, 'AGENT', 'anna', '2026-11-25')"


@pytest.mark.parametrize(
    ("before", "statement", "reason"),
    [
        ([RUN], RUN, "run: such a row is there already"),
        ([RUN], RUN.replace("INSERT", "INSERT OR REPLACE"), "run: such a row is there already"),
        ([RUN], "DELETE FROM run", "a run is never deleted"),
        ([RUN], "UPDATE run SET playbook = 'another'", "a run is ended once"),
        ([RUN, "UPDATE run SET is_open = 0"], "UPDATE run SET is_open = 1", "a run is ended once"),
        ([RUN, OTHER, ASSET.format("U-1")], ASSET.format("U-2"), "UNIQUE constraint failed"),
        ([AUTHORITY], AUTHORITY, "authority: such a row is there already"),
        ([AUTHORITY], "DELETE FROM authority", "authority is never deleted"),
        ([AUTHORITY], "UPDATE authority SET person = 'max'", "authority only counts up"),
        (
            [AUTHORITY],
            "UPDATE authority SET mode = 'OPERATOR', generation = 2",
            "CHECK constraint failed",
        ),
    ],
)
def test_a_run_and_authority_only_go_on(
    shell: sqlite3.Connection, before: list[str], statement: str, reason: str
) -> None:
    shell.execute("PRAGMA foreign_keys = ON")
    for each in before:
        shell.execute(each)
    with pytest.raises(sqlite3.IntegrityError, match=reason):
        shell.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE run SET is_open = 0",
        "UPDATE authority SET mode = 'OPERATOR', generation = 2, until = NULL",
        ASSET.format("U-1"),
    ],
)
def test_what_goes_on_is_let_through(shell: sqlite3.Connection, statement: str) -> None:
    for each in (RUN, AUTHORITY, statement):
        shell.execute(each)


def test_a_request_belongs_to_the_run_that_its_text_names(shell: sqlite3.Connection) -> None:
    shell.execute(NEW_REQUEST)  # its text is none that could be read
    shell.execute(
        NEW_REQUEST.replace("'R-X', 'key', 'digest', 'text'", "'R-Y', 'k', 'd', ?"),
        ('{"run":{"run_id":"U-1"}}',),
    )
    found = shell.execute("SELECT request_id FROM request WHERE run_id = 'U-1'").fetchall()
    assert found == [("R-Y",)]
    with pytest.raises(sqlite3.OperationalError, match="generated column"):
        shell.execute("UPDATE request SET run_id = 'U-2'")
