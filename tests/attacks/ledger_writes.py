"""What somebody with a plain SQL shell can write into a ledger."""

import sqlite3
from collections.abc import Mapping

NEW_REQUEST = (
    "INSERT INTO request(request_id, proposal_key, digest, text, filed_boot_id, filed_boot_ms) "
    "VALUES ('R-X', 'key', 'digest', 'text', 'boot', 1)"
)
NEW_ACTION = (
    "INSERT INTO action(action_id, request_id, position, kind, equipment, tag) "
    "VALUES ('R-X/c{n}', 'R-X', {n}, 'command', 'P-101A', 'P-101A.run_cmd')"
)
NEW_INTENT = "INSERT INTO intent VALUES ('R-X/c{n}', '00', (SELECT max(epoch) FROM gate), 1)"


def way(table: Mapping[str, str], start: str, goal: str) -> list[str]:
    """Returns the states from the start to the goal, without the start."""
    ways = [[start]]
    for way in ways:
        if way[-1] == goal:
            return way[1:]
        ways += [[*way, after] for after in table[way[-1]].split() if after not in way]
    raise AssertionError(goal)


def move_request(shell: sqlite3.Connection, state: str) -> None:
    shell.execute("UPDATE request SET state = ? WHERE request_id = 'R-X'", (state,))


def move_action(shell: sqlite3.Connection, state: str, number: int = 0) -> None:
    if state == "SENDING":
        shell.execute(NEW_INTENT.format(n=number))
    shell.execute("UPDATE action SET state = ? WHERE action_id = ?", (state, f"R-X/c{number}"))


def approved(shell: sqlite3.Connection, number: int = 1) -> None:
    shell.execute(NEW_REQUEST)
    for n in range(number):
        shell.execute(NEW_ACTION.format(n=n))
    for state in ("PENDING", "APPROVED"):
        move_request(shell, state)
