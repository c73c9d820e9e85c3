"""A ledger with something in every table, and sites with a ledger."""

from collections.abc import AsyncGenerator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from handwheel.connectors.model.site import Site
from handwheel.hmi.site.files.site_template import PlantEndpoints
from handwheel.tools.guardrails.approval.build_request import BuildContext
from handwheel.tools.guardrails.audit.audit import audit
from handwheel.tools.guardrails.ledger.store.database import Database

from ...gate.testbed.in_memory import Room
from ...gate.testbed.with_oracle import Watched
from ...plants.served import site_of
from ...sites.authority_site import Place, opened_place
from ...sites.in_memory import build_context, make_site
from ...sites.people import SITE


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
def spare(tmp_path: Path) -> Iterator[Watched]:
    """A room of the test's own, without a gate: what is done to its ledger nobody looks at."""
    room = Watched(make_site(tmp_path))
    yield room
    room.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path, SITE) as database:
        yield database


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with opened_place(tmp_path) as place:
        yield place


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site of the simulated plant that is only read."""
    return site_of(tmp_path_factory.mktemp("policy") / "works", PlantEndpoints())


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> BuildContext:
    return build_context(make_site(tmp_path_factory.mktemp("site")))
