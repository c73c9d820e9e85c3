"""A ledger of version 7, as a run of that version has left it, is brought up to this one."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from shutil import copyfile

import pytest

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.records import load_requests
from handwheel.tools.guardrails.ledger.runs import asset_owners
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.migrate import migrate
from handwheel.tools.requests.timestamps import instant_now

SITE = "cw"
_HERE = Path(__file__).parent
_OLD = {"ledger.db", "anchors"}
_KEPT = {"ledger.db.version7", "anchors.version7"}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder of version 7, with an open run, an approved request and a lockout."""
    script = (_HERE / "version_7.sql").read_text("utf-8")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as old:
        old.executescript(script)
        old.commit()
    (tmp_path / "anchors").write_text((_HERE / "version_7.anchors").read_text("ascii"), "ascii")
    return tmp_path


def test_a_migrated_ledger_has_the_same_states_and_keeps_the_old_files(state: Path) -> None:
    before = {name: (state / name).read_bytes() for name in _OLD}
    found = migrate(state, SITE, instant_now())
    names = {path.name for path in state.iterdir()}
    assert (names, found.rows) == ({*_KEPT, "ledger"}, 42)
    assert (state / "anchors.version7").read_bytes() == before["anchors"]
    assert (state / "ledger").stat().st_mode & 0o777 == 0o700
    with Database(state, SITE) as ledger:
        states = [each.state for each in load_requests(ledger)]
        assert states == ["INVALIDATED", "PENDING"]
        assert set(asset_owners(ledger)) == {"E-101", "P-101A", "P-101B", "PUMPS-101"}
        assert [tuple(row) for row in ledger.all("SELECT * FROM lockout")] == [("P-101B", 1, 1)]


def test_a_ledger_of_version_7_is_not_opened_but_says_what_to_do(state: Path) -> None:
    for read_only in (False, True):
        with pytest.raises(LedgerError, match="next: handwheel ledger migrate"):
            Database(state, SITE, read_only=read_only)


def test_a_migration_that_was_killed_is_done_anew(state: Path) -> None:
    (state / "ledger.new").mkdir()
    (state / "ledger.new" / "ledger.db").write_bytes(b"half")
    copyfile(state / "ledger.db", state / "ledger.db.version7")
    assert migrate(state, SITE, instant_now()).rows == 42


@pytest.mark.parametrize("left", [_OLD, {"anchors"}])
def test_a_migration_that_was_killed_at_its_end_is_finished(state: Path, left: set[str]) -> None:
    found = migrate(state, SITE, instant_now())
    for name in left:
        copyfile(state / f"{name}.version7", state / name)
    assert migrate(state, SITE, instant_now()) == found
    assert {path.name for path in state.iterdir()} == {*_KEPT, "ledger"}
    with pytest.raises(LedgerError, match="is a ledger of version 8 already"):
        migrate(state, SITE, instant_now())


def test_an_old_file_that_has_no_copy_stays_beside_the_new_ledger(state: Path) -> None:
    migrate(state, SITE, instant_now())
    (state / "ledger.db").write_bytes(b"other")
    with pytest.raises(LedgerError, match=r"version7: is there already, and no copy of"):
        migrate(state, SITE, instant_now())
    assert (state / "ledger.db").read_bytes() == b"other"


def _sql(statement: str) -> Callable[[Path], None]:
    def run(state: Path) -> None:
        with closing(sqlite3.connect(state / "ledger.db")) as old:
            old.execute(statement)
            old.commit()

    return run


def _nothing(state: Path) -> None:
    """Leaves everything as it is."""


def _no_anchors(state: Path) -> None:
    (state / "anchors").unlink()


def _other_copy(state: Path) -> None:
    (state / "ledger.db.version7").write_bytes(b"half")


def _no_ledger(state: Path) -> None:
    (state / "ledger.db").unlink()


@pytest.mark.parametrize(
    ("site", "damage", "why"),
    [
        ("other", _nothing, "is the ledger of site 'cw', not 'other'"),
        (SITE, _sql("PRAGMA user_version = 6"), "is a ledger of version 6"),
        (SITE, _sql("PRAGMA application_id = 1"), "another program's database"),
        (SITE, _sql("UPDATE journal SET text = text || ' ' WHERE seq = 9"), "row 9: its hash"),
        (SITE, _sql("UPDATE request SET state = 'CLOSED'"), "has R-"),
        (SITE, _sql("DELETE FROM decision WHERE verdict = 'approve'"), "the journal has"),
        (SITE, _no_anchors, "none of the first 41 rows"),
        (SITE, _other_copy, r"version7: is there already, and no copy of .*; next: mv "),
        (SITE, _no_ledger, "there is no ledger of an older"),
    ],
)
def test_what_cannot_be_migrated_is_refused_and_nothing_is_changed(
    state: Path, site: str, damage: Callable[[Path], None], why: str
) -> None:
    damage(state)
    before = {path.name: path.read_bytes() for path in state.iterdir()}
    with pytest.raises(LedgerError, match=why):
        migrate(state, site, instant_now())
    assert {path.name: path.read_bytes() for path in state.iterdir()} == before


def test_a_ledger_that_another_process_has_open_is_not_migrated(state: Path) -> None:
    _sql("PRAGMA journal_mode = WAL")(state)
    with closing(sqlite3.connect(state / "ledger.db")) as other:
        assert other.execute("SELECT count(*) FROM journal").fetchone()[0] == 41
        with pytest.raises(LedgerError, match="stop the gate, the agents and the terminals"):
            migrate(state, SITE, instant_now())
    assert {path.name for path in state.iterdir()} >= _OLD
