"""What somebody with the rights of the gate's user does to the ledger's files."""

import sqlite3
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import FIRST, JournalRow
from handwheel.tools.guardrails.ledger.store.log_file import ledger_file
from handwheel.tools.requests.canonical import canonical, digest

from .journal_tampering import Rows

OPEN = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0.0, isolation_level=None)
try:
    print(connection.execute("SELECT count(*) FROM row").fetchone()[0])
except sqlite3.Error as error:
    print(error)
"""
REPLACE = """
import sys
from pathlib import Path
old, new, *paths = sys.argv[1:]
found = 0
for path in map(Path, paths):
    with path.open("r+b") as file:
        data = file.read()
        found += data.count(old.encode())
        file.seek(0)
        file.write(data.replace(old.encode(), new.encode()))
print(found)
"""


def opened_by_another_process(state: Path) -> str:
    """What another process is told that opens the ledger's file, even to read only."""
    return _run(OPEN, ledger_file(state)).strip()


def overwrite(state: Path, old: str, new: str) -> None:
    """Another process puts bytes in the place of others, wherever they stand in the files."""
    assert len(old) == len(new)
    files = sorted(ledger_file(state).parent.glob("ledger.db*"))
    assert int(_run(REPLACE, old, new, *files)) > 0, old


def _run(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@contextmanager
def closed_file(state: Path) -> Generator[sqlite3.Connection]:
    """The file of a ledger that nobody has open."""
    with closing(sqlite3.connect(ledger_file(state), isolation_level=None)) as connection:
        yield connection


def rows_in(state: Path) -> list[JournalRow]:
    """The rows of a ledger that nobody has open."""
    with closed_file(state) as file:
        found = file.execute("SELECT seq, text, hash FROM row ORDER BY seq").fetchall()
    return [JournalRow(*row) for row in found]


def put_rows(state: Path, rows: Sequence[JournalRow]) -> None:
    """Puts other rows into a ledger that nobody has open, and leaves the anchors."""
    with closed_file(state) as file:
        file.execute("DELETE FROM row")
        for each in rows:
            file.execute("INSERT INTO row VALUES (?, ?, ?)", (each.seq, each.hash, each.text))


def anchors_of(state: Path) -> Path:
    return ledger_file(state).with_name("anchors")


def write_anew(state: Path, said: Rows) -> None:
    """Puts other rows in, with numbers, hashes and anchors that fit them."""
    rows = chained(said)
    put_rows(state, rows)
    lines = "".join(f"{each.seq} {each.hash}\n" for each in rows)
    anchors_of(state).write_text(lines, encoding="ascii")


def chained(said: Rows) -> list[JournalRow]:
    """Returns the rows that say something, with numbers and hashes that fit."""
    rows: list[JournalRow] = []
    for seq, each in enumerate(said, start=1):
        text = canonical(each | {"seq": seq, "prev": rows[-1].hash if rows else FIRST})
        rows.append(JournalRow(seq, text, digest("journal", text)))
    return rows


def look_anew(database: Database) -> None:
    """Lets a ledger that is open forget what it has read of its file."""
    database.tables.connection.execute("PRAGMA shrink_memory")
