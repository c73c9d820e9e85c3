"""SQLite keeps the ledger's contract, and the contract's page names exactly what is checked."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from handwheel.tools.guardrails.ledger.store.database import LEDGER_FILE, Database

from .....sites.people import SITE
from .contract import CHECKS, Check, Stores, Work

PAGE = Path(__file__).parents[5] / "docs/reference/ledger.md"
EVERY = [(name, check) for name, checks in CHECKS.items() for check in checks]


def _killed(folder: Path, work: Work) -> None:
    """Does it in a child that never comes back into this test."""
    done, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            kept = work(Database(folder, SITE))
            os.write(tell, b"done" if kept is None or kept else b"")
        finally:
            os.kill(os.getpid(), signal.SIGKILL)
    os.close(tell)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    with os.fdopen(done, "rb") as told:
        assert told.read() == b"done"


def _remember(folder: Path) -> Callable[[], None]:
    kept = folder / "kept.db"
    with Database(folder, SITE) as database:
        database.copy_into(kept)
    content = kept.read_bytes()

    def put_back() -> None:
        for path in folder.glob(f"{LEDGER_FILE}*"):
            path.unlink()
        (folder / LEDGER_FILE).write_bytes(content)

    return put_back


@pytest.fixture
def stores(tmp_path: Path) -> Stores:
    return Stores(
        open=lambda: Database(tmp_path, SITE),
        open_for=lambda site: Database(tmp_path, site),
        killed=lambda work: _killed(tmp_path, work),
        remember=lambda: _remember(tmp_path),
    )


@pytest.mark.parametrize(
    "check",
    [check for _, check in EVERY],
    ids=[f"{name}-{check.__name__}" for name, check in EVERY],
)
def test_sqlite_keeps_the_contract(stores: Stores, check: Check) -> None:
    check(stores)


def test_the_page_has_exactly_the_rules_that_are_checked() -> None:
    rules = re.findall(r"^\| (L\d+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert rules == list(dict.fromkeys(rules))
    assert rules == sorted(CHECKS, key=lambda name: int(name[1:]))
