"""Costs of a journal append with its anchor against a bare commit, and of verification."""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.journal import chain_faults

from .measure import interleaved

_ROWS = 200  # behind one figure


def rows(repeats: int) -> list[tuple[str, str]]:
    """Returns the ratios, with every commit synchronous as the ledger's."""
    with TemporaryDirectory() as folder:
        return _rows(Path(folder), repeats)


def _rows(folder: Path, repeats: int) -> list[tuple[str, str]]:
    bare = sqlite3.connect(folder / "bare.db", isolation_level=None)
    with closing(bare), Database(folder / "state", "bench") as database:
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE row(text TEXT)")

        def commit() -> None:
            for _ in range(_ROWS):
                bare.execute("INSERT INTO row VALUES (?)", ("x" * 300,))

        def append() -> None:
            for _ in range(_ROWS):
                with database.transaction() as transaction:
                    transaction.record("bench.row", "bench", {"text": "x" * 100})

        def verify() -> None:
            assert not chain_faults(database.journal(), database.anchors.lines())

        times = interleaved({"commit": commit, "append": append}, repeats)
        count = len(list(database.journal()))
        times |= interleaved({"verify": verify}, repeats)
    append_s, verify_s = times["append"] / _ROWS, times["verify"] / count
    return [
        ("journal: append and anchor", f"{times['append'] / times['commit']:.1f} bare commits"),
        (
            "journal: verify, a row",
            f"1/{append_s / verify_s:.0f} of its append, {1.0 / verify_s:,.0f} rows a second",
        ),
    ]
