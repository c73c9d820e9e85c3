"""A ledger with something in every table, and a plain SQL shell on it."""

import sqlite3
from collections.abc import AsyncGenerator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.tools.guardrails.audit.audit import audit

from ...gate.testbed.in_memory import Room
from ...gate.testbed.with_oracle import Watched
from ...sites.in_memory import make_site


@pytest.fixture(scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Room]:
    """A ledger with something in every table: one action done, one sent again, one lockout."""
    folder = tmp_path_factory.mktemp("ledger")
    room = Room(replace(make_site(folder), state=folder))
    await room.start_gate()
    request = room.desk.propose(("P-101A.run_cmd", True))
    room.desk.approve(request)
    await room.act()
    assert room.desk.states(request) == ["VERIFIED"]
    room.desk.lock_out("P-101B")
    room.watch()
    yield room
    context = room.desk.decision_context
    assert audit(context.database, room.site, context.roster, context.policy.satisfies).faults == ()
    room.close()


@pytest.fixture
def shell(room: Room) -> Iterator[sqlite3.Connection]:
    """A plain connection; what it does is rolled back."""
    path = room.site.state / "ledger.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        yield shell
        if shell.in_transaction:
            shell.execute("ROLLBACK")


@pytest.fixture
def spare(tmp_path: Path) -> Iterator[Watched]:
    """A room of the test's own, without a gate: what is done to its ledger nobody looks at."""
    room = Watched(make_site(tmp_path))
    yield room
    room.close()
