"""Ids that a completion reads from a ledger."""

import sqlite3
from pathlib import Path

import pytest

from handwheel.tools.guardrails.ledger.store.ids import read_ids

from .sample_writes import approve, file, opened


def test_ids_are_those_of_the_asked_states(tmp_path: Path) -> None:
    with opened(tmp_path) as database:
        waiting = file(database, 1)
        approve(database, 2)
    state = next(tmp_path.rglob("ledger.db")).parent
    assert read_ids(state, "waiting requests") == [waiting]
    assert len(read_ids(state, "open requests")) == len(read_ids(state, "requests")) == 2
    for known in ("held requests", "runs", "open runs"):
        assert read_ids(state, known) == []
    with pytest.raises(sqlite3.Error):
        read_ids(tmp_path / "nowhere", "runs")
